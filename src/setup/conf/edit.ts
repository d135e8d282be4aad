/**
 * Changes to corosync.conf. Each yields a new document, read again from its text, so that what corosync will read is what
 * was meant; every line that is not concerned keeps its bytes. A line that is added looks like its neighbours.
 */
import {
  type ConfDocument,
  ConfError,
  type ConfLine,
  keyLineOf,
  lineNumberOf,
  parseConf,
  serialise,
  valueAtPath,
} from './document.ts';

export interface NewSection {
  readonly name: string;
  readonly keys: readonly (readonly [key: string, value: string])[];
  readonly sections?: readonly NewSection[];
}

/** The greatest that cmap holds. */
const CONFIG_VERSION_MAX = 2n ** 64n - 1n;
const CONFIG_VERSION = 'totem.config_version';

/** Replaces the value that counts, or adds the key behind the last one of its section, which must exist. */
export function setKey(document: ConfDocument, path: string, value: string): ConfDocument {
  const line = keyLineOf(document, path);
  const changed = line === undefined ? addKey(document, path, value) : replaceValue(document, line, value);
  if (valueAtPath(changed, path) !== value) throw new ConfError(0, `"${value}" cannot be a value of ${path}`);
  return changed;
}

export function removeKey(document: ConfDocument, path: string): ConfDocument {
  return keepLines(document, (line) => line.kind !== 'key' || line.path !== path);
}

/** Every section of this path, with what is in it. */
export function removeSection(document: ConfDocument, path: string): ConfDocument {
  let inside = false;
  return keepLines(document, (line) => {
    if (line.kind === 'open' && line.path === path) inside = true;
    const kept = !inside && !(line.kind === 'key' && line.path.startsWith(`${path}.`));
    if (line.kind === 'close' && line.path === path) inside = false;
    return kept;
  });
}

/** Adds a section as the last thing in the last section of `parent`, which must exist. */
export function addSection(document: ConfDocument, parent: string, section: NewSection): ConfDocument {
  const close = document.lines.findLastIndex((line) => line.kind === 'close' && line.path === parent);
  if (close === -1) throw new ConfError(0, `There is no section ${parent}`);
  const style = styleOf(document, close);
  return insertAt(document, close, sectionLines(section, style.indent, style));
}

/** Corosync takes a changed file for newer by this number alone. */
export function raiseConfigVersion(document: ConfDocument): ConfDocument {
  const version = configVersionOf(document);
  if (version === undefined) throw new ConfError(0, `There is no ${CONFIG_VERSION}`);
  if (version >= CONFIG_VERSION_MAX) throw new ConfError(0, `${CONFIG_VERSION} cannot be raised any more`);
  return setKey(document, CONFIG_VERSION, String(version + 1n));
}

/** Corosync 3.1.7 ends itself over a value that is no number, so it must not come that far. */
export function configVersionOf(document: ConfDocument): bigint | undefined {
  const line = keyLineOf(document, CONFIG_VERSION);
  if (line === undefined) return undefined;
  if (/^\d{1,20}$/.test(line.value) && BigInt(line.value) <= CONFIG_VERSION_MAX) return BigInt(line.value);
  throw new ConfError(lineNumberOf(document, line), `Value of key "${CONFIG_VERSION}" is expected to be a number`);
}

export function replaceLine(document: ConfDocument, line: ConfLine, raw: string): ConfDocument {
  return parseConf(document.lines.map((other) => (other === line ? raw : other.raw)).join(''));
}

function replaceValue(document: ConfDocument, line: Extract<ConfLine, { kind: 'key' }>, value: string): ConfDocument {
  const before = line.raw.slice(0, line.valueAt);
  const gap = before.endsWith(':') ? ' ' : '';
  return replaceLine(document, line, `${before}${gap}${value}${line.raw.slice(line.valueAt + line.value.length)}`);
}

function addKey(document: ConfDocument, path: string, value: string): ConfDocument {
  const section = path.slice(0, path.lastIndexOf('.'));
  const key = path.slice(section.length + 1);
  const close = document.lines.findLastIndex((line) => line.kind === 'close' && line.path === section);
  if (close === -1) throw new ConfError(0, `There is no section ${section}`);
  const { indent, lineEnd } = styleOf(document, close);
  return insertAt(document, lastKeyBefore(document, close) + 1, [`${indent}${key}: ${value}${lineEnd}`]);
}

/** The last key directly in the section that line `close` closes; where it has none, the line that opens it. */
function lastKeyBefore({ lines }: ConfDocument, close: number): number {
  let depth = 0;
  for (let at = close; at >= 0; at -= 1) {
    const kind = lines[at]?.kind;
    if (kind === 'close') depth += 1;
    if (kind === 'open') depth -= 1;
    if (depth === 0 || (depth === 1 && kind === 'key')) return at;
  }
  return 0;
}

interface Style {
  /** Of what stands directly in the section. */
  readonly indent: string;
  /** By which each level is further in. */
  readonly step: string;
  readonly lineEnd: string;
}

/** As its other lines are; where it has none, as the first indented line of the file is. */
function styleOf(document: ConfDocument, close: number): Style {
  const { lines } = document;
  const outer = indentOf(lines[close]);
  const inside = lines.slice(openingOf(document, close) + 1, close).find((line) => line.kind !== 'blank');
  const anywhere = lines.find((line) => line.kind === 'key' && indentOf(line) !== '');
  const indent = inside === undefined ? `${outer}${indentOf(anywhere) || '  '}` : indentOf(inside);
  const isDeeper = indent.length > outer.length && indent.startsWith(outer);
  const lineEnd = lines[0]?.raw.endsWith('\r\n') ? '\r\n' : '\n';
  return { indent, step: isDeeper ? indent.slice(outer.length) : indentOf(anywhere) || '  ', lineEnd };
}

function sectionLines(section: NewSection, indent: string, style: Style): string[] {
  const deeper = `${indent}${style.step}`;
  return [
    `${indent}${section.name} {${style.lineEnd}`,
    ...section.keys.map(([key, value]) => `${deeper}${key}: ${value}${style.lineEnd}`),
    ...(section.sections ?? []).flatMap((inner) => sectionLines(inner, deeper, style)),
    `${indent}}${style.lineEnd}`,
  ];
}

/** The line that opens what line `close` closes. */
function openingOf({ lines }: ConfDocument, close: number): number {
  let depth = 0;
  for (let at = close; at >= 0; at -= 1) {
    const kind = lines[at]?.kind;
    if (kind === 'close') depth += 1;
    if (kind === 'open') depth -= 1;
    if (depth === 0) return at;
  }
  return 0;
}

function indentOf(line: ConfLine | undefined): string {
  return /^[ \t]*/.exec(line?.raw ?? '')?.[0] ?? '';
}

function insertAt(document: ConfDocument, at: number, raws: readonly string[]): ConfDocument {
  const before = document.lines.slice(0, at).map(({ raw }) => raw);
  const after = document.lines.slice(at).map(({ raw }) => raw);
  return parseConf([...before, ...raws, ...after].join(''));
}

function keepLines(document: ConfDocument, keep: (line: ConfLine) => boolean): ConfDocument {
  return parseConf(serialise({ lines: document.lines.filter(keep) }));
}
