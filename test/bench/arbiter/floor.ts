/**
 * The least that Node.js takes for this load: a server that speaks the frames up to INIT_REPLY and echoes heartbeats over
 * node:tls, with no arbiter in it, no checks and no state. What ours takes beyond this is ours to save; the rest is not.
 * Takes the arguments of an arbiter and looks at -p and at nss_db_dir.
 */
import { readFileSync } from 'node:fs';
import net from 'node:net';
import path from 'node:path';
import tls from 'node:tls';
import { encodeEchoReply, encodeMessage, HEADER_BYTES } from '../../../src/protocol/encode.ts';

const ECHO_REQUEST = 8;
const INIT = 3;

const port = Number(process.argv[process.argv.indexOf('-p') + 1]);
const stateDir = process.argv.find((each) => each.startsWith('nss_db_dir='))?.slice('nss_db_dir='.length) ?? '';
const file = (name: string) => readFileSync(path.join(stateDir, name));
const secureContext = tls.createSecureContext({
  ca: file('ca.pem'),
  cert: file('server.pem'),
  key: file('server.key'),
});
const PREINIT_REPLY = Buffer.from(
  encodeMessage('preinitReply', { msgSeqNumber: 1, tlsSupported: 'required', tlsClientCertRequired: 1 }),
);
const INIT_REPLY = Buffer.from(encodeMessage('initReply', { replyErrorCode: 0 }));

const frameEnd = (bytes: Buffer, at: number) => at + HEADER_BYTES + bytes.readUInt32BE(at + 2);

/** PREINIT and STARTTLS come in frames of their own, or in one piece. */
function greet(plain: net.Socket): void {
  plain.on('error', () => plain.destroy());
  plain.once('data', (first: Buffer) => {
    plain.write(PREINIT_REPLY);
    const rest = first.subarray(frameEnd(first, 0));
    if (rest.length > 0) secure(plain, rest);
    else plain.once('data', (second: Buffer) => secure(plain, second));
  });
}

function secure(plain: net.Socket, startTls: Buffer): void {
  plain.pause();
  const hello = startTls.subarray(frameEnd(startTls, 0));
  if (hello.length > 0) plain.unshift(hello);
  const options = { isServer: true, secureContext, requestCert: true, rejectUnauthorized: false };
  const secured = new tls.TLSSocket(plain, options);
  secured.on('error', () => secured.destroy());
  secured.on('data', (chunk: Buffer) => {
    // The crowd's frames are short: none is ever cut.
    for (let at = 0; at < chunk.length; at = frameEnd(chunk, at)) {
      const type = chunk.readUInt16BE(at);
      if (type === ECHO_REQUEST) secured.write(encodeEchoReply(chunk.subarray(at + HEADER_BYTES, frameEnd(chunk, at))));
      else if (type === INIT) secured.write(INIT_REPLY);
    }
  });
}

net.createServer({ noDelay: true }, greet).listen(port, '127.0.0.1');
