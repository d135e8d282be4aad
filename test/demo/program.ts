/** The demo as people start it: a process of its own. */
import { spawn } from 'node:child_process';
import { chmodSync, mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

export const PROGRAM = [process.execPath, '--import', 'tsx', 'src/cli/bin/qdevice-demo.ts'];
/** Any id that is not root's and may write nothing but its temporary directory. */
const NOBODY = 65_534;
/** The show itself promises a minute; starting it on a busy machine takes some seconds more. */
const RUN_MS_MAX = 90_000;

export interface Run {
  readonly exitCode: number | null;
  readonly stdout: string;
  readonly stderr: string;
  /** In the temporary directory. */
  readonly leftBehind: readonly string[];
}

export interface RunWishes {
  readonly environment?: NodeJS.ProcessEnv;
  /** Sent SIGINT as soon as this has been printed. */
  readonly interruptAt?: string;
}

/** As root it runs as nobody: the demo is for ordinary users. */
export async function runDemo(args: readonly string[], wishes: RunWishes = {}): Promise<Run> {
  const wrapper =
    process.getuid?.() === 0 ? ['setpriv', `--reuid=${NOBODY}`, `--regid=${NOBODY}`, '--clear-groups'] : [];
  return await run([...wrapper, ...PROGRAM, ...args], wishes);
}

export async function run(argv: readonly string[], { environment, interruptAt }: RunWishes = {}): Promise<Run> {
  const directory = mkdtempSync(join(tmpdir(), 'demo-test-'));
  chmodSync(directory, 0o1777);
  try {
    const [program = '', ...args] = argv;
    const child = spawn(program, args, {
      stdio: ['ignore', 'pipe', 'pipe'],
      env: { ...process.env, TMPDIR: directory, ...environment },
      timeout: RUN_MS_MAX,
      killSignal: 'SIGKILL',
    });
    let stdout = '';
    let stderr = '';
    let interrupted = false;
    child.stdout.setEncoding('utf8').on('data', (text: string) => {
      stdout += text;
      if (interrupted || interruptAt === undefined || !stdout.includes(interruptAt)) return;
      interrupted = true;
      child.kill('SIGINT');
    });
    child.stderr.setEncoding('utf8').on('data', (text: string) => {
      stderr += text;
    });
    const exitCode = await new Promise<number | null>((resolve, reject) => {
      child.on('error', reject);
      child.on('close', resolve);
    });
    // What tsx keeps there is its own affair.
    const leftBehind = readdirSync(directory).filter(
      (name) => !name.startsWith('tsx-') && name !== 'node-compile-cache',
    );
    return { exitCode, stdout, stderr, leftBehind };
  } finally {
    rmSync(directory, { recursive: true, force: true });
  }
}
