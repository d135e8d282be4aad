/**
 * `qnetd certs revoke`: certificates of a cluster open nothing any more, from now on. Says which first, and does it after
 * a yes; without a terminal only with --yes. A running arbiter is told at once; one that cannot be asked reads the list
 * when it starts or reloads.
 */
import { fingerprintOf, revokeCertificates, revokedCertificates } from '../certs/revoked.ts';
import { arbiterCertificates, type ListedCertificate } from '../certs/validity.ts';
import { OperatorError } from '../runtime/errors.ts';
import { counted, wrapped } from '../status/text-layout.ts';
import { askArbiter } from './ask-arbiter.ts';
import { type Output, reportMistake } from './output.ts';

export interface RevokeChoice {
  readonly cluster: string | undefined;
  /** Hexadecimal, or the beginning of it as `qnetd certs` shows it. */
  readonly serial: string | undefined;
  readonly fingerprint: string | undefined;
  readonly dryRun: boolean;
  readonly yes: boolean;
  readonly json: boolean;
}

export interface RevokePorts {
  readonly output: Output;
  /** undefined: there is nobody to ask. */
  readonly confirm: ((question: string) => Promise<boolean>) | undefined;
  /** Where a running arbiter may be asked. */
  readonly sockets: readonly string[];
}

interface Target {
  readonly fingerprint: string;
  /** undefined: this directory does not have it. */
  readonly certificate: ListedCertificate | undefined;
}

const SERIAL_DIGITS_MIN = 3;

export async function revokeCommand(choice: RevokeChoice, stateDir: string, ports: RevokePorts): Promise<number> {
  try {
    return await revoke(choice, stateDir, ports);
  } catch (error) {
    return reportMistake(error, ports.output);
  }
}

async function revoke(choice: RevokeChoice, stateDir: string, { output, confirm, sockets }: RevokePorts) {
  const { cluster, dryRun, yes, json } = choice;
  if (cluster === undefined || cluster === '') {
    throw new OperatorError('The name is missing.', 'Give it with --cluster.', 2);
  }
  const known = new Set((await revokedCertificates(stateDir)).map(({ fingerprint }) => fingerprint));
  const targets = await targetsOf(choice, cluster, stateDir);
  const news = targets.filter(({ fingerprint }) => !known.has(fingerprint));
  const say = (text: string) => {
    if (!json) for (const line of wrapped(text, '')) output.out(line);
  };
  const tellJson = (isDone: boolean, isTold: boolean) => {
    const fingerprints = news.map(({ fingerprint }) => fingerprint);
    if (json) output.out(JSON.stringify({ cluster, revoked: isDone ? fingerprints : [], arbiterTold: isTold }));
  };
  for (const target of targets) say(`${described(target)}${known.has(target.fingerprint) ? ', revoked already' : ''}`);
  if (news.length === 0) {
    say('Nothing is left to be revoked.');
  } else {
    say(
      `Whoever shows ${news.length === 1 ? 'it' : 'one of them'} will be refused and is disconnected. Nodes of the ` +
        'cluster have no vote of the arbiter then until they have a new certificate. This cannot be taken back.',
    );
    if (dryRun) {
      say('Nothing was changed (--dry-run).');
      tellJson(false, false);
      return 0;
    }
    if (!yes && confirm === undefined) {
      throw new OperatorError('Nothing was changed: nobody has confirmed it.', 'Say it with --yes.', 2);
    }
    if (!yes && confirm !== undefined && !(await confirm(`Revoke ${counted(news.length, 'certificate')}`))) {
      throw new OperatorError('Nothing was changed.', 'Run this again when it is to be done.', 2);
    }
    const revokedAt = new Date().toISOString();
    await revokeCertificates(
      stateDir,
      news.map(({ fingerprint }) => ({ fingerprint, cluster, revokedAt })),
    );
    say(`Revoked ${counted(news.length, 'certificate')}.`);
  }
  const isTold = (await askArbiter('reload\n', sockets)).kind === 'ok';
  if (isTold) say('The running arbiter has been told.');
  else output.err('No arbiter was told. If one runs: systemctl reload corosync-qnetd, or send it SIGHUP.');
  tellJson(true, isTold);
  return 0;
}

async function targetsOf({ serial, fingerprint }: RevokeChoice, cluster: string, stateDir: string): Promise<Target[]> {
  const listed = (await arbiterCertificates(stateDir, new Date())).filter((found) => found.cluster === cluster);
  const all = listed.map((certificate): Target => {
    return { fingerprint: fingerprintOf(certificate.fingerprint) ?? '', certificate };
  });
  if (fingerprint !== undefined) {
    const wanted = fingerprintOf(fingerprint);
    if (wanted === undefined) {
      throw new OperatorError(
        `${fingerprint} is no fingerprint.`,
        'Give the 64 digits (SHA-256) that qnetd status --json, the log or openssl shows.',
        2,
      );
    }
    // One that was forgotten here, or that another command of this authority has signed, can be revoked as well.
    return [all.find((target) => target.fingerprint === wanted) ?? { fingerprint: wanted, certificate: undefined }];
  }
  const digits = serial?.toUpperCase();
  const found = all.filter(
    ({ certificate }) => digits === undefined || certificate?.serial.startsWith(digits) === true,
  );
  if (found.length === 0) {
    const which = serial === undefined ? '' : ` with the serial number ${serial}`;
    throw new OperatorError(
      `There is no certificate${which} of a cluster ${JSON.stringify(cluster)} in ${stateDir}.`,
      'See qnetd certs list; one that is not there can be named with --fingerprint.',
    );
  }
  if (digits !== undefined && (found.length > 1 || digits.length < SERIAL_DIGITS_MIN)) {
    throw new OperatorError(`${serial} is not the serial number of one certificate.`, 'Give more of its digits.', 2);
  }
  return found;
}

function described({ fingerprint, certificate }: Target): string {
  if (certificate === undefined) return `Certificate ${fingerprint}, which is not in this directory`;
  const { serial, validFrom, validTo } = certificate;
  return `Certificate ${serial}, ${validFrom.slice(0, 10)} to ${validTo.slice(0, 10)}`;
}
