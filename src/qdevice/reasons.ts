/**
 * Why a connection to the arbiter could not be made or ended, in words for the log and for status: what is wrong and
 * what to do about it. The left columns hold the codes of Node.js and OpenSSL; what is not in a table is passed on as the
 * library says it, cut to one line.
 */
import { codeOf, libraryText } from '../runtime/error-text.ts';

const CONNECT_REASON: Readonly<Record<string, string>> = {
  ECONNREFUSED: 'refused the connection',
  ETIMEDOUT: 'did not answer',
  EHOSTUNREACH: 'cannot be reached (no route to the host)',
  ENETUNREACH: 'cannot be reached (no route to its network)',
  EADDRNOTAVAIL: 'cannot be reached (no address of this host to start from)',
  EACCES: 'was forbidden by the local firewall',
  EPERM: 'was forbidden by the local firewall',
  ECONNRESET: 'reset the connection',
};

const LOOKUP_REASON: Readonly<Record<string, string>> = {
  ENOTFOUND: 'no such name, or no address of the kind this host can use',
  EAI_AGAIN: 'no name server answers',
};

const SOCKET_REASON: Readonly<Record<string, string>> = {
  ECONNRESET: 'it reset the connection',
  EPIPE: 'while something was being sent',
  ETIMEDOUT: 'it does not answer any more (TCP timeout)',
  EHOSTUNREACH: 'there is no route to it any more',
  ENETUNREACH: 'there is no route to its network any more',
};

/** The words for an address that could not be connected to; the address comes before. */
export function connectReason(error: Error): string {
  return CONNECT_REASON[codeOf(error)] ?? `failed (${libraryText(error)})`;
}

export function lookupReason(error: unknown): string {
  return LOOKUP_REASON[codeOf(error)] ?? (error instanceof Error ? libraryText(error) : String(error));
}

/** The words for the end of a connection that stood. */
export function socketReason(error: Error): string {
  return SOCKET_REASON[codeOf(error)] ?? libraryText(error);
}
