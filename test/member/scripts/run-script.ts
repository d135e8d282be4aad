/**
 * Scripts for one node whose arbiter is scripted (the format of ../../scenarios/script.ts). The cluster is nodes 1 and
 * 2, and node 2 has no daemon; its line says algorithm, wait-for-all=on, safety=strict|upstream, timeout. Commands:
 *
 *   start             corosync and the daemon on node 1; the arbiter does not listen yet
 *   peer joins|leaves corosync on node 2
 *   listen            the arbiter listens; done when the node has come in and sent its lists
 *   vote ack|nack [other-ring]
 *   vote noChange     the arbiter asks whether the node is there
 *   answers VOTE      from now on a membership list is answered with that vote
 *   mute, speak       heartbeats are not answered, answered again
 *   close             the arbiter closes the connection and takes the next; done when the lists are there again
 *   gone              it closes and listens no more
 *   error CODE        it answers with an error
 *   wait MS
 *
 * The outcome is what the node said to the arbiter, heartbeats left out, and at last what votequorum shows of the device
 * (A alive, V casting) with whether the node is quorate; or that the daemon ended. `| ours:` gives our device's state
 * where it is meant to differ.
 */
import assert from 'node:assert/strict';
import type { Vote } from '../../../src/protocol/enums.ts';
import type { Case, Command } from '../../scenarios/script.ts';

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
  say(what: { readonly vote: Vote; readonly ring: 'current' | 'other' } | { readonly error: number }): Promise<void>;
  answerMembership(vote: Vote): Promise<void>;
  answerHeartbeats(on: boolean): Promise<void>;
  pass(ms: number): Promise<void>;
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
const LISTS_MS_MAX = 15_000;
const STEP_MS = 100;
/** The network of corosync has noticed, and a daemon without an arbiter has cast again, which ends the wait for it. */
const RING_MS = 6_000;
/** A daemon that tries again has done so by then, and corosync still remembers its last cast. */
const RETURN_MS = 3_000;
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
    outcome: outcome.map((entry) => {
      const [shared = '', ours = shared] = entry.split(' | ours: ');
      return program === 'ours' ? ours : shared;
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
      return await stage.pass(RING_MS);
    case 'listen':
      return await untilListsAreHeard(stage, () => stage.listen(true));
    case 'close':
      return await untilListsAreHeard(stage, () => stage.closeConnection());
    case 'gone':
      await stage.listen(false);
      await stage.closeConnection();
      break;
    case 'vote':
      await stage.say({ vote: voteOf(first), ring: second === 'other-ring' ? 'other' : 'current' });
      break;
    case 'error':
      await stage.say({ error: Number(first) });
      return await stage.pass(RETURN_MS);
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

async function untilListsAreHeard(stage: NodeStage, act: () => Promise<void>): Promise<void> {
  const before = await stage.listsHeard();
  await act();
  for (let waitedMs = 0; (await stage.listsHeard()) === before; waitedMs += STEP_MS) {
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
