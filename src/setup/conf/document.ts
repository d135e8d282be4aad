/**
 * corosync.conf as a document: read line by line as corosync's own parser does (exec/coroparse.c, 3.1.7), and kept with
 * every byte, so that whatever is not edited is written back as it was. Text has one character a byte: corosync counts
 * and compares bytes. Whatever corosync would refuse is refused here with its words and the number of the line, before a
 * file goes to all nodes; so is what its versions read in different ways.
 */
export class ConfError extends Error {
  override readonly name = 'ConfError';
  /** Counted from 1; 0: it concerns no line. */
  readonly line: number;
  readonly problem: string;

  constructor(line: number, problem: string) {
    super(line === 0 ? problem : `line ${line}: ${problem}`);
    this.line = line;
    this.problem = problem;
  }
}

/** `raw` has its line end. A path is what corosync calls a key: `quorum.device.net.host`. */
export type ConfLine =
  | { readonly kind: 'blank'; readonly raw: string }
  | { readonly kind: 'open'; readonly raw: string; readonly path: string }
  | { readonly kind: 'close'; readonly raw: string; readonly path: string }
  | {
      readonly kind: 'key';
      readonly raw: string;
      readonly path: string;
      /** Where the value begins in `raw`. */
      readonly valueAt: number;
      readonly value: string;
    };

export type KeyLine = Extract<ConfLine, { kind: 'key' }>;

export interface ConfDocument {
  readonly lines: readonly ConfLine[];
}

/** Corosync reads 511 bytes at a time, and knows that it has a whole line by the line end in them. */
const LINE_BYTES_MAX = 511;
/** ICMAP_KEYNAME_MAXLEN and _MINLEN. */
const PATH_BYTES_MAX = 254;
const PATH_BYTES_MIN = 3;
const PATH = /^[A-Za-z0-9._\-/:]*$/;
/** Newer versions of corosync take this byte for white space, older ones do not. It ends many letters in UTF-8. */
const DISPUTED = '\u00a0';

export function parseConf(text: string): ConfDocument {
  const lines: ConfLine[] = [];
  const open: string[] = [];
  for (const raw of text.match(/[^\n]*\n|[^\n]+$/g) ?? []) {
    const line = readLine(raw, open.at(-1) ?? '', lines.length + 1);
    if (line.kind === 'open') open.push(line.path);
    if (line.kind === 'close') {
      if (open.pop() === undefined) throw new ConfError(lines.length + 1, 'Unexpected closing brace');
    }
    lines.push(line);
  }
  if (open.length > 0) throw new ConfError(lines.length, 'Missing closing brace');
  return { lines };
}

export function serialise(document: ConfDocument): string {
  return document.lines.map(({ raw }) => raw).join('');
}

/** Of several lines with one key the last counts. */
export function keyLineOf(document: ConfDocument, path: string): KeyLine | undefined {
  return document.lines.findLast((line): line is KeyLine => line.kind === 'key' && line.path === path);
}

export function valueAtPath(document: ConfDocument, path: string): string | undefined {
  return keyLineOf(document, path)?.value;
}

/** Counted from 1, as editors do. */
export function lineNumberOf(document: ConfDocument, line: ConfLine): number {
  return document.lines.indexOf(line) + 1;
}

/** The order of the tests is corosync's: a brace or colon counts wherever it stands. */
function readLine(raw: string, section: string, number: number): ConfLine {
  if (raw.length > (raw.endsWith('\n') ? LINE_BYTES_MAX : LINE_BYTES_MAX - 1) || raw.includes('\0')) {
    throw new ConfError(number, 'Line too long');
  }
  const content = raw
    .replace(/\n$/, '')
    .replace(/\r$/, '')
    .replace(/[ \t]+$/, '');
  const begin = content.search(/[^ \t]/);
  if (begin === -1 || content[begin] === '#') return { kind: 'blank', raw };
  if (content.includes('{')) return openLine(raw, content, section, number);
  if (content.includes(':')) return keyLine(raw, content, section, number);
  if (!content.includes('}')) {
    throw new ConfError(number, 'Line is not opening or closing section or key value');
  }
  if (content.slice(begin) !== '}') {
    throw new ConfError(number, "Extra characters before or after closing bracket '}'");
  }
  return { kind: 'close', raw, path: section };
}

function openLine(raw: string, content: string, section: string, number: number): ConfLine {
  const brace = content.indexOf('{');
  const name = trimName(content.slice(0, brace));
  if (name === '') throw new ConfError(number, "Missing section name before opening bracket '{'");
  if (brace < content.length - 1) throw new ConfError(number, "Extra characters after opening bracket '{'");
  refuseDisputed(name, number);
  const path = joined(section, name);
  if (path.length > PATH_BYTES_MAX) throw new ConfError(number, 'Start of section makes total cmap path too long');
  return { kind: 'open', raw, path };
}

function keyLine(raw: string, content: string, section: string, number: number): ConfLine {
  const colon = content.indexOf(':');
  const name = trimName(content.slice(0, colon));
  if (name === '') throw new ConfError(number, "Key name can't be empty");
  const blanks = content.slice(colon + 1).search(/[^ \t]|$/);
  const valueAt = colon + 1 + blanks;
  const value = content.slice(valueAt);
  refuseDisputed(name, number);
  refuseDisputed(value, number);
  const path = joined(section, name);
  if (path.length > PATH_BYTES_MAX) throw new ConfError(number, 'New key makes total cmap path too long');
  if (path.length < PATH_BYTES_MIN || !PATH.test(path)) {
    throw new ConfError(number, `Can't store key "${path}": it is too short or holds characters that keys do not have`);
  }
  return { kind: 'key', raw, path, valueAt, value };
}

/** `name: {` opens a section as `name {` does. */
function trimName(text: string): string {
  return text.replace(/^[ \t]+/, '').replace(/[ \t:{]+$/, '');
}

function joined(section: string, name: string): string {
  return section === '' ? name : `${section}.${name}`;
}

function refuseDisputed(text: string, number: number): void {
  if (!text.startsWith(DISPUTED) && !text.endsWith(DISPUTED)) return;
  throw new ConfError(
    number,
    'A byte 0xA0 begins or ends a name or value, which versions of corosync read differently',
  );
}
