/**
 * The words of a request on the local socket. Compared with corosync-qnetd 3.0.3 line by line, oddities included: a
 * quote may open in the middle of a word, nobody minds one that stays open, and an empty word ends the request.
 */
import { untilNul } from '../protocol/byte-text.ts';
import type { ByteString } from '../protocol/values.ts';

const BLANKS = ' \f\t\v';
const LINE_ENDS = '\n\r';

/** `line` may hold what came behind the first line end; it is not looked at. */
export function ipcWords(line: ByteString): ByteString[] {
  const words: ByteString[] = [];
  let at = 0;
  while (at < line.length) {
    const { word, next } = nextWord(line, at);
    if (word === '') break;
    words.push(word);
    at = next;
  }
  return words;
}

function nextWord(line: ByteString, from: number): { word: ByteString; next: number } {
  let at = from;
  while (at < line.length && BLANKS.includes(line.charAt(at))) at += 1;
  let word = '';
  let quoted = false;
  for (; at < line.length; at += 1) {
    const char = line.charAt(at);
    if (LINE_ENDS.includes(char)) return { word: untilNul(word), next: line.length };
    if (char === '"') {
      quoted = !quoted;
    } else if (char === '\\') {
      const next = line.charAt(at + 1);
      if (next === '' || LINE_ENDS.includes(next)) continue;
      // Between quotes a backslash stands only for a quote or itself; before anything else it is kept.
      if (quoted && next !== '\\' && next !== '"') word += char;
      else word += line.charAt(++at);
    } else if (!quoted && BLANKS.includes(char)) {
      break;
    } else {
      word += char;
    }
  }
  return { word: untilNul(word), next: at };
}
