/** Facts travel as lines `key=value`, one for each value. */
export class KeyValues {
  readonly #values = new Map<string, string[]>();

  constructor(text: string) {
    for (const line of text.split('\n')) {
      const at = line.indexOf('=');
      if (at <= 0) continue;
      const key = line.slice(0, at);
      this.#values.set(key, [...this.all(key), line.slice(at + 1)]);
    }
  }

  /** Those that are not empty. */
  all(key: string): readonly string[] {
    return this.#values.get(key) ?? [];
  }

  first(key: string): string | undefined {
    const [value] = this.all(key);
    return value === '' ? undefined : value;
  }

  is(key: string): boolean {
    return this.first(key) === 'yes';
  }

  /** Bytes that were sent as base64, one character a byte. */
  decoded(key: string): string | undefined {
    const value = this.first(key);
    return value === undefined ? undefined : Buffer.from(value, 'base64').toString('latin1');
  }
}
