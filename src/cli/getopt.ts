/**
 * Switches as getopt(3) of glibc reads them, which is what upstream's programs accept: clustered (`-lv`), with the
 * value attached (`-p5403`) or next, in any order with operands, up to `--`.
 */

export type Switch =
  | { readonly kind: 'switch'; readonly letter: string; readonly value: string }
  /** glibc's own words, to be printed behind the program's name. */
  | { readonly kind: 'error'; readonly problem: string };

/** `letters` as in C: a colon behind a letter says that it takes a value. Operands are passed over. */
export function* switches(args: readonly string[], letters: string): Generator<Switch> {
  for (let at = 0; at < args.length; at += 1) {
    const arg = args[at] ?? '';
    if (arg === '--') return;
    if (!arg.startsWith('-') || arg === '-') continue;
    for (let rest = arg.slice(1); rest !== ''; ) {
      const letter = rest.charAt(0);
      rest = rest.slice(1);
      const place = letter === ':' ? -1 : letters.indexOf(letter);
      if (place === -1) {
        yield { kind: 'error', problem: `invalid option -- '${letter}'` };
      } else if (letters.charAt(place + 1) !== ':') {
        yield { kind: 'switch', letter, value: '' };
      } else if (rest !== '') {
        yield { kind: 'switch', letter, value: rest };
        rest = '';
      } else {
        at += 1;
        const value = args[at];
        if (value === undefined) yield { kind: 'error', problem: `option requires an argument -- '${letter}'` };
        else yield { kind: 'switch', letter, value };
      }
    }
  }
}
