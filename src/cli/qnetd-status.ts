/** `qnetd status`: asks a running arbiter and prints the answer for people or, with --json, for machines. */
import { readStatusJson, type StatusDocument } from '../status/json.ts';
import { peopleText } from '../status/people.ts';
import { byteStringOf, foreignText } from '../status/printable.ts';
import { askArbiter, EXIT, failed, quotedWord, REQUEST_BYTES_MAX } from './ask-arbiter.ts';
import type { CommandResult } from './command-result.ts';

export interface StatusChoice {
  readonly verbose: boolean;
  readonly json: boolean;
  readonly cluster: string | undefined;
}

/** Of several sockets the first that somebody answers on. */
export async function qnetdStatus(choice: StatusChoice, paths: readonly string[]): Promise<CommandResult> {
  const answer = await askArbiter(requestFor(choice.cluster), paths);
  if (answer.kind === 'failed') return answer.result;
  const { path } = answer;
  if (answer.kind === 'ok') {
    const status = readStatusJson(answer.text);
    const stdout = status && foreignText(() => rendered(status, choice));
    if (stdout === undefined) {
      return failed(
        EXIT.internal,
        `The arbiter on ${path} gave an answer that this program does not understand.`,
        'Use the qnetd of the version that runs there.',
      );
    }
    return { exitCode: EXIT.ok, stdout: byteStringOf(stdout), stderr: '' };
  }
  const { problem } = answer;
  if (problem.startsWith("Unknown command 'snapshot'")) {
    const remedy = `Use corosync-qnetd-tool -s or -lv instead (with -p ${path}).`;
    return failed(EXIT.refused, `On ${path} upstream's corosync-qnetd runs, which knows no qnetd status.`, remedy);
  }
  const tooLong = problem.startsWith("Can't get") || problem.startsWith('Internal IPC buffer');
  const remedy = tooLong ? 'Ask for one cluster with --cluster, or raise ipc_max_send_size.' : 'See its log for more.';
  return failed(EXIT.refused, `The arbiter on ${path} answered: ${problem}.`, remedy);
}

/** A name that does not fit into the words of a request is looked for here, in the answer for all. */
function requestFor(cluster = ''): string {
  const word = quotedWord(cluster);
  const request = `snapshot cluster ${word}\n`;
  return cluster === '' || word === undefined || request.length > REQUEST_BYTES_MAX ? 'snapshot\n' : request;
}

function rendered(status: StatusDocument, choice: StatusChoice): string {
  if (!choice.json) return peopleText(status, choice);
  const { cluster } = choice;
  const clusters = status.clusters.filter(({ name }) => cluster === undefined || name === cluster);
  return `${JSON.stringify({ ...status, clusters }, undefined, 2)}\n`;
}
