/**
 * `qnetd release`: an operator's word that a node which a partition waits for will never cast its vote again. It is asked
 * what would come of it first, and done after a yes; without a terminal only with --yes.
 */
import { byteStringOf, printable } from '../status/printable.ts';
import { type Release, readRelease } from '../status/release-reply.ts';
import { durationText, nodesText, wrapped } from '../status/text-layout.ts';
import { type Answer, askArbiter, EXIT, failed, quotedWord, REQUEST_BYTES_MAX } from './ask-arbiter.ts';
import type { CommandResult } from './command-result.ts';
import type { Output } from './output.ts';

export interface ReleaseChoice {
  readonly cluster: string;
  readonly node: string;
  readonly dryRun: boolean;
  readonly yes: boolean;
  readonly json: boolean;
}

export interface ReleasePorts {
  readonly output: Output;
  /** undefined: there is nobody to ask. */
  readonly confirm: ((question: string) => Promise<boolean>) | undefined;
}

export async function qnetdRelease(
  choice: ReleaseChoice,
  paths: readonly string[],
  { output, confirm }: ReleasePorts,
): Promise<CommandResult> {
  const request = requestFor(choice);
  if (request === undefined) {
    return failed(
      EXIT.usage,
      `${choice.node} in that cluster is no node.`,
      'Give --node the id that qnetd status shows.',
    );
  }
  const first = releaseOf(await askArbiter(`${request}\n`, paths), choice);
  if ('exitCode' in first) return first;
  if (!choice.json) for (const line of explained(first, choice)) output.out(line);
  if (choice.dryRun) return done(first, choice, 'Nothing was changed (--dry-run).');
  if (!choice.yes) {
    if (confirm === undefined) {
      return failed(EXIT.usage, 'Nothing was changed: nobody has confirmed it.', 'Say it with --yes.');
    }
    if (!(await confirm(`Is node ${first.nodeId} powered off, or its corosync stopped`))) {
      return failed(EXIT.usage, 'Nothing was changed.', 'Stop the node first, then run this again.');
    }
  }
  const second = releaseOf(await askArbiter(`${request} now\n`, paths), choice);
  if ('exitCode' in second) return second;
  return done(second, choice, `Node ${second.nodeId} is waited for no more.`);
}

function requestFor({ cluster, node }: ReleaseChoice): string | undefined {
  const word = quotedWord(cluster);
  if (word === undefined || cluster === '' || !/^[1-9]\d{0,9}$/.test(node)) return undefined;
  const request = `release cluster ${word} node ${node}`;
  return request.length + ' now\n'.length > REQUEST_BYTES_MAX ? undefined : request;
}

function releaseOf(answer: Answer, { cluster }: ReleaseChoice): Release | CommandResult {
  if (answer.kind === 'failed') return answer.result;
  const { path } = answer;
  if (answer.kind === 'ok') {
    const release = readRelease(answer.text);
    if (release !== undefined) return release;
  } else if (!answer.problem.startsWith('Unknown command')) {
    const remedy = `See qnetd status --cluster ${printable(cluster)}.`;
    return failed(EXIT.refused, `Nothing was changed: ${answer.problem}.`, remedy);
  }
  return failed(
    EXIT.internal,
    `The arbiter on ${path} does not know this command, or answers it in another way.`,
    'Use the qnetd of the version that runs there.',
  );
}

function explained({ nodeId, partition, reason, remainingMs }: Release, { cluster }: ReleaseChoice): string[] {
  const waiting = nodesText(partition);
  const why =
    reason === 'lease'
      ? `Node ${nodeId} had the vote when its connection was lost, and may be casting it still`
      : `No record tells whether node ${nodeId} had the vote`;
  const howLong = remainingMs === null ? 'until it is back' : `for ${durationText(remainingMs)} more at most`;
  return [
    ...wrapped(`${why}; in cluster ${printable(cluster)} ${waiting} would wait for it ${howLong}.`, ''),
    ...wrapped(
      `With this the arbiter takes your word that nothing on node ${nodeId} counts a vote any more, forgets that it ` +
        `had one, in its record too, and gives the vote to ${waiting} as soon as nobody else is in the way.`,
      '',
    ),
    ...wrapped(
      `Make sure of it first: the machine of node ${nodeId} is powered off, or corosync on it is stopped. That it cannot ` +
        'be reached is not enough: if its corosync runs, both sides will be quorate, and data may be lost.',
      '',
    ),
  ];
}

function done(release: Release, { json, cluster }: ReleaseChoice, text: string): CommandResult {
  const stdout = json ? `${JSON.stringify({ cluster, ...release }, undefined, 2)}\n` : `${text}\n`;
  return { exitCode: EXIT.ok, stdout: byteStringOf(stdout), stderr: '' };
}
