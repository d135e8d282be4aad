/**
 * Reads quorumtool on every node of a cluster, over and over, for waiting and for the safety check alike. The loop runs inside
 * the host: one process per reading, and the clock is read right before and after it.
 */
import { spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import type { Host } from './host.ts';
import { parseQuorumtool, pictureLine } from './quorumtool.ts';
import type { Sample } from './safety.ts';

const PAUSE_SECONDS = 0.1;
/** A step that lasts a minute makes about 550 samples a node; beyond this something runs away. */
const SAMPLES_KEPT = 5000;

const loop = (pauseSeconds: number): string => `
exec {never}<> <(:)
while :; do
  echo "@began $EPOCHREALTIME"
  corosync-quorumtool -s 2>&1
  echo "@ended $EPOCHREALTIME"
  read -r -t ${pauseSeconds} -u "$never"
done`;

export class Watch {
  readonly #byNode = new Map<number, Sample[]>();
  readonly #script: string;

  constructor(nodes: ReadonlyMap<number, Host>, pauseSeconds = PAUSE_SECONDS) {
    this.#script = loop(pauseSeconds);
    for (const [nodeId, host] of nodes) this.follow(nodeId, host);
  }

  follow(nodeId: number, host: Host): void {
    this.#byNode.set(nodeId, []);
    const [program = '', ...args] = [...host.enter, 'bash', '-c', this.#script];
    const loop = spawn(program, args, { stdio: ['ignore', 'pipe', 'inherit'] }); // ends with its host
    let beganMs = 0;
    let text = '';
    createInterface({ input: loop.stdout }).on('line', (line) => {
      const [marker, seconds] = line.split(' ');
      if (marker === '@began') {
        beganMs = Number(seconds) * 1000;
        text = '';
      } else if (marker === '@ended') {
        this.#keep({ nodeId, beganMs, endedMs: Number(seconds) * 1000, reading: parseQuorumtool(text) });
      } else {
        text += `${line}\n`;
      }
    });
  }

  get nodeIds(): number[] {
    return [...this.#byNode.keys()];
  }

  /** Newest sample of a node whose reading began after an instant. */
  newest(nodeId: number, afterMs: number): Sample | undefined {
    const sample = this.#byNode.get(nodeId)?.at(-1);
    return sample !== undefined && sample.beganMs > afterMs ? sample : undefined;
  }

  /** A node's newest picture as a line; a node that has not answered since that instant counts as one that does not. */
  line(nodeId: number, afterMs: number): string {
    return pictureLine(this.newest(nodeId, afterMs)?.reading);
  }

  /** All samples since the last call, and the one before them. */
  take(): Sample[] {
    const taken = [...this.#byNode.values()].flat();
    for (const samples of this.#byNode.values()) samples.splice(0, samples.length - 1);
    return taken;
  }

  #keep(sample: Sample): void {
    const samples = this.#byNode.get(sample.nodeId) ?? [];
    samples.push(sample);
    if (samples.length > SAMPLES_KEPT) samples.shift();
  }
}
