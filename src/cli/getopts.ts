/**
 * Arguments read the way the shell's getopts does: letters may be clustered, a value may follow its letter at once, and
 * the first operand ends the options (the C programs' getopt goes on behind it). `--state DIR` is ours.
 */
export interface ShellOption {
  /** With its dashes: `-h`, `--state`. */
  readonly name: string;
  /** Empty where the option takes none. */
  readonly value: string;
  readonly lacksValue: boolean;
}

export interface ShellArguments {
  readonly options: readonly ShellOption[];
  readonly operands: readonly string[];
}

export function readShellArguments(args: readonly string[], lettersWithValue: string): ShellArguments {
  const options: ShellOption[] = [];
  for (let at = 0; at < args.length; at += 1) {
    const word = args[at] ?? '';
    if (word === '--') return { options, operands: args.slice(at + 1) };
    if (word === '-' || !word.startsWith('-')) return { options, operands: args.slice(at) };
    if (word.startsWith('--')) {
      const [name = '', ...rest] = word.split('=');
      const isSeparate = name === '--state' && rest.length === 0;
      if (isSeparate) at += 1;
      const value = isSeparate ? args[at] : rest.join('=');
      options.push({ name, value: value ?? '', lacksValue: name === '--state' && !value });
      continue;
    }
    for (let letterAt = 1; letterAt < word.length; letterAt += 1) {
      const letter = word.charAt(letterAt);
      if (!lettersWithValue.includes(letter)) {
        options.push({ name: `-${letter}`, value: '', lacksValue: false });
        continue;
      }
      const attached = word.slice(letterAt + 1);
      if (attached === '') at += 1;
      const value = attached === '' ? args[at] : attached;
      options.push({ name: `-${letter}`, value: value ?? '', lacksValue: value === undefined });
      break;
    }
  }
  return { options, operands: [] };
}
