/**
 * Where the show is seen. On a terminal one picture a scene, drawn over itself in place and left behind when the scene
 * has ended; elsewhere plain lines, one for each change.
 */

import { wrapped } from '../status/text-layout.ts';
import { ASCII, compactText, type Moment, pictureOf, type Style, type Tone, UNICODE } from './picture.ts';

export interface Screen {
  /** A line beside the scenes. */
  say(text: string): void;
  /** Called often; draws only what is new. */
  show(moment: Moment): void;
  /** The scene is over; the last moment stays. */
  end(moment: Moment): void;
  /** Leaves the terminal as it was found. */
  close(): void;
}

export interface ScreenPorts {
  readonly write: (text: string) => void;
  readonly environment: NodeJS.ProcessEnv;
  /** undefined: not a terminal. */
  readonly terminal: { readonly columns: number; readonly rows: number } | undefined;
}

const COLUMNS_MIN = 80;
/** A picture, and a line to spare: what has left the screen cannot be drawn over. */
const ROWS_MIN = 20;
const ESCAPE = '\u001b[';
/** Select graphic rendition (ECMA-48). */
const COLOURS: Readonly<Record<Tone, string>> = { good: '32', bad: '31', unsure: '33', strong: '1', plain: '' };

export function screenFor({ write, environment, terminal }: ScreenPorts): Screen {
  const isDrawable =
    terminal !== undefined &&
    environment['TERM'] !== 'dumb' &&
    // A terminal that does not know its size says 0.
    (terminal.columns === 0 || terminal.columns >= COLUMNS_MIN) &&
    (terminal.rows === 0 || terminal.rows >= ROWS_MIN);
  if (!isDrawable) return new PlainScreen(write);
  return new TerminalScreen(write, styleFor(environment));
}

function styleFor(environment: NodeJS.ProcessEnv): Style {
  const locale = environment['LC_ALL'] || environment['LC_CTYPE'] || environment['LANG'] || '';
  const hasColour = !('NO_COLOR' in environment);
  return {
    glyphs: /utf-?8/i.test(locale) ? UNICODE : ASCII,
    paint: (tone, text) => (hasColour && tone !== 'plain' ? `${ESCAPE}${COLOURS[tone]}m${text}${ESCAPE}0m` : text),
  };
}

class TerminalScreen implements Screen {
  readonly #write: (text: string) => void;
  readonly #style: Style;
  /** What stands on the terminal now. */
  #drawn: readonly string[] = [];
  #isCursorHidden = false;

  constructor(write: (text: string) => void, style: Style) {
    this.#write = write;
    this.#style = style;
  }

  say(text: string): void {
    this.#write(`${wrapped(text, ' ').join('\n')}\n\n`);
  }

  show(moment: Moment): void {
    const lines = pictureOf(moment, this.#style);
    if (lines.join('\n') === this.#drawn.join('\n')) return;
    const hide = this.#isCursorHidden ? '' : `${ESCAPE}?25l`;
    this.#isCursorHidden = true;
    const up = this.#drawn.length === 0 ? '' : `${ESCAPE}${this.#drawn.length}A`;
    // Each line is cleared behind its end, and what an older and longer picture left below.
    this.#write(`${hide}${up}${lines.map((line) => `${line}${ESCAPE}K\n`).join('')}${ESCAPE}J`);
    this.#drawn = lines;
  }

  end(moment: Moment): void {
    this.show(moment);
    this.#drawn = [];
  }

  close(): void {
    if (this.#isCursorHidden) this.#write(`${ESCAPE}?25h`);
    this.#isCursorHidden = false;
    this.#drawn = [];
  }
}

class PlainScreen implements Screen {
  readonly #write: (text: string) => void;
  #scene = 0;
  #shown = '';

  constructor(write: (text: string) => void) {
    this.#write = write;
  }

  say(text: string): void {
    this.#write(`${text}\n`);
  }

  show(moment: Moment): void {
    const { scene, number, count } = moment;
    if (number !== this.#scene) {
      this.#scene = number;
      this.#shown = '';
      this.#write(`${number}/${count} ${scene.title}. ${scene.happens}\n`);
    }
    const text = compactText(moment);
    if (text === this.#shown) return;
    this.#shown = text;
    this.#write(`    ${text}\n`);
  }

  end(moment: Moment): void {
    this.show(moment);
    for (const sentence of moment.verdict) this.#write(`    ${sentence}\n`);
  }

  close(): void {
    this.#scene = 0;
  }
}
