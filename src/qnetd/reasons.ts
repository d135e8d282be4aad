/**
 * Why a connection or a handshake ended, in words for the log. The left column holds the codes of Node.js and OpenSSL;
 * what is not in a table is passed on as the library says it, cut to one line.
 */
import { codeOf, libraryText } from '../runtime/error-text.ts';

const SOCKET_REASON: Readonly<Record<string, string>> = {
  ECONNRESET: 'the peer reset the connection',
  EPIPE: 'the peer closed the connection while something was being sent',
  ETIMEDOUT: 'the peer does not answer any more (TCP timeout)',
  EHOSTUNREACH: 'there is no route to the peer',
  ENETUNREACH: 'there is no route to the network of the peer',
};

const NOT_TLS = 'the client sent something that is not a TLS handshake';

const HANDSHAKE_REASON: Readonly<Record<string, string>> = {
  ECONNRESET: 'the client closed the connection during the handshake, perhaps because it does not trust this server',
  ERR_TLS_HANDSHAKE_TIMEOUT: 'the client did not finish the handshake in time',
  ERR_SSL_WRONG_VERSION_NUMBER: NOT_TLS,
  ERR_SSL_HTTP_REQUEST: NOT_TLS,
  ERR_SSL_HTTPS_PROXY_REQUEST: NOT_TLS,
  ERR_SSL_UNEXPECTED_MESSAGE: NOT_TLS,
  ERR_SSL_BAD_RECORD_TYPE: NOT_TLS,
  ERR_SSL_PACKET_LENGTH_TOO_LONG: NOT_TLS,
  ERR_SSL_UNKNOWN_PROTOCOL: NOT_TLS,
  ERR_SSL_UNSUPPORTED_PROTOCOL: 'the client offers only TLS versions older than 1.2',
  ERR_SSL_VERSION_TOO_LOW: 'the client offers only TLS versions older than 1.2',
  ERR_SSL_NO_SHARED_CIPHER: 'the client and this server have no cipher in common',
  ERR_SSL_NO_SUITABLE_KEY_SHARE: 'the client and this server have no key exchange group in common',
  ERR_SSL_TLSV1_ALERT_UNKNOWN_CA: "the client does not trust this server's certificate authority",
  ERR_SSL_SSLV3_ALERT_BAD_CERTIFICATE: "the client refused this server's certificate",
  ERR_SSL_SSLV3_ALERT_CERTIFICATE_UNKNOWN: "the client refused this server's certificate",
  ERR_SSL_SSLV3_ALERT_CERTIFICATE_EXPIRED: "the client says that this server's certificate has expired",
  ERR_SSL_TLSV1_ALERT_PROTOCOL_VERSION: 'the client offers only TLS versions that are not served here',
};

const OTHER_AUTHORITY = "the client's certificate was not signed by this server's certificate authority";

const CERTIFICATE_REASON: Readonly<Record<string, string>> = {
  CERT_HAS_EXPIRED: "the client's certificate has expired",
  CERT_NOT_YET_VALID: "the client's certificate is not valid yet; compare the clocks",
  UNABLE_TO_VERIFY_LEAF_SIGNATURE: OTHER_AUTHORITY,
  UNABLE_TO_GET_ISSUER_CERT: OTHER_AUTHORITY,
  UNABLE_TO_GET_ISSUER_CERT_LOCALLY: OTHER_AUTHORITY,
  DEPTH_ZERO_SELF_SIGNED_CERT: "the client's certificate is signed by itself, not by this server's authority",
  SELF_SIGNED_CERT_IN_CHAIN: OTHER_AUTHORITY,
  CERT_SIGNATURE_FAILURE: "the signature of the client's certificate is wrong",
  INVALID_PURPOSE: "the client's certificate may not be used by a TLS client (key usage)",
  INVALID_CA: "the client's certificate was signed by a certificate that is no authority",
};

/** The words for an error of a connected socket. */
export function socketReason(error: Error): string {
  return SOCKET_REASON[codeOf(error)] ?? libraryText(error);
}

/** The words for a handshake that did not come to its end. */
export function handshakeReason(error: Error): string {
  return HANDSHAKE_REASON[codeOf(error)] ?? libraryText(error);
}

/** The words for a certificate that OpenSSL did not accept. */
export function certificateReason(code: string): string {
  return CERTIFICATE_REASON[code] ?? `the client's certificate was not accepted (${code})`;
}
