/**
 * Upstream's status tool: the same switches, request bytes, texts and exit codes, because pcs, crmsh and pvecm run it
 * and read what it prints.
 */
import { localSocketIn, SYSTEM_DIRECTORIES } from '../qnetd/options.ts';
import { byteStringOf } from '../status/printable.ts';
import type { CommandResult } from './command-result.ts';
import { switches } from './getopt.ts';
import { lettersOf, QNETD_TOOL, usageOf } from './manual/switches.ts';
import { askAsUpstream, EXIT } from './upstream-tool.ts';

const NAME = QNETD_TOOL.name;

const DAEMON = { tool: NAME, socket: 'qnetd', program: 'QNetd' } as const;

const OPERATIONS: Readonly<Record<string, string>> = { s: 'status', l: 'list', H: 'shutdown' };

interface Wish {
  operation: string | undefined;
  verbose: boolean;
  cluster: string | undefined;
  path: string;
}

export async function qnetdTool(args: readonly string[]): Promise<CommandResult> {
  const wish: Wish = {
    operation: undefined,
    verbose: false,
    cluster: undefined,
    path: localSocketIn(SYSTEM_DIRECTORIES.runDir),
  };
  for (const found of switches(args, lettersOf(QNETD_TOOL))) {
    if (found.kind === 'error') return usage(`${NAME}: ${found.problem}\n`);
    const operation = OPERATIONS[found.letter];
    if (operation !== undefined) wish.operation = operation;
    else if (found.letter === 'v') wish.verbose = true;
    else if (found.letter === 'c') wish.cluster = found.value;
    else if (found.letter === 'p') wish.path = found.value;
    else return usage('');
  }
  if (wish.operation === undefined) return usage('');
  return await askAsUpstream(DAEMON, wish.path, requestOf(wish.operation, wish));
}

function usage(problem: string): CommandResult {
  return { exitCode: EXIT.usage, stdout: usageOf(QNETD_TOOL), stderr: byteStringOf(problem) };
}

function requestOf(operation: string, { verbose, cluster }: Wish): string {
  const name = cluster === undefined ? '' : `cluster "${byteStringOf(cluster).replace(/["\\]/g, '\\$&')}" `;
  return `${operation} ${verbose ? 'verbose ' : ''}${name}\n`;
}
