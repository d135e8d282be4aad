/** `qdevice status`: asks the node daemon and prints the answer for people or, with --json, for machines. */
import { type AskOutcome, askLocalSocket } from '../runtime/local-socket.ts';
import { byteStringOf, foreignText, printable } from '../status/printable.ts';
import { type QdeviceStatusDocument, readQdeviceStatusJson } from '../status/qdevice-json.ts';
import { qdevicePeopleText } from '../status/qdevice-people.ts';
import { wrapped } from '../status/text-layout.ts';
import type { CommandResult } from './command-result.ts';
import { EXIT } from './upstream-tool.ts';

export interface QdeviceStatusChoice {
  readonly verbose: boolean;
  readonly json: boolean;
  readonly explain: boolean;
}

const LIMITS = { timeoutMs: 10_000, replyBytesMax: 1 << 28 };

export async function qdeviceStatus(choice: QdeviceStatusChoice, path: string): Promise<CommandResult> {
  const outcome = await askLocalSocket(path, 'snapshot\n', LIMITS);
  if (!outcome.connected) return unreachable(choice, path, outcome.error ?? 'ENOENT');
  const isUpstream = outcome.reply.toString('latin1').startsWith("Error\nUnknown command 'snapshot'");
  return isUpstream ? await upstreamAnswer(choice, path) : answered(choice, path, outcome);
}

/** Of upstream's daemon, which is asked what its own tool asks. */
async function upstreamAnswer({ json, verbose }: QdeviceStatusChoice, path: string): Promise<CommandResult> {
  const { reply } = await askLocalSocket(path, verbose ? 'status verbose\n' : 'status\n', LIMITS);
  const text = reply.toString('latin1');
  if (!text.startsWith('OK\n')) {
    const problem = `On ${path} upstream's corosync-qdevice runs, which knows no qdevice status.`;
    return failed(EXIT.refused, problem, `Use corosync-qdevice-tool -s or -sv instead (with -p ${path}).`);
  }
  const fields = text.split('\n').flatMap((line): (readonly [string, string])[] => {
    const [, key = '', value = ''] = /^\s*([^:\t]+):\s*(.*)$/.exec(line) ?? [];
    return key === '' ? [] : [[printable(key), printable(value, 500)]];
  });
  const lines = fields.map(([key, value]) => `  ${key.padEnd(24)} ${value}`.trimEnd());
  const stdout = json
    ? JSON.stringify({ daemon: 'upstream', fields: Object.fromEntries(fields) }, undefined, 2)
    : ["Upstream's corosync-qdevice runs on this node:", ...lines].join('\n');
  return { exitCode: EXIT.ok, stdout: byteStringOf(`${stdout}\n`), stderr: '' };
}

function answered(choice: QdeviceStatusChoice, path: string, { reply, error }: AskOutcome): CommandResult {
  const text = reply.toString('latin1');
  if (text.startsWith('OK\n')) {
    const status = readQdeviceStatusJson(text.slice('OK\n'.length));
    const stdout = status && foreignText(() => rendered(status, choice));
    if (stdout !== undefined) return { exitCode: EXIT.ok, stdout: byteStringOf(stdout), stderr: '' };
    const problem = `The node daemon on ${path} gave an answer that this program does not understand.`;
    return failed(EXIT.internal, problem, 'Use the qdevice of the version that runs there.');
  }
  if (text.startsWith('Error\n')) {
    const problem = printable(text.slice('Error\n'.length).trim(), 500);
    return failed(EXIT.refused, `The node daemon on ${path} answered: ${problem}.`, 'See its log for more.');
  }
  const because = error === undefined ? '' : ` (${error})`;
  const problem = `The node daemon on ${path} closed the connection without an answer${because}.`;
  return failed(EXIT.noConnection, problem, 'It answers ipc_max_clients at a time and may have been busy; try again.');
}

function rendered(status: QdeviceStatusDocument, { json, verbose, explain }: QdeviceStatusChoice): string {
  return json ? `${JSON.stringify(status, undefined, 2)}\n` : qdevicePeopleText(status, { verbose, explain });
}

function unreachable({ explain }: QdeviceStatusChoice, path: string, error: string): CommandResult {
  if (error === 'EACCES') {
    return failed(EXIT.noConnection, `This user may not ask the node daemon on ${path}.`, 'Run this as root.');
  }
  if (error === 'ENAMETOOLONG') {
    return failed(EXIT.noConnection, `The path ${path} is too long for a local socket.`, 'Name a shorter one.');
  }
  const reason = error === 'ENOENT' ? 'there is no such socket' : error === 'ECONNREFUSED' ? 'nobody listens' : error;
  const problem = `No node daemon can be reached on ${path}: ${reason}.`;
  const remedy = 'Start it (systemctl start corosync-qdevice), or name its socket with --socket.';
  const { stderr, ...rest } = failed(EXIT.noConnection, problem, remedy);
  if (!explain) return { ...rest, stderr };
  const lines = wrapped(
    'Corosync shows NR for a node on which no daemon has registered since corosync started, and NA,NV for one whose daemon went away without a word. Neither gives this node a vote.',
    '',
  );
  return { ...rest, stderr: `${stderr}${lines.join('\n')}\n` };
}

function failed(exitCode: number, problem: string, remedy: string): CommandResult {
  return { exitCode, stdout: '', stderr: byteStringOf(`${problem} ${remedy}\n`) };
}
