/**
 * Bodies to options. A body is right or wrong as a whole: one known option with a bad value spoils it, even an option
 * that this message has no use for; unknown options are passed over. Whatever the bytes, there is an answer.
 */
import type { MessageName } from './messages.ts';
import { INIT_ACCEPTED_REQUIRED, MESSAGES, NODE_LIST_REQUIRED } from './messages.ts';
import type { OptionName, OptionRow, OptionValues } from './options.ts';
import { OPTIONS } from './options.ts';
import { TLV_HEADER_BYTES, visitTlvs } from './tlv.ts';
import { readU16, readU32, wordsByNumber } from './wire-types.ts';

const U32_BYTES = 4;
const SEQ_ONLY_BYTES = TLV_HEADER_BYTES + U32_BYTES;

export type DecodedBody =
  | { readonly ok: true; readonly options: OptionValues }
  /** `seq` is there if its option stood before the fault: the error reply carries it back. */
  | { readonly ok: false; readonly seq: number | undefined };

const NAME_OF_CODE = wordsByNumber(OPTIONS, (row) => row.code);

type FoundOptions = { [K in OptionName]?: unknown };

export function decodeBody(body: Uint8Array): DecodedBody {
  if (holdsSeqOnly(body)) return { ok: true, options: { msgSeqNumber: readU32(body, TLV_HEADER_BYTES) } };
  const found: FoundOptions = {};
  const fits = visitTlvs(body, (code, value) => {
    const name = NAME_OF_CODE[code];
    return name === undefined || store(found, name, value);
  });
  // Each value comes from the decoder of its own row, a link that the compiler cannot follow through the table.
  const options = found as OptionValues;
  // At least one option has to be there; an unknown one will do.
  if (!fits || body.length === 0) return { ok: false, seq: options.msgSeqNumber };
  return { ok: true, options };
}

/** The first option the receiver of this message cannot do without, undefined if all are there. */
export function missingOption(name: MessageName, options: OptionValues): OptionName | undefined {
  return absentOf(MESSAGES[name].required, options) ?? absentOf(requiredByContent(name, options), options);
}

/** All that heartbeats and confirmations say, and most of what is said at all: worth a short way of its own. */
function holdsSeqOnly(body: Uint8Array): boolean {
  return (
    body.length === SEQ_ONLY_BYTES && readU16(body, 0) === OPTIONS.msgSeqNumber.code && readU16(body, 2) === U32_BYTES
  );
}

function absentOf(required: readonly OptionName[], options: OptionValues): OptionName | undefined {
  for (const option of required) if (options[option] === undefined) return option;
  return undefined;
}

function store(found: FoundOptions, name: OptionName, bytes: Uint8Array): boolean {
  const row: OptionRow = OPTIONS[name];
  const value = row.type.decode(bytes);
  if (value === undefined) return false;
  const before = found[name];
  if (row.repeated === undefined) found[name] = value;
  else if (Array.isArray(before)) before.push(value);
  else found[name] = [value];
  return true;
}

function requiredByContent(name: MessageName, options: OptionValues): readonly OptionName[] {
  if (name === 'nodeList' && options.nodeListType !== undefined) return NODE_LIST_REQUIRED[options.nodeListType];
  if (name === 'initReply' && options.replyErrorCode === 0) return INIT_ACCEPTED_REQUIRED;
  return [];
}
