/**
 * Scripts for one node whose arbiter is scripted (the format of ../../scenarios/script.ts). The cluster is nodes 1 and
 * 2, and node 2 has no daemon; its line says algorithm, wait-for-all=on, safety=strict|upstream, timeout, heuristics=MS (how
 * long its one command takes, which passes). Commands:
 *
 *   start             corosync and the daemon on node 1; the arbiter does not listen yet
 *   peer joins|leaves [soon]
 *                     corosync on node 2; soon: done when the ring has changed, and not when all of it is over
 *   listen [init]     the arbiter listens; done when the node has come in and sent its lists, or its INIT
 *   vote ack|nack [other-ring|ring-before|last]
 *                     last: done when a daemon that ends over it has ended
 *   vote noChange     the arbiter asks whether the node is there
 *   answers VOTE      from now on a membership list is answered with that vote
 *   mute, speak       heartbeats are not answered, answered again
 *   close             the arbiter closes the connection and takes the next; done when the lists are there again
 *   gone              it closes and listens no more
 *   error CODE        it answers with an error
 *   refuse CODE       it answers INIT with that error from now on; 0: it lets the node in again
 *   wait MS
 *
 * The outcome is what the node said to the arbiter, heartbeats left out, and at last what votequorum shows of the device
 * (A alive, V casting) with whether the node is quorate; or that the daemon ended. `| ours:` gives what ours shows where it
 * is meant to differ, alone on a line that upstream's does not have.
 */
import assert from 'node:assert/strict';
import type { Vote } from '../../../src/protocol/enums.ts';
import type { Case, Command } from '../../scenarios/script.ts';
import type { VoteRing } from './scripted-arbiter.ts';

export interface DeviceState {
  /** As corosync-quorumtool has it; undefined: not registered. */
  readonly device: string | undefined;
  readonly quorate: boolean;
}

/** One node with a scripted arbiter, in memory or on a real corosync. */
export interface NodeStage {
  start(): Promise<void>;
  peer(runs: boolean): Promise<void>;
  listen(on: boolean): Promise<void>;
  closeConnection(): Promise<void>;
  say(what: { readonly vote: Vote; readonly ring: VoteRing } | { readonly error: number }): Promise<void>;
  answerMembership(vote: Vote): Promise<void>;
  answerHeartbeats(on: boolean): Promise<void>;
  answerInit(code: number): Promise<void>;
  pass(ms: number): Promise<void>;
  initsHeard(): Promise<number>;
  /** How often all three lists were heard. */
  listsHeard(): Promise<number>;
  take(): Promise<string[]>;
  state(): Promise<DeviceState>;
  exitCode(): number | undefined;
}

/** Corosync's own round and the extra list of a changed quorum are over by then. */
const SETTLE_MS = 1_000;
/** A first attempt to reach an arbiter that does not listen has failed by then, as either daemon sees it. */
const START_MS = 5_000;
const LISTS_MS_MAX = 25_000;
const STEP_MS = 100;
/** The network of corosync has noticed, and a daemon without an arbiter has cast again, which ends the wait for it. */
const RING_MS = 6_000;
/** The network of corosync has noticed. */
const RING_SOON_MS = 3_000;
/** A daemon that tries again has done so by then, and corosync still remembers its last cast. */
const RETURN_MS = 3_000;
const RINGS: Readonly<Record<string, VoteRing>> = { 'other-ring': 'other', 'ring-before': 'before' };
const VOTES: readonly Vote[] = ['ack', 'nack', 'askLater', 'waitForReply', 'noChange'];

export interface Outcome {
  readonly line: number;
  readonly command: string;
  readonly outcome: readonly string[];
}

export async function runScript(scenario: Case, stage: NodeStage): Promise<Outcome[]> {
  const outcomes: Outcome[] = [];
  for (const command of scenario.commands) {
    await perform(command, stage);
    const frames = await stage.take();
    const code = stage.exitCode();
    const end = code === undefined ? stateWords(await stage.state()) : `the daemon ended with ${code}`;
    outcomes.push({ line: command.line, command: command.text, outcome: [...frames, end] });
  }
  return outcomes;
}

/** What is recorded, as one of the two programs should show it. */
export function recorded({ commands }: Case, program: 'debian' | 'ours'): Outcome[] {
  return commands.map(({ line, text, outcome }) => ({
    line,
    command: text,
    outcome: outcome.flatMap((entry) => {
      const [, shared = '', ours = shared] = /^(.*?) ?(?:\| ours: (.*))?$/.exec(entry) ?? [];
      const shown = program === 'ours' ? ours : shared;
      return shown === '' ? [] : [shown];
    }),
  }));
}

async function perform({ verb, words, text }: Command, stage: NodeStage): Promise<void> {
  const [first = '', second] = words;
  switch (verb) {
    case 'start':
      await stage.start();
      return await stage.pass(START_MS);
    case 'peer':
      await stage.peer(first === 'joins');
      return await stage.pass(second === 'soon' ? RING_SOON_MS : RING_MS);
    case 'listen':
      return await untilHeard(stage, first === 'init' ? 'initsHeard' : 'listsHeard', () => stage.listen(true));
    case 'close':
      return await untilHeard(stage, 'listsHeard', () => stage.closeConnection());
    case 'gone':
      await stage.listen(false);
      await stage.closeConnection();
      break;
    case 'vote':
      await stage.say({ vote: voteOf(first), ring: RINGS[second ?? ''] ?? 'current' });
      if (second === 'last') return await stage.pass(RETURN_MS);
      break;
    case 'error':
      await stage.say({ error: Number(first) });
      return await stage.pass(RETURN_MS);
    case 'refuse':
      return await stage.answerInit(Number(first));
    case 'answers':
      await stage.answerMembership(voteOf(first));
      break;
    case 'mute':
    case 'speak':
      return await stage.answerHeartbeats(verb === 'speak');
    case 'wait':
      return await stage.pass(Number(first));
    default:
      assert.fail(`unknown command: ${text}`);
  }
  await stage.pass(SETTLE_MS);
}

async function untilHeard(
  stage: NodeStage,
  what: 'initsHeard' | 'listsHeard',
  act: () => Promise<void>,
): Promise<void> {
  const before = await stage[what]();
  await act();
  for (let waitedMs = 0; (await stage[what]()) === before; waitedMs += STEP_MS) {
    assert.ok(waitedMs < LISTS_MS_MAX, 'the node comes in');
    await stage.pass(STEP_MS);
  }
  await stage.pass(SETTLE_MS);
}

function voteOf(word: string): Vote {
  const vote = VOTES.find((each) => each === word);
  assert.ok(vote, `${word} is a vote`);
  return vote;
}

function stateWords({ device, quorate }: DeviceState): string {
  return `device ${device ?? 'NR'}, ${quorate ? 'quorate' : 'not quorate'}`;
}
