/**
 * The schemes of RFC 7292, appendix B and C: SHA-1, and ciphers most of which OpenSSL 3 no longer knows. Files of old NSS
 * have few rounds of them; of today's NSS they have 600,000, between which other work gets its turn. They are read, and
 * never written.
 */
import { createDecipheriv, hash } from 'node:crypto';
import { setImmediate as others } from 'node:timers/promises';
import forge from 'node-forge';
import { Asn1Error } from './asn1.ts';

export interface OldScheme {
  readonly cipher: 'rc4' | 'rc2' | 'des-ede3-cbc' | 'des-ede-cbc';
  readonly keyBytes: number;
}

const SCHEMES = '1.2.840.113549.1.12.1.';
/** By the last number of their name. */
const BY_NUMBER: Readonly<Record<string, OldScheme>> = {
  1: { cipher: 'rc4', keyBytes: 16 },
  2: { cipher: 'rc4', keyBytes: 5 },
  3: { cipher: 'des-ede3-cbc', keyBytes: 24 },
  4: { cipher: 'des-ede-cbc', keyBytes: 16 },
  5: { cipher: 'rc2', keyBytes: 16 },
  6: { cipher: 'rc2', keyBytes: 5 },
};
const IV_BYTES = 8;
/** What key material is for (B.3). */
const [ID_KEY, ID_IV] = [1, 2];
/** Of SHA-1. */
const BLOCK_BYTES = 64;
/** Some milliseconds. */
const ROUNDS_IN_A_TURN = 5_000;

export function oldSchemeOf(oid: string): OldScheme | undefined {
  return oid.startsWith(SCHEMES) ? BY_NUMBER[oid.slice(SCHEMES.length)] : undefined;
}

/** What the empty password opens. Throws on anything else. */
export async function openOldScheme(
  { cipher, keyBytes }: OldScheme,
  salt: Buffer,
  rounds: number,
  encrypted: Buffer,
): Promise<Buffer> {
  const key = await derived(ID_KEY, salt, rounds, keyBytes);
  if (cipher === 'rc4') return rc4(key, encrypted);
  const iv = await derived(ID_IV, salt, rounds, IV_BYTES);
  if (cipher === 'rc2') return rc2(key, iv, encrypted);
  const decipher = createDecipheriv(cipher, key, iv);
  return Buffer.concat([decipher.update(encrypted), decipher.final()]);
}

/** B.2, for the empty password, which is two bytes of zero. */
async function derived(id: number, salt: Buffer, rounds: number, bytes: number): Promise<Buffer> {
  const saltBytes = BLOCK_BYTES * Math.ceil(salt.length / BLOCK_BYTES);
  const input = Buffer.concat([Buffer.alloc(saltBytes, salt), Buffer.alloc(BLOCK_BYTES)]);
  const parts: Buffer[] = [];
  for (let made = 0; made < bytes; made += parts.at(-1)?.length ?? bytes) {
    const digest = hash('sha1', Buffer.concat([Buffer.alloc(BLOCK_BYTES, id), input]), 'buffer');
    for (let round = 1; round < rounds; round += 1) {
      digest.write(hash('sha1', digest, 'binary'), 'binary'); // a new buffer for each takes more than twice as long
      if (round % ROUNDS_IN_A_TURN === 0) await others();
    }
    parts.push(digest);
    const added = Buffer.alloc(BLOCK_BYTES, digest);
    for (let at = 0; at < input.length; at += BLOCK_BYTES) addOne(input.subarray(at, at + BLOCK_BYTES), added);
  }
  return Buffer.concat(parts).subarray(0, bytes);
}

/** `block` becomes block + added + 1, as numbers of the size of a block. */
function addOne(block: Buffer, added: Buffer): void {
  let carry = 1;
  for (let at = block.length - 1; at >= 0; at -= 1) {
    carry += (block[at] ?? 0) + (added[at] ?? 0);
    block[at] = carry & 255;
    carry >>= 8;
  }
}

function rc2(key: Buffer, iv: Buffer, encrypted: Buffer): Buffer {
  const forged = (bytes: Buffer) => forge.util.createBuffer(bytes.toString('latin1'));
  const cipher = forge.rc2.createDecryptionCipher(forged(key), key.length * 8);
  cipher.start(forged(iv));
  cipher.update(forged(encrypted));
  if (!cipher.finish()) throw new Asn1Error('the password is not empty, or the file is damaged');
  return Buffer.from(cipher.output.bytes(), 'latin1');
}

/** No library here has it any more. */
function rc4(key: Buffer, encrypted: Buffer): Buffer {
  const state = Uint8Array.from({ length: 256 }, (_, index) => index);
  const at = (index: number) => state[index & 255] ?? 0;
  const swap = (one: number, other: number) => {
    const kept = at(one);
    state[one & 255] = at(other);
    state[other & 255] = kept;
  };
  let mixed = 0;
  for (let index = 0; index < 256; index += 1) {
    mixed += at(index) + (key[index % key.length] ?? 0);
    swap(index, mixed);
  }
  mixed = 0;
  const opened = Buffer.from(encrypted);
  for (const [index, byte] of encrypted.entries()) {
    mixed += at(index + 1);
    swap(index + 1, mixed);
    opened[index] = byte ^ at(at(index + 1) + at(mixed));
  }
  return opened;
}
