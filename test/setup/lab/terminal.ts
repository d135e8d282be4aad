/** A person at a terminal: `script` makes one, and each question is answered when it is asked. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';

export interface Conversation {
  readonly exitCode: number | null;
  readonly screen: string;
  /** How often something was asked, by the words of `answers`. */
  readonly asked: readonly number[];
}

const MS_MAX = 150_000;

export async function atTerminal(
  argv: readonly string[],
  answers: readonly (readonly [question: RegExp, answer: string])[],
): Promise<Conversation> {
  const command = argv.map((word) => `'${word.replaceAll("'", "'\\''")}'`).join(' ');
  const child = spawn('script', ['-qec', `stty cols 80; exec ${command}`, '/dev/null'], {
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  const timer = setTimeout(() => child.kill('SIGKILL'), MS_MAX);
  const asked = answers.map(() => 0);
  let screen = '';
  let unread = '';
  child.stdin.on('error', () => undefined);
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    screen += text;
    unread += text;
    for (const [at, [question, answer]] of answers.entries()) {
      if (!question.test(unread)) continue;
      unread = '';
      asked[at] = (asked[at] ?? 0) + 1;
      child.stdin.write(`${answer}\n`);
      return;
    }
  });
  await once(child, 'close');
  clearTimeout(timer);
  return { exitCode: child.exitCode, screen, asked };
}
