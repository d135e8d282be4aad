/**
 * What the certificates look like is data, in `certs/` at the top of the package. The files are read strictly: an
 * unknown or missing member is an error, because a misspelt one would silently issue certificates nobody wants.
 */
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { OperatorError } from '../runtime/errors.ts';

export type Digest = 'sha256' | 'sha384' | 'sha512';

export interface FixedSubject {
  readonly commonName: string;
  readonly stringType: 'printable' | 'utf8';
}

export interface BasicConstraints {
  readonly name: 'basicConstraints';
  readonly critical: boolean;
  readonly authority: boolean;
  readonly pathLength: number;
}

export interface CertificateProfile<Subject = FixedSubject | 'fromRequest'> {
  readonly reason: string;
  readonly subject: Subject;
  /** Size of a key made here, and the least that a request may bring. */
  readonly keyBits: number;
  readonly digest: Digest;
  readonly validityDays: number;
  readonly backdateDays: number;
  readonly extensions: readonly BasicConstraints[];
}

type JsonObject = Readonly<Record<string, unknown>>;

/** Certificates live at most 100 years: some readers of dates go no further. */
const VALIDITY_DAYS_MAX = 36_525;
const MEMBERS = ['reason', 'subject', 'keyBits', 'digest', 'validityDays', 'backdateDays', 'extensions'];

/** With another validity than the profile's, counted from now, where one is asked for. */
export function withValidDays<P extends CertificateProfile>(profile: P, validDays: number | undefined): P {
  if (validDays === undefined) return profile;
  if (isWhole(validDays, 1, VALIDITY_DAYS_MAX - profile.backdateDays)) {
    return { ...profile, validityDays: validDays + profile.backdateDays };
  }
  throw new OperatorError(
    `A certificate cannot be valid for ${validDays} days.`,
    `Choose 1 to ${VALIDITY_DAYS_MAX - profile.backdateDays}; 3650 are ten years.`,
    2,
  );
}

/** The profile of a certificate whose subject we choose. */
export function readFixedProfile(name: 'ca' | 'server'): CertificateProfile<FixedSubject> {
  const profile = readProfile(name);
  if (profile.subject === 'fromRequest') throw damaged(name, 'subject must be given');
  return { ...profile, subject: profile.subject };
}

/** The profile of the certificate that a cluster asks for. */
export function readClusterProfile(): CertificateProfile<'fromRequest'> {
  const profile = readProfile('cluster');
  if (profile.subject !== 'fromRequest') throw damaged('cluster', 'subject must be "fromRequest"');
  return { ...profile, subject: profile.subject };
}

/** `src/certs` and `dist/certs` lie at the same depth, so that one relative address serves both. */
function readProfile(name: string): CertificateProfile {
  const path = fileURLToPath(new URL(`../../certs/${name}.json`, import.meta.url));
  let content: string;
  try {
    content = readFileSync(path, 'utf8');
  } catch (cause) {
    throw new OperatorError(`The certificate profile ${path} cannot be read.`, 'Install the package again.', 1, {
      cause,
    });
  }
  return parseProfile(name, content);
}

export function parseProfile(name: string, content: string): CertificateProfile {
  const check = (condition: boolean, rule: string): void => {
    if (!condition) throw damaged(name, rule);
  };
  let profile: unknown;
  try {
    profile = JSON.parse(content);
  } catch {
    throw damaged(name, 'it must be JSON');
  }
  if (!isObject(profile)) throw damaged(name, 'it must be an object');
  check(hasExactly(profile, MEMBERS), `its members must be ${MEMBERS.join(', ')}`);
  const { reason, subject, keyBits, digest, validityDays, backdateDays, extensions } = profile;
  if (typeof reason !== 'string') throw damaged(name, 'reason must be text');
  if (!isWhole(keyBits, 2048, 8192)) throw damaged(name, 'keyBits must be 2048 to 8192');
  if (!isDigest(digest)) throw damaged(name, 'digest must be sha256, sha384 or sha512');
  if (!isWhole(validityDays, 1, VALIDITY_DAYS_MAX)) throw damaged(name, 'validityDays must be 1 to 36525');
  if (!isWhole(backdateDays, 0, 365)) throw damaged(name, 'backdateDays must be 0 to 365');
  if (!Array.isArray(extensions)) throw damaged(name, 'extensions must be a list');
  return {
    reason,
    subject: parseSubject(name, subject),
    keyBits,
    digest,
    validityDays,
    backdateDays,
    extensions: extensions.map((extension: unknown) => parseExtension(name, extension)),
  };
}

function parseSubject(name: string, subject: unknown): FixedSubject | 'fromRequest' {
  if (subject === 'fromRequest') return subject;
  if (!isObject(subject) || !hasExactly(subject, ['commonName', 'stringType'])) {
    throw damaged(name, 'subject must be "fromRequest" or hold commonName and stringType');
  }
  const { commonName, stringType } = subject;
  if (stringType !== 'printable' && stringType !== 'utf8') throw damaged(name, 'stringType must be printable or utf8');
  // ASN.1 PrintableString: letters, digits and these.
  const fits = stringType === 'utf8' ? /^[^\0]{1,64}$/u : /^[A-Za-z0-9 '()+,\-./:=?]{1,64}$/;
  if (typeof commonName !== 'string' || !fits.test(commonName)) {
    throw damaged(name, 'commonName must be 1 to 64 characters of its stringType');
  }
  return { commonName, stringType };
}

function parseExtension(name: string, extension: unknown): BasicConstraints {
  const members = ['name', 'critical', 'authority', 'pathLength'];
  if (!isObject(extension) || !hasExactly(extension, members) || extension['name'] !== 'basicConstraints') {
    throw damaged(name, `an extension must be basicConstraints, with ${members.join(', ')}`);
  }
  const { critical, authority, pathLength } = extension;
  if (typeof critical !== 'boolean' || typeof authority !== 'boolean' || !isWhole(pathLength, 0, 9)) {
    throw damaged(name, 'critical and authority must be true or false, pathLength 0 to 9');
  }
  return { name: 'basicConstraints', critical, authority, pathLength };
}

function damaged(name: string, rule: string): OperatorError {
  return new OperatorError(
    `The certificate profile certs/${name}.json is wrong: ${rule}.`,
    'Install the package again.',
  );
}

function isObject(value: unknown): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function isWhole(value: unknown, min: number, max: number): value is number {
  return typeof value === 'number' && Number.isInteger(value) && value >= min && value <= max;
}

function isDigest(value: unknown): value is Digest {
  return value === 'sha256' || value === 'sha384' || value === 'sha512';
}

function hasExactly(value: JsonObject, members: readonly string[]): boolean {
  const found = Object.keys(value);
  return found.length === members.length && members.every((member) => Object.hasOwn(value, member));
}
