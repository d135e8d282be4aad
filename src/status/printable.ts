/**
 * Text from a peer as it may be shown on a terminal or in a log: nothing in it can end a line, move the cursor, turn
 * the writing direction or pass for an escape of ours.
 */
import type { ByteString } from '../protocol/values.ts';

/** Control, format (bidirectional marks among them), private and unassigned characters, line and paragraph ends. */
const UNPRINTABLE = /[\p{C}\p{Zl}\p{Zp}\\]/gu;
const UNPRINTABLE_BYTE = /[^\x20-\x7e]|\\/g;

/** A name as it came over the wire: UTF-8, or byte by byte where it is not. */
export function printableName(name: ByteString, charactersMax = 120): string {
  const text = utf8Text(name);
  if (text !== undefined) return printable(text, charactersMax);
  const shown = name.slice(0, charactersMax).replace(UNPRINTABLE_BYTE, byteEscape);
  return name.length > charactersMax ? `${shown}…` : shown;
}

export function printable(text: string, charactersMax = 120): string {
  // Cut first, by whole characters, so that the work is bounded however long the name is.
  const characters = Array.from(text.slice(0, 2 * charactersMax + 2));
  const shown = characters.slice(0, charactersMax).join('').replace(UNPRINTABLE, characterEscape);
  return characters.length > charactersMax ? `${shown}…` : shown;
}

/** Lines for a terminal, whatever they were made from: nothing in them is obeyed. */
function terminalText(lines: string): string {
  return lines.replace(/(?!\n)[\p{C}\p{Zl}\p{Zp}]/gu, characterEscape);
}

/**
 * Text made from a document that another program wrote; undefined: the document only looked like one of ours. Its inside is not checked
 * field by field, as any daemon of the same format may add fields and words.
 */
export function foreignText(render: () => string): string | undefined {
  try {
    return terminalText(render());
  } catch (error) {
    if (error instanceof TypeError || error instanceof RangeError) return undefined;
    throw error;
  }
}

/** One character a byte to text; undefined where the bytes are not UTF-8. */
export function utf8Text(name: ByteString): string | undefined {
  const bytes = Uint8Array.from(name, (character) => character.charCodeAt(0));
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch {
    return undefined;
  }
}

/** Text to UTF-8, one character a byte. */
export function byteStringOf(text: string): ByteString {
  return Array.from(new TextEncoder().encode(text), (byte) => String.fromCharCode(byte)).join('');
}

function characterEscape(character: string): string {
  return character === '\\' ? '\\\\' : `\\u{${character.codePointAt(0)?.toString(16)}}`;
}

function byteEscape(byte: string): string {
  return byte === '\\' ? '\\\\' : `\\x${byte.charCodeAt(0).toString(16).padStart(2, '0')}`;
}
