/**
 * What commands tell yargs about themselves, written down instead: `--help` comes from yargs, manual and completion from
 * here, and both from the same declaration.
 */
import type { Argv } from 'yargs';

export interface DeclaredOption {
  /** With their dashes, the short one first. */
  readonly names: readonly string[];
  /** What it is to be followed by; undefined: nothing. */
  readonly value: string | undefined;
  readonly choices: readonly string[];
  readonly describe: string;
  readonly required: boolean;
}

export interface DeclaredCommand {
  /** Its name and operands, as yargs has them: `setup <address>`. */
  readonly usage: string;
  readonly describe: string;
  readonly operands: readonly DeclaredOption[];
  readonly options: readonly DeclaredOption[];
  /** What stands below the options in the help. */
  readonly notes: readonly string[];
}

export interface DeclaredProgram {
  readonly commands: readonly DeclaredCommand[];
  /** Of every command. */
  readonly options: readonly DeclaredOption[];
}

interface OptionWords {
  readonly type?: string;
  readonly alias?: string;
  readonly choices?: readonly string[];
  readonly describe?: string;
  readonly demandOption?: boolean;
}

/** Has of yargs what the commands declare themselves with. */
class Recorder {
  readonly commands: DeclaredCommand[] = [];
  readonly options_: DeclaredOption[] = [];
  readonly operands: DeclaredOption[] = [];
  readonly notes: string[] = [];

  command(usage: string, describe: string, build: (command: Argv) => unknown): this {
    const own = new Recorder();
    build(own.asParser());
    this.commands.push({ usage, describe, operands: own.operands, options: own.options_, notes: own.notes });
    return this;
  }

  option(name: string, words: OptionWords): this {
    const names = [name, ...(words.alias === undefined ? [] : [words.alias])].map(dashed);
    this.options_.push(
      declared(
        names.toSorted((a, b) => a.length - b.length),
        name,
        words,
      ),
    );
    return this;
  }

  options(all: Readonly<Record<string, OptionWords>>): this {
    for (const [name, words] of Object.entries(all)) this.option(name, words);
    return this;
  }

  positional(name: string, words: OptionWords): this {
    this.operands.push(declared([name], name, words));
    return this;
  }

  epilogue(text: string): this {
    this.notes.push(text.replaceAll(/\s+/g, ' ').trim());
    return this;
  }

  /** What else yargs has concerns its own manners, not what there is to declare. */
  asParser(): Argv {
    const parser: Recorder = new Proxy(this, {
      get: (recorder, name) => Reflect.get(recorder, name) ?? (() => parser),
    });
    return parser as unknown as Argv;
  }
}

export function declaredBy(declare: (parser: Argv) => void): DeclaredProgram {
  const recorder = new Recorder();
  declare(recorder.asParser());
  return { commands: recorder.commands, options: recorder.options_ };
}

function declared(names: readonly string[], name: string, words: OptionWords): DeclaredOption {
  const { type, choices = [], describe = '', demandOption = false } = words;
  const value = type === 'boolean' ? undefined : choices.length > 0 ? choices.join('|') : valueWord(name);
  return { names, value, choices, describe, required: demandOption };
}

function dashed(name: string): string {
  return name.length === 1 ? `-${name}` : `--${name}`;
}

function valueWord(name: string): string {
  return name === 'S' ? 'NAME=VALUE,...' : name.toUpperCase();
}
