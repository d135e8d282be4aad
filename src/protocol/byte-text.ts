/** How upstream, written in C, reads the text that came to it. */
import type { ByteString } from './values.ts';

/** Its strings end at NUL. */
export function untilNul(text: ByteString): ByteString {
  return text.split('\0', 1)[0] ?? '';
}

/** toLowerCase would also turn a Kelvin sign into a k and change bytes above 127. */
export function asciiLower(text: ByteString): string {
  return text.replace(/[A-Z]/g, (letter) => letter.toLowerCase());
}
