/** `qdevice`: run the node daemon and look at it. Each part is loaded when it is asked for. */
import type { Argv } from 'yargs';
import { DEFAULT_QDEVICE_OPTIONS, QDEVICE_SOCKET, type QdeviceOptions } from '../qdevice/options.ts';
import { OperatorError } from '../runtime/errors.ts';
import { finish } from './command-result.ts';
import { type Done, runCommand } from './command-tree.ts';
import { processOutput } from './output.ts';
import { addCheck, addExpected, addMove, addNodes, addRemove, addSetup, addSync } from './setup.ts';
import { isList, last, oneOf, text } from './yargs-options.ts';

/** Resolves when the command is done, with its exit code. */
export function qdevice(args: readonly string[]): Promise<number> {
  return runCommand(
    {
      name: 'qdevice',
      purpose: 'The node of a corosync cluster: brings it the vote of an arbiter.',
      declare: declareQdevice,
    },
    args,
  );
}

/** Every command and option, for yargs and for the manual. */
export function declareQdevice(parser: Argv, done: Done): void {
  addRun(parser, done);
  addStatus(parser, done);
  addCerts(parser, done);
  addSetup(parser, done);
  addRemove(parser, done);
  addCheck(parser, done);
  addSync(parser, done);
  addMove(parser, done);
  addNodes(parser, done);
  addExpected(parser, done);
}

function addRun(parser: Argv, done: Done): void {
  parser.command(
    'run',
    'run the node daemon in the foreground; its configuration is the one of corosync',
    (command) =>
      command
        .option('state', text('directory of key and certificates'))
        .option('debug', { type: 'boolean', describe: 'log every detail', coerce: last<boolean> })
        .option(
          'vote-safety',
          oneOf(['strict', 'upstream'], 'no vote outlives the arbiter, or as corosync-qdevice; left out: strict'),
        )
        .option('S', { type: 'string', requiresArg: true, describe: 'advanced settings: name=value,...' }),
    async ({ S, state, debug, 'vote-safety': voteSafety }) => {
      const advanced = isList<string>(S) ? S : S === undefined ? [] : [S];
      const wished = await runOptions(advanced, state, debug === true);
      const options = voteSafety === undefined ? wished : { ...wished, voteSafety };
      const { runQdevice } = await import('../qdevice/main.ts');
      done(await runQdevice(options));
    },
  );
}

async function runOptions(advanced: readonly string[], state: string | undefined, debug: boolean) {
  const { assertUsable, QDEVICE_SETTINGS, withQdeviceSettings } = await import('./qdevice-settings.ts');
  const { settingList } = await import('../runtime/advanced-settings.ts');
  const { groupId } = await import('./qnetd-settings.ts');
  let options: QdeviceOptions = { ...DEFAULT_QDEVICE_OPTIONS, debug };
  if (state !== undefined) options = { ...options, stateDir: state };
  for (const list of advanced) {
    const { settings, problem } = settingList(list, QDEVICE_SETTINGS, groupId);
    if (problem !== undefined) {
      throw new OperatorError(`${problem}.`, 'corosync-qdevice(8) lists the settings that -S takes.');
    }
    options = withQdeviceSettings(options, settings);
  }
  assertUsable(options);
  return options;
}

function addStatus(parser: Argv, done: Done): void {
  parser.command(
    'status',
    'say whether this node has the vote, and why',
    (command) =>
      command
        .option('verbose', { alias: 'v', type: 'boolean', describe: 'everything that is known', coerce: last<boolean> })
        .option('json', { type: 'boolean', describe: 'for machines', coerce: last<boolean> })
        .option('explain', {
          type: 'boolean',
          describe: 'what A, NA, V, NV or NR in the table of corosync means here, and what to do',
          coerce: last<boolean>,
        })
        .option('socket', text(`local socket of the daemon; left out: ${QDEVICE_SOCKET}`)),
    async ({ verbose, json, explain, socket }) => {
      const { qdeviceStatus } = await import('./qdevice-status.ts');
      const choice = { verbose: verbose === true, json: json === true, explain: explain === true };
      const result = await qdeviceStatus(choice, socket ?? QDEVICE_SOCKET);
      finish(result);
      done(result.exitCode);
      if (json === true) return;
      const { nodesBelow } = await import('./nodes.ts');
      for (const line of await nodesBelow()) processOutput().out(line);
      const { nodeEnds } = await import('./certs-commands.ts');
      for (const note of await nodeEnds(DEFAULT_QDEVICE_OPTIONS.stateDir)) processOutput().err(note);
    },
  );
}

function addCerts(parser: Argv, done: Done): void {
  parser.command(
    'certs [ACTION]',
    "list this node's certificates and when they end, or vouch for the request of another node",
    (command) =>
      command
        .positional('ACTION', { choices: ['list', 'endorse'] as const, default: 'list' as const })
        .option('json', { type: 'boolean', describe: 'with list: for machines', coerce: last<boolean> })
        .option('request', text('with endorse: file with the request'))
        .option('state', text('directory of key and certificates')),
    async ({ ACTION: action, json, request, state }) => {
      const { nodeCertsCommand } = await import('./certs-commands.ts');
      const directory = state ?? DEFAULT_QDEVICE_OPTIONS.stateDir;
      done(await nodeCertsCommand({ action, json: json === true, request }, directory, processOutput()));
    },
  );
}
