/**
 * Upstream's status tool for the node daemon: the same switches, request bytes, texts and exit codes, because pcs and
 * crmsh run it and read what it prints.
 */
import { QDEVICE_SOCKET } from '../qdevice/options.ts';
import { byteStringOf } from '../status/printable.ts';
import type { CommandResult } from './command-result.ts';
import { switches } from './getopt.ts';
import { lettersOf, QDEVICE_TOOL, usageOf } from './manual/switches.ts';
import { askAsUpstream, EXIT } from './upstream-tool.ts';

const NAME = QDEVICE_TOOL.name;
const DAEMON = { tool: NAME, socket: 'QDevice', program: 'QDevice' } as const;

export async function qdeviceTool(args: readonly string[]): Promise<CommandResult> {
  let operation: string | undefined;
  let verbose = false;
  let path = QDEVICE_SOCKET;
  for (const found of switches(args, lettersOf(QDEVICE_TOOL))) {
    if (found.kind === 'error') return usage(`${NAME}: ${found.problem}\n`);
    if (found.letter === 's') operation = 'status';
    else if (found.letter === 'H') operation = 'shutdown';
    else if (found.letter === 'v') verbose = true;
    else if (found.letter === 'p') path = found.value;
    else return usage('');
  }
  if (operation === undefined) return usage('');
  return await askAsUpstream(DAEMON, path, `${operation} ${verbose ? 'verbose ' : ''}\n`);
}

function usage(problem: string): CommandResult {
  return { exitCode: EXIT.usage, stdout: usageOf(QDEVICE_TOOL), stderr: byteStringOf(problem) };
}
