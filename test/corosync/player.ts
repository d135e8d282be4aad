/** Plays steps on a stage and writes down what every node heard and what quorumtool shows after each. */
import { setTimeout as pause } from 'node:timers/promises';
import type { Heard } from './agent-commands.ts';
import type { Stage } from './stage.ts';

const WAIT_MS_MAX = 20_000;
/** Messages in flight arrive well within this; nothing is measured by it. */
const SETTLE_MS = 400;

export interface Entry {
  readonly step: string;
  readonly heard: Readonly<Record<number, readonly string[]>>;
  readonly shown: Readonly<Record<number, string>>;
}

export class Player {
  readonly stage: Stage;
  readonly log: Entry[] = [];
  readonly #told = new Map<number, number>();

  constructor(stage: Stage) {
    this.stage = stage;
  }

  async join(nodeId: number, { register = true } = {}): Promise<void> {
    await this.stage.connect(nodeId);
    this.#told.set(nodeId, 0);
    if (register) await this.stage.ask(nodeId, 'register', 'Qdevice');
    await this.stage.ask(nodeId, 'track');
    await this.until(nodeId, 'the first notifications', (heard) => heard.length >= 2);
  }

  vote(nodeId: number, cast: boolean): Promise<unknown> {
    const newest = this.stage.heard(nodeId).findLast((heard) => heard.event === 'nodeList');
    if (newest === undefined) throw new Error(`node ${nodeId} has heard of no ring`);
    return this.stage.ask(nodeId, 'castVote', newest.leader, newest.seq, cast);
  }

  /** Until the newest ring has these members; not necessarily synchronised. */
  ring(nodeId: number, members: readonly number[]): Promise<void> {
    return this.until(nodeId, `a ring of ${members}`, (heard) => {
      const newest = this.stage.heard(nodeId).findLast(({ event }) => event === 'nodeList');
      return (
        heard.includes(newest as Heard) && newest?.event === 'nodeList' && String(newest.nodeIds) === String(members)
      );
    });
  }

  quorum(nodeId: number): Promise<void> {
    return this.event(nodeId, 'quorum');
  }

  event(nodeId: number, wanted: Heard['event']): Promise<void> {
    return this.until(nodeId, wanted, (heard) => heard.some(({ event }) => event === wanted));
  }

  /** Looks at what was heard since the last entry of the log. */
  async until(nodeId: number, what: string, holds: (heard: readonly Heard[]) => boolean): Promise<void> {
    const endMs = performance.now() + WAIT_MS_MAX;
    while (!holds(this.#news(nodeId))) {
      if (performance.now() > endMs) {
        throw new Error(`node ${nodeId}: no ${what}; heard ${JSON.stringify(this.#news(nodeId))}`);
      }
      await pause(10);
    }
  }

  /** Ends a step. `running` are the nodes whose quorumtool is asked. */
  async note(step: string, ...running: readonly number[]): Promise<void> {
    await pause(SETTLE_MS);
    const heard: Record<number, readonly string[]> = {};
    const shown: Record<number, string> = {};
    for (const nodeId of this.#told.keys()) {
      heard[nodeId] = withoutChance(this.#news(nodeId)).map(inWords);
      this.#told.set(nodeId, this.stage.heard(nodeId).length);
    }
    for (const nodeId of running) shown[nodeId] = withoutTimes(await this.stage.quorumtool(nodeId));
    this.log.push({ step, heard, shown });
  }

  #news(nodeId: number): readonly Heard[] {
    return this.stage.heard(nodeId).slice(this.#told.get(nodeId) ?? 0);
  }
}

/**
 * What is chance on the real corosync is taken out: which of two descriptors (keys, votes) is read first, and how the
 * messages of two nodes interleave, which shows in expected votes going to and fro before they settle.
 */
function withoutChance(heard: readonly Heard[]): Heard[] {
  const votes = heard.filter(({ event }) => event !== 'keys');
  const settled = votes.filter((one, index) => one.event !== 'expectedVotes' || votes[index + 1]?.event !== one.event);
  return [...settled, ...heard.filter(({ event }) => event === 'keys')];
}

/** Ring sequences depend on how often real nodes tried; that they are newer shows in votes being accepted. */
function inWords(heard: Heard): string {
  switch (heard.event) {
    case 'nodeList':
      return `ring of ${heard.nodeIds} led by ${heard.leader}`;
    case 'quorum':
      return `${heard.quorate ? 'quorate' : 'blocked'}: ${heard.nodes.join(', ')}`;
    case 'expectedVotes':
      return `expected votes ${heard.votes}`;
    case 'keys':
      return `keys ${heard.keys.join(' ')}`;
    case 'lost':
      return 'lost';
  }
}

function withoutTimes(text: string): string {
  return text.replace(/^(Date: +).*$/m, '$1-').replace(/^(Ring ID: +[0-9a-f]+)\..*$/m, '$1.-');
}
