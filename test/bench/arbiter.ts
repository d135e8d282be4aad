/**
 * The two arbiters under load, side by side (see arbiter/): `npm run bench -- [--quick] [--only 40,500] [--plot FILE]`,
 * with `--ours --profile DIR` for CPU profiles of ours alone. Exit 1 if a target is missed. As root, with corosync-qnetd.
 *
 * What was found with the profiler, and what helped:
 * - Half of a connection's CPU is the TLS handshake itself, inside OpenSSL; nothing of ours is above 3 % of it.
 * - Node.js lets the young generation of its heap grow to 48 MB under a rush of connections and never gives it back: held
 *   at 3 MB (first line of the programs), a client takes 11 KB less, for no CPU that could be seen.
 * - A write of one frame was copied once more by Buffer.concat: 8 % of a heartbeat.
 * - When all nodes come at once, every handshake was begun and few were through before the nodes gave up and tried
 *   again. A bounded number at a time (src/arbiter/admission.ts) brings all 2,000 in at the first attempt.
 */
import { parseArgs } from 'node:util';
import { bench } from './arbiter/bench.ts';

const { values } = parseArgs({
  options: {
    quick: { type: 'boolean', default: false },
    only: { type: 'string' },
    plot: { type: 'string' },
    ours: { type: 'boolean', default: false },
    profile: { type: 'string' },
  },
});
const isMet = await bench({
  isQuick: values.quick,
  only: values.only?.split(','),
  plotFile: values.plot,
  oursAlone: values.ours,
  profileDir: values.profile,
});
process.exit(isMet ? 0 : 1);
