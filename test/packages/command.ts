/** A command as an administrator of the host runs it: nothing of this machine's environment, and time for what takes long. */
import type { Host } from '../lab/host.ts';
import { type CommandResult, tryRun } from '../lab/processes.ts';

const COMMAND_SECONDS_MAX = 240;
const ENVIRONMENT = [
  'HOME=/root',
  'LANG=C.UTF-8',
  'PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin',
  'TERM=dumb',
];

/** To the end, whatever it comes to. */
export function attempt(host: Host, argv: readonly string[], input = ''): Promise<CommandResult> {
  const deadline = ['timeout', '-s', 'KILL', String(COMMAND_SECONDS_MAX)];
  return tryRun(
    [...host.enter, 'env', '-i', ...ENVIRONMENT, ...deadline, ...argv],
    input,
    (COMMAND_SECONDS_MAX + 5) * 1000,
  );
}

/** To a good end; gives what was printed. */
export async function command(host: Host, argv: readonly string[], input = ''): Promise<string> {
  const { exitCode, stdout, stderr } = await attempt(host, argv, input);
  if (exitCode === 0) return stdout;
  throw new Error(`${host.name}: ${argv.join(' ')} ended with ${exitCode}\n${stderr}${stdout}\n${host.logTails()}`);
}

/** Words by blanks, as none of ours contains one. */
export function sh(host: Host, line: string): Promise<string> {
  return command(host, line.split(' '));
}
