/** `npm run soak -- [--minutes 60] [--clusters 250] [--seed N]`: exit 1 if a vote was missed, unexplained, or memory grew. */
import { mkdir, mkdtemp, rm } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { parseArgs } from 'node:util';
import { defaultQnetdOptions } from '../../src/qnetd/options.ts';
import { freePort, layOut } from '../qnetd/daemon.ts';
import { serverPair } from '../qnetd/rig.ts';
import { soak } from './soak.ts';

const { values } = parseArgs({
  options: {
    minutes: { type: 'string', default: '60' },
    clusters: { type: 'string', default: '250' },
    seed: { type: 'string', default: '1' },
  },
});
const GROWTH_MAX = 1.15;

const home = await mkdtemp(path.join(os.tmpdir(), 'qnetd-soak-'));
try {
  const directories = { stateDir: path.join(home, 'state'), runDir: path.join(home, 'run') };
  await mkdir(directories.runDir);
  await layOut(directories.stateDir, serverPair);
  const options = { ...defaultQnetdOptions(directories), listenAddress: '127.0.0.1', port: await freePort() };
  const [minutes, clusters, seed] = [Number(values.minutes), Number(values.clusters), Number(values.seed)];
  const say = (text: string) => process.stdout.write(`${text}\n`);
  const { complaints, ...figures } = await soak({ minutes, clusters, seed, options, say });
  for (const complaint of complaints.slice(0, 20)) say(complaint);
  const growths = [figures.resident, figures.heap].map(
    ({ lastQuarterMb, secondQuarterMb }) => lastQuarterMb / secondQuarterMb,
  );
  const [resident, heap] = growths.map((growth) => growth.toFixed(3));
  say(JSON.stringify({ ...figures, growth: { resident, heap }, unexplained: complaints.length }));
  const isFlat = growths.every((growth) => growth < GROWTH_MAX);
  const isWell = complaints.length === 0 && isFlat && figures.descriptorsAfter <= figures.descriptorsBefore;
  process.exitCode = isWell ? 0 : 1;
} finally {
  await rm(home, { recursive: true, force: true });
}
