/** Questions to the person at the terminal; without one nobody is asked, and nothing is assumed. */
import { createInterface } from 'node:readline/promises';
import type { Prompts } from '../setup/host/prompts.ts';
import { wrapped } from '../status/text-layout.ts';

const [CTRL_C, CTRL_D, BACKSPACE, DELETE] = ['\u0003', '\u0004', '\b', '\u007f'];

export function hasTerminal(): boolean {
  return process.stdin.isTTY === true && process.stderr.isTTY === true;
}

/** `before` each question: what stands in the line goes. */
export function terminalPrompts(before: () => void = () => undefined): Prompts {
  let last: Promise<unknown> = Promise.resolve();
  /** Hosts are connected to at once, and their questions asked one after the other. */
  const inTurn = <T>(ask: () => Promise<T>): Promise<T> => {
    const turn = last.then(() => {
      before();
      return ask();
    });
    last = turn.catch(() => undefined);
    return turn;
  };
  return {
    secret: (question) => inTurn(() => (hasTerminal() ? readSecret(question) : Promise.resolve(undefined))),
    confirm: (question) => inTurn(() => (hasTerminal() ? readYes(question) : Promise.resolve(false))),
  };
}

/** Only the whole word: `y` is said too easily to the key of a host. */
async function readYes(question: string): Promise<boolean> {
  const lines = createInterface({ input: process.stdin, output: process.stderr });
  try {
    const words = question
      .trim()
      .replace(/\s*\(yes\/no[^)]*\)\??\s*$/, '')
      .replace(/\?$/, '');
    const asked = `${words} (yes/no)?`.split('\n').flatMap((line) => wrapped(line.trimEnd(), ''));
    return (await lines.question(`${asked.join('\n')} `)).trim() === 'yes';
  } finally {
    lines.close();
  }
}

/** Without echo. undefined: stopped. */
function readSecret(question: string): Promise<string | undefined> {
  const { stdin, stderr } = process;
  return new Promise((resolve) => {
    let typed = '';
    const finish = (answer: string | undefined) => {
      stdin.off('data', onData);
      stdin.setRawMode(false);
      stdin.pause();
      stderr.write('\n');
      resolve(answer);
    };
    const onData = (text: string) => {
      for (const character of text) {
        if (character === '\r' || character === '\n') return finish(typed);
        if (character === CTRL_D) return finish(undefined);
        if (character === CTRL_C) {
          finish(undefined);
          process.kill(process.pid, 'SIGINT');
          return;
        }
        typed = character === BACKSPACE || character === DELETE ? typed.slice(0, -1) : typed + character;
      }
    };
    stdin.setRawMode(true); // before anybody is asked, or what is typed at once is shown
    stderr.write(question);
    stdin.setEncoding('utf8').on('data', onData).resume();
  });
}
