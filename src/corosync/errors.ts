/**
 * What corosync's libraries answer (cs_error_t in corosync/corotypes.h): a number in, a name, a text and whether the
 * same call may succeed a little later. Success is 1, not 0, so that a forgotten check never passes for success.
 */
import { OperatorError } from '../runtime/errors.ts';

const ERRORS = {
  1: { name: 'ok', retry: false, text: 'success' },
  2: { name: 'library', retry: false, text: 'corosync is not running' },
  3: { name: 'version', retry: false, text: 'corosync and its library do not fit together' },
  4: { name: 'init', retry: false, text: 'the connection could not be set up' },
  5: { name: 'timeout', retry: true, text: 'corosync did not answer in time' },
  6: { name: 'tryAgain', retry: true, text: 'corosync is busy' },
  7: { name: 'invalidParam', retry: false, text: 'corosync does not accept a value of the request' },
  8: { name: 'noMemory', retry: false, text: 'out of memory' },
  9: { name: 'badHandle', retry: false, text: 'the connection to corosync is closed' },
  10: { name: 'busy', retry: true, text: 'corosync is busy' },
  11: { name: 'access', retry: false, text: 'corosync does not allow this' },
  12: { name: 'notExist', retry: false, text: 'corosync knows no such thing' },
  13: { name: 'nameTooLong', retry: false, text: 'a name is too long' },
  14: { name: 'exist', retry: false, text: 'it exists already, under another name' },
  15: { name: 'noSpace', retry: false, text: 'there is no space left' },
  16: { name: 'interrupt', retry: true, text: 'the call was interrupted' },
  18: { name: 'noResources', retry: true, text: 'corosync lacks resources for another connection' },
  19: { name: 'notSupported', retry: false, text: 'this corosync cannot do that' },
  21: { name: 'failedOperation', retry: false, text: 'corosync could not do it' },
  22: { name: 'messageError', retry: false, text: 'the ring named is not the current one' },
  26: { name: 'tooBig', retry: false, text: 'the request is too big' },
  27: { name: 'noSections', retry: false, text: 'there are no more entries' },
  100: { name: 'security', retry: false, text: 'corosync refused for reasons of security' },
} as const satisfies Record<number, { name: string; retry: boolean; text: string }>;

type KnownCode = keyof typeof ERRORS;
export type CorosyncErrorName = (typeof ERRORS)[KnownCode]['name'] | 'unknown';

const isKnown = (code: number): code is KnownCode => Object.hasOwn(ERRORS, code);

/** The name of an answer; what this program does about it depends on the name alone. */
export function errorName(code: number): CorosyncErrorName {
  return isKnown(code) ? ERRORS[code].name : 'unknown';
}

/** A request that corosync answered with anything but success. */
export class CorosyncError extends Error {
  override readonly name = 'CorosyncError';
  readonly request: string;
  readonly reason: CorosyncErrorName;
  readonly retry: boolean;

  constructor(request: string, code: number) {
    const text = isKnown(code) ? ERRORS[code].text : 'an answer this program does not know';
    super(`${request}: ${text} (error ${code})`);
    this.request = request;
    this.reason = errorName(code);
    this.retry = isKnown(code) && ERRORS[code].retry;
  }
}

const CODE_OF: ReadonlyMap<string, number> = new Map(
  Object.entries(ERRORS).map(([code, { name }]) => [name, Number(code)]),
);

/** The number behind a name, for the twin, which answers like corosync. */
export function errorCode(name: Exclude<CorosyncErrorName, 'unknown'>): number {
  return CODE_OF.get(name) ?? 0;
}

/** Throws unless the call succeeded. To be used before any value that the call gave back is looked at. */
export function check(request: string, code: number): void {
  if (errorName(code) !== 'ok') throw new CorosyncError(request, code);
}

/** What the person at the keyboard has to know when the first connection fails. */
export function connectFailure(error: CorosyncError): OperatorError {
  const cause = { cause: error };
  switch (error.reason) {
    case 'library':
      return new OperatorError('Corosync is not running on this node.', 'Start the service corosync first.', 1, cause);
    case 'access':
      return new OperatorError(
        'Corosync does not allow this user to connect.',
        'Run as root, or name the user in a uidgid section of the corosync configuration.',
        1,
        cause,
      );
    case 'tryAgain':
      return new OperatorError(
        'Corosync is starting and did not accept a connection in time.',
        'Look into its log for what it waits for, or raise max_cs_try_again.',
        1,
        cause,
      );
    default:
      return new OperatorError(`Corosync refused a connection (${error.message}).`, 'Look into its log.', 1, cause);
  }
}
