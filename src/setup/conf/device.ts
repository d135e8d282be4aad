/**
 * The section `quorum.device`, put in and taken out so that taking out what was put in gives the file back byte for byte.
 * `two_node` cannot stand beside a quorum device: corosync would disable the device, or not start. It is set aside as a
 * comment that says so, and comes back with the removal, as pcs has it.
 */
import type { ConfDocument, ConfLine } from './document.ts';
import { addSection, removeSection, replaceLine } from './edit.ts';

export interface DeviceSettings {
  /** undefined: corosync reckons it, one less than the nodes have. */
  readonly votes?: number | undefined;
  readonly timeoutMs?: number | undefined;
  readonly syncTimeoutMs?: number | undefined;
  readonly net: readonly (readonly [key: string, value: string])[];
  readonly heuristics?: readonly (readonly [key: string, value: string])[] | undefined;
}

const DEVICE = 'quorum.device';
const SET_ASIDE = ' # set aside while there is a quorum device';
const SET_ASIDE_LINE = new RegExp(`^([ \\t]*)# (.*)${SET_ASIDE}(\\r?\\n?)$`, 's');

/** Puts the section in, in place of any that is there. The section `quorum` must exist. */
export function setDevice(document: ConfDocument, settings: DeviceSettings): ConfDocument {
  const { votes, timeoutMs, syncTimeoutMs, net, heuristics } = settings;
  const numbers = [
    ['votes', votes],
    ['timeout', timeoutMs],
    ['sync_timeout', syncTimeoutMs],
  ] as const;
  const keys = numbers.flatMap(([key, value]) => (value === undefined ? [] : [[key, String(value)] as const]));
  const section = {
    name: 'device',
    keys: [['model', 'net'] as const, ...keys],
    sections: [
      { name: 'net', keys: net },
      ...(heuristics === undefined ? [] : [{ name: 'heuristics', keys: heuristics }]),
    ],
  };
  return addSection(setTwoNodeAside(removeSection(document, DEVICE)), 'quorum', section);
}

export function removeDevice(document: ConfDocument): ConfDocument {
  return document.lines.filter(isSetAside).reduce(bringBack, removeSection(document, DEVICE));
}

function setTwoNodeAside(document: ConfDocument): ConfDocument {
  return document.lines.filter(isTwoNode).reduce((changed, line) => {
    const [, indent = '', content = '', lineEnd = ''] = /^([ \t]*)(.*?)(\r?\n?)$/s.exec(line.raw) ?? [];
    return replaceRaw(changed, line.raw, `${indent}# ${content}${SET_ASIDE}${lineEnd}`);
  }, document);
}

function bringBack(document: ConfDocument, line: ConfLine): ConfDocument {
  return replaceRaw(document, line.raw, line.raw.replace(SET_ASIDE_LINE, '$1$2$3'));
}

/** `two_node: 0` says what is so without it. */
function isTwoNode(line: ConfLine): boolean {
  return line.kind === 'key' && line.path === 'quorum.two_node' && Number(line.value) !== 0;
}

function isSetAside(line: ConfLine): boolean {
  return line.kind === 'blank' && SET_ASIDE_LINE.test(line.raw);
}

/** By its bytes: the document was read again since. */
function replaceRaw(document: ConfDocument, before: string, after: string): ConfDocument {
  const line = document.lines.find(({ raw }) => raw === before);
  return line === undefined ? document : replaceLine(document, line, after);
}
