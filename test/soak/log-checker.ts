/**
 * Replays the arbiter's log, line by line, and holds every decision against what the lines before it say: who is
 * connected, and which membership each node reported last. It knows clusters of two with fifty-fifty split that keep the
 * active half, or else prefer the lowest node's, and nothing of the arbiter's code. The level has to be debug, where
 * nothing is left out.
 */
import type { Line } from '../qnetd/daemon.ts';

interface Reported {
  readonly ring: string;
  readonly members: readonly number[];
}

/** Connected nodes; undefined: it has said nothing of its membership. */
type ClusterState = Map<number, Reported | undefined>;

const CONFIGURED = 2;

export class LogChecker {
  /** What the log does not explain. */
  readonly complaints: string[] = [];
  decisions = 0;
  readonly #clusters = new Map<string, ClusterState>();
  /** By cluster: the last winner, of which every confirmation has to speak. */
  readonly #winners = new Map<string, readonly number[]>();

  read(line: Line): void {
    const cluster = line['cluster'];
    const node = line['node'];
    if (typeof cluster !== 'string') return;
    if (line.msg === 'node joined' && typeof node === 'number') this.#stateOf(cluster).set(node, undefined);
    else if (line.msg === 'node left' && typeof node === 'number') this.#left(cluster, node);
    else if (line.msg === 'node reports its membership' && typeof node === 'number') {
      this.#stateOf(cluster).set(node, { ring: String(line['ring']), members: idsOf(line['members']) });
    } else if (line.msg === 'partition gets the vote' || line.msg === 'no partition gets the vote') {
      this.#decided(cluster, line);
    } else if (line.msg === 'vote confirmed') this.#confirmed(cluster, line);
  }

  #left(cluster: string, node: number): void {
    const state = this.#stateOf(cluster);
    state.delete(node);
    if (state.size === 0) {
      this.#clusters.delete(cluster);
      this.#winners.delete(cluster);
    }
  }

  #decided(cluster: string, line: Line): void {
    this.decisions += 1;
    const state = this.#stateOf(cluster);
    const [winner, withheldFrom] = [idsOf(line['winner']), idsOf(line['withheldFrom'])];
    const expected = winnerOf(state, this.#winners.get(cluster) ?? []);
    this.#winners.set(cluster, winner);
    const losers = [...state.keys()].filter((node) => !winner.includes(node)).sort((a, b) => a - b);
    if (!isStable(state)) this.#complain('decided while the nodes contradict each other', cluster, line, state);
    if (expected.join() !== winner.join())
      this.#complain(`not for ${expected.join() || 'nobody'}`, cluster, line, state);
    if (losers.join() !== withheldFrom.join())
      this.#complain('withheld from others than the losers', cluster, line, state);
  }

  #confirmed(cluster: string, line: Line): void {
    const winner = this.#winners.get(cluster) ?? [];
    const isOfWinner = idsOf(line['holders']).every((holder) => winner.includes(holder));
    if (!isOfWinner) this.#complain('a vote is held outside the winner', cluster, line, this.#stateOf(cluster));
  }

  #stateOf(cluster: string): ClusterState {
    const state = this.#clusters.get(cluster) ?? new Map<number, Reported | undefined>();
    this.#clusters.set(cluster, state);
    return state;
  }

  #complain(what: string, cluster: string, line: Line, state: ClusterState): void {
    this.complaints.push(`${cluster}: ${what}: ${JSON.stringify(line)} with ${JSON.stringify([...state])}`);
  }
}

function idsOf(value: unknown): number[] {
  return Array.isArray(value) ? value.map(Number).sort((a, b) => a - b) : [];
}

/** Whoever is named by a connected node and is connected says the same, in the same ring. */
function isStable(state: ClusterState): boolean {
  for (const said of state.values()) {
    for (const named of said?.members ?? []) {
      if (!state.has(named)) continue;
      const other = state.get(named);
      if (other?.ring !== said?.ring || other?.members.join() !== said?.members.join()) return false;
    }
  }
  return true;
}

/**
 * All of two are a majority, one half alone wins as it is. Of two halves that are both seen the one that won before wins,
 * which all nodes here ask for, else the lowest node's.
 */
function winnerOf(state: ClusterState, before: readonly number[]): readonly number[] {
  const partitions = [...state.values()].flatMap((said) => (said === undefined ? [] : [said.members]));
  const whole = partitions.find((members) => members.length === CONFIGURED);
  if (whole !== undefined) return whole;
  const active = partitions.filter(([nodeId = 0]) => before.includes(nodeId));
  if (active.length === 1) return active[0] ?? [];
  return partitions.sort(([a = 0], [b = 0]) => a - b)[0] ?? [];
}
