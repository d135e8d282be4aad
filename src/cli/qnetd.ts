/** `qnetd`: run the arbiter, look at it, make its certificates. Each part is loaded when it is asked for. */
import { homedir } from 'node:os';
import type { Argv } from 'yargs';
import { type Directories, localSocketIn, SYSTEM_DIRECTORIES, userDirectories } from '../qnetd/options.ts';
import { OperatorError } from '../runtime/errors.ts';
import { finish } from './command-result.ts';
import { type Done, runCommand } from './command-tree.ts';
import { processOutput } from './output.ts';
import { isList, last, oneOf, text } from './yargs-options.ts';

const LOG_LEVELS = ['trace', 'debug', 'info', 'warn', 'error', 'fatal', 'silent'] as const;

/** Resolves when the command is done, with its exit code. */
export function qnetd(args: readonly string[]): Promise<number> {
  return runCommand(
    {
      name: 'qnetd',
      purpose: 'The arbiter of corosync clusters: one vote that never goes to two sides.',
      declare: declareQnetd,
    },
    args,
  );
}

/** Every command and option, for yargs and for the manual. */
export function declareQnetd(program: Argv, done: Done): void {
  const parser = program
    .option('state', text('directory of the certificates'))
    .option('run-dir', text('directory of lock file and local socket'));
  addRun(parser, done);
  addStatus(parser, done);
  addHealth(parser, done);
  addRelease(parser, done);
  addInit(parser, done);
  addSign(parser, done);
  addCerts(parser, done);
}

type Parser = Argv<{ state: string | undefined; 'run-dir': string | undefined }>;

function addRun(parser: Parser, done: Done): void {
  parser.command(
    'run',
    'run the arbiter in the foreground',
    (command) =>
      command
        .option('listen', text('address or name; left out: every address'))
        .option('port', text('TCP port; left out: 5403'))
        .option('tls', oneOf(['required', 'on', 'off'], 'what clients may use; left out: required'))
        .option('client-cert', oneOf(['on', 'off'], 'ask clients for their certificate; left out: on'))
        .option('max-clients', text('connections at a time; 0 or left out: no limit'))
        .option('vote-safety', oneOf(['strict', 'upstream'], 'one vote only, or as corosync-qnetd; left out: strict'))
        .option('log-level', oneOf(LOG_LEVELS, 'the least that is logged; left out: info'))
        .option('S', { type: 'string', requiresArg: true, describe: 'advanced settings: name=value,...' }),
    async ({ S, ...chosen }) => {
      const { runOptions } = await import('./qnetd-run.ts');
      const { groupId } = await import('./qnetd-settings.ts');
      const advanced = isList<string>(S) ? S : S === undefined ? [] : [S];
      const { options, warnings } = runOptions({ ...chosen, advanced }, directories(chosen), groupId);
      for (const warning of warnings) processOutput().err(`qnetd: ${warning}`);
      const { runQnetd } = await import('../qnetd/main.ts');
      done(await runQnetd(options));
    },
  );
}

function addStatus(parser: Parser, done: Done): void {
  parser.command(
    'status',
    'say who holds the vote, since when and why',
    (command) =>
      command
        .option('verbose', { alias: 'v', type: 'boolean', describe: 'more about every node', coerce: last<boolean> })
        .option('json', { type: 'boolean', describe: 'for machines', coerce: last<boolean> })
        .option('cluster', text('this one alone')),
    async ({ verbose, json, cluster, runDir, state }) => {
      const { qnetdStatus } = await import('./qnetd-status.ts');
      const choice = { verbose: verbose === true, json: json === true, cluster };
      const result = await qnetdStatus(choice, socketsIn(runDir));
      finish(result);
      done(result.exitCode);
      if (json === true) return;
      const { arbiterEnds } = await import('./certs-commands.ts');
      for (const note of await arbiterEnds(directories({ state }).stateDir)) processOutput().err(note);
    },
  );
}

function addRelease(parser: Parser, done: Done): void {
  parser.command(
    'release',
    'say that a node which is waited for is powered off for good',
    (command) =>
      command
        .option('cluster', { ...text('its name'), demandOption: true })
        .option('node', { ...text('id of the node'), demandOption: true })
        .option('dry-run', { type: 'boolean', describe: 'say what would happen', coerce: last<boolean> })
        .option('yes', { type: 'boolean', describe: 'ask nothing', coerce: last<boolean> })
        .option('json', { type: 'boolean', describe: 'for machines', coerce: last<boolean> }),
    async ({ cluster = '', node = '', dryRun, yes, json, runDir }) => {
      const { qnetdRelease } = await import('./qnetd-release.ts');
      const { hasTerminal, terminalPrompts } = await import('./setup-prompts.ts');
      const choice = { cluster, node, dryRun: dryRun === true, yes: yes === true, json: json === true };
      const confirm = hasTerminal() ? terminalPrompts().confirm : undefined;
      const result = await qnetdRelease(choice, socketsIn(runDir), { output: processOutput(), confirm });
      finish(result);
      done(result.exitCode);
    },
  );
}

function addHealth(parser: Parser, done: Done): void {
  parser.command(
    'health',
    'exit 0 if the arbiter is listening and deciding, else 1: for who starts it anew otherwise',
    (command) => command.option('timeout', text('ms to wait for each answer; left out: 5000')),
    async ({ timeout, runDir }) => {
      const { qnetdHealth } = await import('./qnetd-health.ts');
      const result = await qnetdHealth(socketsIn(runDir), healthTimeoutMs(timeout));
      finish(result);
      done(result.exitCode);
    },
  );
}

function healthTimeoutMs(given: string | undefined): number {
  const timeoutMs = Number(given ?? '5000');
  if (Number.isInteger(timeoutMs) && timeoutMs >= 1 && timeoutMs <= 600_000) return timeoutMs;
  throw new OperatorError(`The timeout ${given} is no number of ms from 1 to 600000.`, 'See qnetd health --help.');
}

function addInit(parser: Parser, done: Done): void {
  parser.command(
    'init',
    'make the certificates, or say that they are there',
    (command) => command.option('valid-days', text('days until the server certificate ends; left out: 3650')),
    async ({ validDays, ...chosen }) => {
      const { initCommand } = await import('./qnetd-init.ts');
      done(await initCommand({ stateDir: directories(chosen).stateDir, validDays: days(validDays) }, processOutput()));
    },
  );
}

function addSign(parser: Parser, done: Done): void {
  parser.command(
    'sign',
    "sign a cluster's certificate request",
    (command) =>
      command
        .option('cluster', { ...text('its name'), demandOption: true })
        .option('request', { ...text('file with the request'), demandOption: true })
        .option('out', text('file for the certificate; left out: where setup tools look for it'))
        .option('valid-days', text('days until it ends; left out: 3650'))
        .option('endorsement', text('the word of a cluster that has the name, from qdevice certs endorse'))
        .option('replace', { type: 'boolean', describe: 'take the name from whoever has it', coerce: last<boolean> }),
    async ({ cluster = '', request = '', out, validDays, endorsement, replace, ...chosen }) => {
      const { signCommand } = await import('./qnetd-sign.ts');
      const order = { cluster, request, out, endorsement, replace: replace === true, validDays: days(validDays) };
      done(await signCommand({ stateDir: directories(chosen).stateDir, ...order }, processOutput()));
    },
  );
}

function addCerts(parser: Parser, done: Done): void {
  parser.command(
    'certs [ACTION]',
    'list certificates and when they end, forget or revoke those of a cluster, renew that of the arbiter, or mirror all in an NSS database for corosync-qnetd',
    (command) =>
      command
        .positional('ACTION', {
          choices: ['list', 'forget', 'revoke', 'renew', 'mirror'] as const,
          default: 'list' as const,
        })
        .option('json', { type: 'boolean', describe: 'with list and revoke: for machines', coerce: last<boolean> })
        .option('cluster', text('with forget and revoke: its name'))
        .option('serial', text('with revoke: one certificate; left out: all of the cluster'))
        .option('fingerprint', text('with revoke: one certificate by its SHA-256'))
        .option('dry-run', { type: 'boolean', describe: 'with revoke: say what would happen', coerce: last<boolean> })
        .option('yes', { type: 'boolean', describe: 'with revoke: ask nothing', coerce: last<boolean> })
        .option('valid-days', text('with renew: days until it ends; left out: 3650')),
    async ({ ACTION: action, json, cluster, serial, fingerprint, dryRun, yes, validDays, ...chosen }) => {
      const { stateDir } = directories(chosen);
      if (action === 'revoke') {
        const { revokeCommand } = await import('./qnetd-revoke.ts');
        const { hasTerminal, terminalPrompts } = await import('./setup-prompts.ts');
        const confirm = hasTerminal() ? terminalPrompts().confirm : undefined;
        const wish = { cluster, serial, fingerprint, dryRun: dryRun === true, yes: yes === true, json: json === true };
        const ports = { output: processOutput(), confirm, sockets: socketsIn(chosen.runDir) };
        done(await revokeCommand(wish, stateDir, ports));
        return;
      }
      const { arbiterCertsCommand } = await import('./certs-commands.ts');
      const choice = { action, json: json === true, cluster, validDays: days(validDays) };
      done(await arbiterCertsCommand(choice, stateDir, processOutput()));
    },
  );
}

/** Where a running arbiter may be asked. */
function socketsIn(runDir: string | undefined): string[] {
  const places = runDir === undefined ? [ownDirectories(), SYSTEM_DIRECTORIES] : [{ runDir }];
  return [...new Set(places.map((place) => localSocketIn(place.runDir)))];
}

/** What is no number is told by whoever checks the range. */
function days(given: string | undefined): number | undefined {
  return given === undefined ? undefined : Number(given);
}

function directories({ state, runDir }: { state?: string | undefined; runDir?: string | undefined }): Directories {
  const own = ownDirectories();
  return { stateDir: state ?? own.stateDir, runDir: runDir ?? own.runDir };
}

function ownDirectories(): Directories {
  return process.getuid?.() === 0 ? SYSTEM_DIRECTORIES : userDirectories(process.env, home());
}

/** A user of a container may have a number only, and no home. */
function home(): string {
  try {
    return homedir();
  } catch {
    return '/';
  }
}
