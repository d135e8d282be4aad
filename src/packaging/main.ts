/** `npm run package [-- --without-node]`: builds what a host installs. The code has to be compiled before. */
import { mkdir } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { processOutput, reportMistake } from '../cli/output.ts';
import { archive } from './archive.ts';
import { debianPackages } from './debian-package.ts';

const PROJECT = fileURLToPath(new URL('../..', import.meta.url)).replace(/\/$/, '');

const { values } = parseArgs({
  options: {
    out: { type: 'string', default: `${PROJECT}/var/package` },
    'without-node': { type: 'boolean', default: false },
  },
});
const node = values['without-node'] ? undefined : process.execPath;
const output = processOutput();
try {
  await mkdir(values.out, { recursive: true });
  for (const path of await debianPackages(PROJECT, values.out)) output.out(path);
  output.out(await archive(PROJECT, values.out, node));
} catch (error) {
  process.exitCode = reportMistake(error, output);
}
