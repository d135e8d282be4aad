/**
 * The two arbiters under load, side by side (see arbiter/): `npm run bench -- [--quick] [--only 40,500] [--plot FILE]`,
 * with `--ours --profile DIR` for CPU profiles of ours alone. Exit 1 if a target is missed. As root, with corosync-qnetd.
 *
 * `--vote-safety upstream` for ours without records on disk; `--floor` measures a bare TLS server of Node.js as well
 * (arbiter/floor.ts) and prints it in brackets: less than that cannot be had with Node.js. Heartbeats are counted after a
 * warm-up, the same for both.
 *
 * What was found with the profiler, and what came of it:
 * - The TLS handshake alone, without anything of ours, takes about 1.1 ms of the 1.7 ms of a connection.
 * - A single frame was copied once more by Buffer.concat: 8 % of the CPU while heartbeats came in. Without the copy Node.js
 *   moves each frame's memory out of its heap in order to write it, which costs 0.4 us against 0.1.
 * - TLS handshakes take turns (src/arbiter/admission.ts). That this shortens a storm of 2,000 has not been shown: on a
 *   machine busy with other work it took 4 to 16 s before and 32 s after, and the crowd's own handshakes weigh in that.
 * - Dead peer detection woke the process for each node by itself, only to put it off: 322 times in 10 s with 40 nodes. They
 *   are looked at together now, 4 times a second. A timer was set anew after every event; now only if it is to be sooner.
 * - In the first thousands of heartbeats a good part of the CPU is the compiler of V8 (220 functions, on other threads):
 *   with 500 nodes a bare TLS server takes 77 us for a heartbeat at first and 60 after 50,000, 17 where they come thick.
 * - Waiting some ms for more to come before each look at the sockets saved nothing that could be seen, so it is not done.
 * - Of a warm heartbeat with 2,000 nodes 22 % is ours, 56 % the write under TLS (native), 14 % streams of Node.js. With 500 the
 *   write is less, and 20 % is waking up.
 * - All clusters split at once: collecting garbage takes 23 % with the smallest young generation, writing the answers 18 %,
 *   and the records of who has the vote 15 % (`--vote-safety upstream` writes none).
 * - Memory of a client, of 1,000 and 2,000, on a busy machine: 83 and 72 KB at first; a bare TLS server took 50 and 45, of
 *   which OpenSSL and its buffers are nearly all. Of ours 9 KB is in use on the heap, the rest is garbage of handshakes that
 *   was not collected yet: with the heap growing by a tenth at most between collections, 61 and 60. A young generation of
 *   4 MB gives back some CPU and takes 4 KB a client (first line of the programs).
 * - Records put into one directory at once share its syncs: one of two flushes of each is saved.
 */
import { parseArgs } from 'node:util';
import { bench } from './arbiter/bench.ts';

const { values } = parseArgs({
  options: {
    quick: { type: 'boolean', default: false },
    only: { type: 'string' },
    plot: { type: 'string' },
    ours: { type: 'boolean', default: false },
    floor: { type: 'boolean', default: false },
    'vote-safety': { type: 'string', default: 'strict' },
    profile: { type: 'string' },
  },
});
const isMet = await bench({
  isQuick: values.quick,
  only: values.only?.split(','),
  plotFile: values.plot,
  oursAlone: values.ours,
  withFloor: values.floor,
  voteSafety: values['vote-safety'],
  profileDir: values.profile,
});
process.exit(isMet ? 0 : 1);
