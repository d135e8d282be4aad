/** `qdevice setup` and `qdevice remove`: options in, steps shown, an exit code out. */
import type { Argv } from 'yargs';
import { OperatorError } from '../runtime/errors.ts';
import type { CommonOptions } from '../setup/commands/cluster-session.ts';
import type { CommandOutcome, Operator } from '../setup/commands/report.ts';
import { allowReadersToLeave } from './output.ts';
import { endLines, exitCodeOf, processLines, reportLines } from './setup-output.ts';
import { hasTerminal, terminalPrompts } from './setup-prompts.ts';
import { last, oneOf, text } from './yargs-options.ts';

type Done = (exitCode: number) => void;

interface Manner {
  readonly json: boolean | undefined;
  readonly yes: boolean | undefined;
}

const MS_MIN = 1_000;
/** A hundred years, the most that a certificate of ours is given. */
const DAYS_MAX = 36_499;

function flag(describe: string) {
  return { type: 'boolean', describe, coerce: last<boolean> } as const;
}

const EXIT_TEXT =
  'Exit codes: 0 done; 1 nothing was changed, or everything is as before; 2 something could not be put back, and is named; 130 stopped, everything as before.';

const COMMON = {
  user: text('log in to the nodes as this user, and use sudo'),
  force: flag('accept what is a problem without it'),
  'dry-run': flag('show the steps, change nothing'),
  json: flag('for machines'),
  yes: flag('do not ask before changing anything'),
} as const;

export function addSetup(parser: Argv, done: Done): void {
  parser.command(
    'setup <address>',
    'give this cluster the vote of an arbiter: certificates, configuration, services, on all nodes',
    (command) =>
      command
        .positional('address', {
          type: 'string',
          demandOption: true,
          describe: 'of the arbiter: [USER@]ADDRESS or a name',
        })
        .option('network', text('choose the address of the arbiter in this network, ADDRESS/BITS'))
        .option('port', text('of the arbiter; left out: the one it uses, else 5403'))
        .option('algorithm', oneOf(['ffsplit', 'lms'], 'left out: ffsplit for an even number of nodes'))
        .option('tie-breaker', text('lowest, highest or the number of a node'))
        .option('votes', text('of the device, with lms; left out: one less than there are nodes'))
        .option(
          'timeout',
          text(
            'ms after which a silent daemon loses its vote; left out: 10000. Where links are good choose 5000: the vote of a lost node is free sooner than with upstream, and still never early',
          ),
        )
        .option('sync-timeout', text('ms that corosync waits for the vote in a change; left out: 30000'))
        .option('valid-days', text('of the certificates; left out: 3650, ten years'))
        .option('tls', oneOf(['on', 'off', 'required'], 'left out: required'))
        .options(COMMON)
        .epilogue(EXIT_TEXT),
    async (args) => {
      const { setupCommand } = await import('../setup/commands/setup-command.ts');
      const request = {
        address: args.address,
        network: args.network,
        port: number('port', args.port, 1, 65_535),
        algorithm: args.algorithm,
        tieBreaker: tieBreaker(args.tieBreaker),
        votes: number('votes', args.votes, 1, 1_000),
        validDays: number('valid-days', args.validDays, 1, DAYS_MAX),
        timeoutMs: number('timeout', args.timeout, MS_MIN, 36_000_000),
        syncTimeoutMs: number('sync-timeout', args.syncTimeout, MS_MIN, 36_000_000),
        tls: args.tls ?? 'required',
        force: args.force === true,
        dryRun: args.dryRun === true,
      } as const;
      done(await attended(args, args.user, (common, operator) => setupCommand({ ...request, ...common }, operator)));
    },
  );
}

export function addRemove(parser: Argv, done: Done): void {
  parser.command(
    'remove',
    'take the quorum device away from all nodes',
    (command) =>
      command
        .option('arbiter', text('log in there as [USER@]ADDRESS; left out: root at the host of corosync.conf'))
        .option('keep-arbiter', flag('do not log in to the arbiter; its record of this cluster stays'))
        .option('skip-offline', flag('go on without the nodes that cannot be reached'))
        .options(COMMON)
        .epilogue(EXIT_TEXT),
    async (args) => {
      const { removeCommand } = await import('../setup/commands/remove-command.ts');
      const request = {
        arbiter: args.arbiter,
        keepArbiter: args.keepArbiter === true,
        skipOffline: args.skipOffline === true,
        force: args.force === true,
        dryRun: args.dryRun === true,
      };
      done(await attended(args, args.user, (common, operator) => removeCommand({ ...request, ...common }, operator)));
    },
  );
}

export function addSync(parser: Argv, done: Done): void {
  parser.command(
    'sync',
    'after nodes were added or removed: certificates, services, votes and algorithm as they should be',
    (command) =>
      command
        .option('arbiter', text('log in there as [USER@]ADDRESS; left out: root at the host of corosync.conf'))
        .options(COMMON)
        .epilogue(EXIT_TEXT),
    async (args) => {
      const { syncCommand } = await import('../setup/commands/sync-command.ts');
      const request = { arbiter: args.arbiter, force: args.force === true, dryRun: args.dryRun === true };
      done(await attended(args, args.user, (common, operator) => syncCommand({ ...request, ...common }, operator)));
    },
  );
}

export function addMove(parser: Argv, done: Done): void {
  parser.command(
    'move <address>',
    'give this cluster the vote of another arbiter, in place of the one it has',
    (command) =>
      command
        .positional('address', {
          type: 'string',
          demandOption: true,
          describe: 'of the new arbiter: [USER@]ADDRESS or a name',
        })
        .option('network', text('choose the address of the arbiter in this network, ADDRESS/BITS'))
        .option('port', text('of the arbiter; left out: the one it uses, else 5403'))
        .options(COMMON)
        .epilogue(EXIT_TEXT),
    async (args) => {
      const { moveCommand } = await import('../setup/commands/move-command.ts');
      const request = {
        address: args.address,
        network: args.network,
        port: number('port', args.port, 1, 65_535),
        force: args.force === true,
        dryRun: args.dryRun === true,
      };
      done(await attended(args, args.user, (common, operator) => moveCommand({ ...request, ...common }, operator)));
    },
  );
}

export function addCheck(parser: Argv, done: Done): void {
  parser.command(
    'check [address]',
    'look at all nodes and the arbiter as setup does, and change nothing; what would break today',
    (command) =>
      command
        .positional('address', { type: 'string', describe: 'of an arbiter; left out: the one that the cluster has' })
        .options({ user: COMMON.user, force: COMMON.force, json: COMMON.json }),
    async ({ address, user, force, json }) => {
      const { checkCommand } = await import('../setup/commands/check-command.ts');
      const request = { address, force: force === true };
      const manner = { json, yes: true };
      done(await attended(manner, user, (common, operator) => checkCommand({ ...request, ...common }, operator)));
    },
  );
}

export function addNodes(parser: Argv, done: Done): void {
  parser.command(
    'nodes',
    'list the nodes with their votes and their device, as corosync here sees them; exit 2: not quorate',
    (command) => command.option('json', COMMON.json),
    async ({ json }) => {
      const { nodesCommand } = await import('./nodes.ts');
      done(await nodesCommand(json === true));
    },
  );
}

export function addExpected(parser: Argv, done: Done): void {
  parser.command(
    'expected <votes>',
    'tell corosync how many votes to expect; dangerous while other nodes may still run',
    (command) =>
      command
        .positional('votes', { type: 'string', demandOption: true, describe: 'a number' })
        .options({ force: COMMON.force, 'dry-run': COMMON['dry-run'], json: COMMON.json, yes: COMMON.yes }),
    async ({ votes, force, dryRun, json, yes }) => {
      const { expectedCommand } = await import('../setup/commands/votes-commands.ts');
      const expected = number('votes', votes, 1, 10_000) ?? 1;
      const request = { votes: expected, force: force === true, dryRun: dryRun === true };
      const run = (_: CommonOptions, operator: Operator) => expectedCommand(request, operator);
      done(await attended({ json, yes }, undefined, run));
    },
  );
}

/** With somebody to ask and to tell, and an ear for Ctrl-C, which means: put everything back. */
async function attended(
  { json, yes }: Manner,
  user: string | undefined,
  command: (common: CommonOptions, operator: Operator) => Promise<CommandOutcome>,
): Promise<number> {
  allowReadersToLeave();
  const controller = new AbortController();
  const lines = processLines();
  const prompts = terminalPrompts(() => lines.clear());
  const stop = () => {
    if (!controller.signal.aborted && json !== true) lines.line('Stopping. What was done is undone; please wait.');
    controller.abort();
  };
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, stop);
  const operator: Operator = {
    report: (report) => {
      if (json !== true) reportLines(report, lines);
    },
    agrees: async (question) => {
      if (yes === true) return true;
      if (hasTerminal()) return await prompts.confirm(question);
      throw new OperatorError('There is no terminal to ask on.', 'Add --yes to go on without being asked.');
    },
  };
  const outcome = await command({ user, prompts, signal: controller.signal }, operator)
    .finally(() => lines.clear())
    .catch((error: unknown) => {
      if (json !== true || !(error instanceof OperatorError)) throw error;
      const { problem, remedy } = error;
      return { operation: 'none', outcome: 'refused', findings: [], steps: [], problem, remedy } as const;
    });
  if (json === true) process.stdout.write(`${JSON.stringify(outcome, undefined, 2)}\n`);
  else for (const line of endLines(outcome)) lines.line(line);
  return exitCodeOf(outcome, controller.signal.aborted);
}

function number(name: string, value: string | undefined, least: number, most: number): number | undefined {
  if (value === undefined) return undefined;
  const parsed = /^\d{1,9}$/.test(value) ? Number(value) : Number.NaN;
  if (parsed >= least && parsed <= most) return parsed;
  throw new OperatorError(`${name} ${value} is not a number from ${least} to ${most}.`, 'See qdevice setup --help.');
}

function tieBreaker(value: string | undefined): string | undefined {
  if (value === undefined || value === 'lowest' || value === 'highest') return value;
  return String(number('tie-breaker', value, 1, 999_999_999));
}
