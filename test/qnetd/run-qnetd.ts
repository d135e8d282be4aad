/** The daemon for tests: options as JSON in the first argument, and a defect of its own that SIGUSR2 brings out. */

import { runQnetd } from '../../src/qnetd/main.ts';
import { OperatorError } from '../../src/runtime/errors.ts';

process.on('SIGUSR2', () => {
  throw new Error('a defect');
});
const [, , json = '{}'] = process.argv;
try {
  process.exitCode = await runQnetd(JSON.parse(json));
} catch (error) {
  if (!(error instanceof OperatorError)) throw error;
  process.stderr.write(`${error.message}\n`);
  process.exitCode = error.exitCode;
}
