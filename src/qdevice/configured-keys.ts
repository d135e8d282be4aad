/**
 * Reads corosync's keys and words what is wrong with them. A key of another type than corosync itself gives it counts
 * as not set, as it does to upstream's daemon; that is noted, for it happens only by hand (`corosync-cmapctl -s`).
 */
import type { Corosync } from '../corosync/port.ts';
import { onOff, UINT32_MAX, wholeNumber } from '../runtime/advanced-settings.ts';
import { OperatorError } from '../runtime/errors.ts';
import { printable } from '../status/printable.ts';

export type ConfigurationSource = Pick<Corosync, 'get' | 'list' | 'info'>;

/** Something that does not stop the daemon, for its log. */
export interface Note {
  readonly level: 'info' | 'warn' | 'error';
  readonly text: string;
}

export interface Range {
  readonly min: number;
  readonly max: number;
}

const REMEDY = 'Correct corosync.conf on every node and run corosync-cfgtool -R.';

export class ConfiguredKeys {
  readonly notes: Note[] = [];
  readonly #source: ConfigurationSource;

  constructor(source: ConfigurationSource) {
    this.#source = source;
  }

  text(key: string): string | undefined {
    const value = this.#source.get(key);
    if (value === undefined || typeof value === 'string') return value;
    this.note('warn', `${key} is no text in corosync's table and counts as not set.`);
    return undefined;
  }

  requiredText(key: string, allowed: string): string {
    const value = this.text(key);
    if (value === undefined || value === '') throw wrongValue(key, value, allowed);
    return value;
  }

  /** A key that corosync holds as a number. */
  unsigned(key: string): number | undefined {
    const value = this.#source.get(key);
    if (value === undefined) return undefined;
    if (typeof value === 'number' && Number.isInteger(value) && value >= 0 && value <= UINT32_MAX) return value;
    this.note('warn', `${key} is ${shown(value)}, which is no whole number from 0 to ${UINT32_MAX}: not used.`);
    return undefined;
  }

  version(key: string): bigint | undefined {
    const value = this.#source.get(key);
    if (value === undefined || typeof value === 'bigint') return value;
    if (typeof value === 'number' && Number.isSafeInteger(value)) return BigInt(value);
    this.note('warn', `${key} is ${shown(value)}, which is no whole number: not used.`);
    return undefined;
  }

  /** A number that is written as text. */
  number(key: string, { min, max }: Range): number | undefined {
    const value = this.text(key);
    if (value === undefined) return undefined;
    const read = wholeNumber(value);
    if (read !== undefined && read >= min && read <= max) return Number(read);
    throw wrongValue(key, value, `a number from ${min} to ${max}`);
  }

  onOff(key: string): boolean | undefined {
    const value = this.text(key);
    if (value === undefined) return undefined;
    const read = onOff(value);
    if (read === undefined) throw wrongValue(key, value, 'on (yes, 1) or off (no, 0)');
    return read;
  }

  /** on and off as everywhere, or one more word in any case. */
  onOffOr<T extends string>(key: string, word: T): boolean | T | undefined {
    const value = this.text(key);
    if (value === undefined) return undefined;
    const read = value.toLowerCase() === word ? word : onOff(value);
    if (read === undefined) throw wrongValue(key, value, `on (yes, 1), off (no, 0) or ${word}`);
    return read;
  }

  /** One of a few words, exactly as they are written here. */
  word<T extends string>(key: string, words: readonly T[]): T | undefined {
    const value = this.text(key);
    if (value === undefined) return undefined;
    const found = words.find((word) => word === value);
    if (found === undefined) throw wrongValue(key, value, listed(words));
    return found;
  }

  note(level: Note['level'], text: string): void {
    this.notes.push({ level, text });
  }
}

/** One sentence that names the key, what it is and what it may be. */
export function wrongValue(key: string, value: string | number | bigint | undefined, allowed: string): OperatorError {
  const is = value === undefined ? 'not set' : value === '' ? 'empty' : shown(value);
  return new OperatorError(`${key} is ${is}, and must be ${allowed}.`, REMEDY);
}

export function configurationError(problem: string): OperatorError {
  return new OperatorError(problem, REMEDY);
}

export function shown(value: string | number | bigint): string {
  return typeof value === 'string' ? `"${printable(value)}"` : String(value);
}

function listed(words: readonly string[]): string {
  return words.length < 2 ? words.join() : `${words.slice(0, -1).join(', ')} or ${words.at(-1)}`;
}
