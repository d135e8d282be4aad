/**
 * The TLS half of STARTTLS on the node's side: takes a plain socket in the middle of its life and gives back a secured
 * one, or the reason why not.
 *
 * OpenSSL checks the certificate, but Node.js would end the connection without telling who presented it. So the
 * handshake is let through and the verdict is read here, before anything is sent or heard; nobody else gets to see a
 * socket that was not accepted. Names are compared by our own rule, as Node.js refuses every name with a blank in it.
 */
import { constants } from 'node:crypto';
import type { Socket } from 'node:net';
import { type ConnectionOptions, type checkServerIdentity, connect, type TLSSocket } from 'node:tls';
import { certificateNamesCluster } from '../arbiter/certificate-name.ts';
import type { NodeIdentity } from '../certs/node-identity.ts';
import { readPeerCertificate } from '../certs/peer-certificate.ts';
import { TLS_SUITES } from '../runtime/tls-suites.ts';
import { handshakeReason, type TlsContext, unacceptedReason, WRONG_NAME } from './tls-reasons.ts';

export type Secured =
  | { readonly ok: true; readonly socket: TLSSocket; readonly certificateSent: boolean }
  | { readonly ok: false; readonly detail: string };

/**
 * `alreadyRead` is the beginning of what the arbiter says in TLS. `done` is called at most once; if the plain socket
 * dies first it may never be.
 */
export function startTls(
  plain: Socket,
  alreadyRead: Uint8Array,
  context: TlsContext,
  done: (result: Secured) => void,
): void {
  plain.pause();
  if (alreadyRead.length > 0) plain.unshift(alreadyRead);
  let secured: TLSSocket;
  try {
    secured = connect({ ...optionsOf(context), socket: plain });
  } catch (error) {
    done({ ok: false, detail: `the certificates in ${context.directory} cannot be used (${String(error)})` });
    return;
  }
  const failed = (error: Error): void => done({ ok: false, detail: handshakeReason(error, context) });
  secured.once('error', failed);
  secured.once('secureConnect', () => {
    secured.off('error', failed);
    secured.pause();
    if (!secured.authorized) {
      const detail = unacceptedReason(String(secured.authorizationError), secured.getPeerX509Certificate(), context);
      secured.on('error', () => undefined);
      secured.destroy();
      done({ ok: false, detail });
      return;
    }
    // Only a server that asks for a certificate says which signatures it would take.
    const wasAsked = secured.getSharedSigalgs().length > 0;
    done({ ok: true, socket: secured, certificateSent: wasAsked && context.identity.pair !== undefined });
  });
}

function optionsOf({ identity, serverName }: TlsContext): ConnectionOptions {
  return {
    ca: identity.caPem,
    ...certificateOf(identity),
    servername: serverName,
    // Judged above; see the head of this module.
    rejectUnauthorized: false,
    checkServerIdentity: (_host, peer) =>
      certificateNamesCluster(readPeerCertificate(peer.raw), serverName) ? undefined : wrongName(serverName),
    minVersion: 'TLSv1.2',
    maxVersion: 'TLSv1.3',
    ciphers: TLS_SUITES,
    secureOptions: constants.SSL_OP_NO_RENEGOTIATION,
  };
}

function certificateOf({ pair }: NodeIdentity): ConnectionOptions {
  return pair === undefined ? {} : { cert: pair.certPem, key: pair.keyPem };
}

/** Node.js keeps the code alone. */
function wrongName(serverName: string): ReturnType<typeof checkServerIdentity> {
  return Object.assign(new Error(`the certificate is not for ${serverName}`), { code: WRONG_NAME });
}
