/**
 * The daemon for tests: options as JSON in the first argument, and a defect of its own that SIGUSR2 brings out. With
 * QNETD_TEST_HEAP_MS it says every so often what is on its heap after a collection, as a line like those of its log.
 */
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';

import { runQnetd } from '../../src/qnetd/main.ts';
import { OperatorError } from '../../src/runtime/errors.ts';

process.on('SIGUSR2', () => {
  throw new Error('a defect');
});
const heapMs = Number(process.env['QNETD_TEST_HEAP_MS'] ?? 0);
if (heapMs > 0) {
  setFlagsFromString('--expose-gc');
  const collect: unknown = runInNewContext('gc');
  setInterval(() => {
    if (typeof collect === 'function') collect();
    const { heapUsed, external } = process.memoryUsage();
    console.log(JSON.stringify({ level: 'debug', msg: 'heap', heapBytes: heapUsed + external }));
  }, heapMs).unref();
}
const [, , json = '{}'] = process.argv;
try {
  process.exitCode = await runQnetd(JSON.parse(json));
} catch (error) {
  if (!(error instanceof OperatorError)) throw error;
  process.stderr.write(`${error.message}\n`);
  process.exitCode = error.exitCode;
}
