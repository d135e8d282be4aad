/**
 * Arguments read the way the shell's getopts does: letters may be clustered, a value may follow its letter at once, the
 * first operand ends the options (the C programs' getopt goes on behind it), and what stands first is judged first.
 */
export type CertutilArguments =
  | { readonly kind: 'usage' }
  | { readonly kind: 'invalid'; readonly problem: string }
  | {
      readonly kind: 'run';
      readonly operation: 'init' | 'sign';
      readonly requestFile: string;
      readonly clusterName: string;
      readonly groupWritable: boolean;
      /** Undefined: upstream's place. */
      readonly stateDir: string | undefined;
    };

interface Option {
  /** With its dashes: `-h`, `--state`. */
  readonly name: string;
  /** Empty where the option takes none. */
  readonly value: string;
  readonly lacksValue: boolean;
}

const LETTERS_WITH_VALUE = 'cn';

export function parseCertutilArguments(args: readonly string[]): CertutilArguments {
  let operation: 'init' | 'sign' | undefined;
  let requestFile = '';
  let clusterName = '';
  let groupWritable = true;
  let stateDir: string | undefined;
  for (const option of optionsIn(args)) {
    const { name, value } = option;
    if (option.lacksValue) return { kind: 'invalid', problem: `Option ${name} needs a value. Try -h.` };
    if (name === '-h') return { kind: 'usage' };
    if (name === '-i') operation = 'init';
    else if (name === '-s') operation = 'sign';
    else if (name === '-G') groupWritable = false;
    else if (name === '-c') requestFile = value;
    else if (name === '-n') clusterName = value;
    else if (name === '--state') stateDir = value;
    else return { kind: 'invalid', problem: `Option ${name} is not known. Try -h.` };
  }
  if (operation === undefined) return { kind: 'usage' };
  return { kind: 'run', operation, requestFile, clusterName, groupWritable, stateDir };
}

function* optionsIn(args: readonly string[]): Generator<Option> {
  for (let at = 0; at < args.length; at += 1) {
    const word = args[at] ?? '';
    if (word === '--' || word === '-' || !word.startsWith('-')) return;
    if (word.startsWith('--')) {
      const [name = '', ...rest] = word.split('=');
      const isSeparate = name === '--state' && rest.length === 0;
      if (isSeparate) at += 1;
      const value = isSeparate ? args[at] : rest.join('=');
      yield { name, value: value ?? '', lacksValue: name === '--state' && !value };
      continue;
    }
    for (let letterAt = 1; letterAt < word.length; letterAt += 1) {
      const letter = word.charAt(letterAt);
      if (!LETTERS_WITH_VALUE.includes(letter)) {
        yield { name: `-${letter}`, value: '', lacksValue: false };
        continue;
      }
      const attached = word.slice(letterAt + 1);
      if (attached === '') at += 1;
      const value = attached === '' ? args[at] : attached;
      yield { name: `-${letter}`, value: value ?? '', lacksValue: value === undefined };
      break;
    }
  }
}
