/** Changes to an input, drawn by number so that a test library can draw them as well as a loop. */

/** What an edit does is `kind` modulo the number of kinds; places are fractions of the input's length in 65536ths. */
export interface Edit {
  readonly kind: number;
  readonly at: number;
  readonly value: number;
}

/** Lengths, counts and terminators that readers stumble over. */
const INTERESTING = [0, 1, 2, 4, 9, 10, 13, 16, 32, 34, 48, 92, 127, 128, 129, 130, 132, 160, 192, 254, 255];
const BLOCK_BYTES_MAX = 32;
const SCALE = 65_536;

export function edited(input: Uint8Array, edits: readonly Edit[], bytesMax: number, other = input): Uint8Array {
  let bytes = Uint8Array.from(input);
  for (const edit of edits) bytes = editOnce(bytes, edit, other);
  return bytes.slice(0, bytesMax);
}

function editOnce(
  bytes: Uint8Array<ArrayBuffer>,
  { kind, at, value }: Edit,
  other: Uint8Array,
): Uint8Array<ArrayBuffer> {
  const place = Math.floor((at / SCALE) * bytes.length);
  const blockBytes = 1 + (value % BLOCK_BYTES_MAX);
  const otherPlace = Math.floor((((value * 257) % SCALE) / SCALE) * other.length);
  switch (kind % 10) {
    case 0:
      return patched(bytes, place, (byte) => byte ^ (1 << (value % 8)));
    case 1:
      return patched(bytes, place, () => value);
    case 2:
      return patched(bytes, place, () => INTERESTING[value % INTERESTING.length] ?? 0);
    case 3:
      return patched(bytes, place, (byte) => byte + (value % 2 === 0 ? 1 : -1) * (1 + (value % 16)));
    case 4: // a block is left out
      return joined(bytes.slice(0, place), bytes.slice(place + blockBytes));
    case 5: // a block comes twice
      return joined(bytes.slice(0, place + blockBytes), bytes.slice(place));
    case 6:
      return joined(bytes.slice(0, place), Uint8Array.of(value), bytes.slice(place));
    case 7: // a block of another input lands here
      return joined(bytes.slice(0, place), other.slice(otherPlace, otherPlace + blockBytes), bytes.slice(place));
    case 8: // the rest of another input
      return joined(bytes.slice(0, place), other.slice(otherPlace));
    default:
      return bytes.slice(0, place);
  }
}

function patched(
  bytes: Uint8Array<ArrayBuffer>,
  at: number,
  change: (byte: number) => number,
): Uint8Array<ArrayBuffer> {
  const before = bytes[at];
  if (before !== undefined) bytes[at] = change(before);
  return bytes;
}

function joined(...parts: readonly Uint8Array[]): Uint8Array<ArrayBuffer> {
  const whole = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of parts) {
    whole.set(part, at);
    at += part.length;
  }
  return whole;
}
