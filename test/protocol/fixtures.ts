/** Reads the files of test/fixtures: one case a line, `name | field | field`, hexadecimal without blanks. */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { FrameReader } from '../../src/protocol/frame-reader.ts';
import type { MessageName } from '../../src/protocol/messages.ts';

export function readFixture(file: string): readonly (readonly [name: string, second: string, third: string])[] {
  const text = readFileSync(new URL(`../fixtures/${file}`, import.meta.url), 'utf8');
  const lines = text.split('\n').filter((line) => line !== '' && !line.startsWith('#'));
  return lines.map((line) => {
    const [name, second, third, ...others] = line.split(' | ');
    assert.ok(name !== undefined && second !== undefined && third !== undefined && others.length === 0, line);
    return [name, second, third];
  });
}

export function fromHex(hex: string): Uint8Array {
  assert.match(hex, /^([0-9a-f]{2})*$/);
  return Uint8Array.from(Buffer.from(hex, 'hex'));
}

export function toHex(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString('hex');
}

/** The one frame that these bytes are. */
export function readOneFrame(bytes: Uint8Array): { readonly name: MessageName; readonly body: Uint8Array } {
  const reader = new FrameReader(0x1_0000_0000);
  reader.push(bytes);
  const event = reader.next();
  assert.ok(event !== undefined && event.kind === 'frame', 'not a whole frame of a known type');
  assert.equal(reader.next(), undefined);
  assert.equal(reader.takeRest().length, 0);
  return event;
}
