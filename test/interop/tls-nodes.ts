/** Daemons with TLS that share one authority, and nodes with certificates from it. */
import { mkdtempSync, readFileSync } from 'node:fs';
import { cp } from 'node:fs/promises';
import path from 'node:path';
import tls from 'node:tls';
import { loadOrCreateServerIdentity } from '../../src/certs/identity.ts';
import { certificatePem } from '../../src/certs/issue.ts';
import { signClusterCertificate } from '../../src/certs/sign-cluster.ts';
import { encodeMessage } from '../../src/protocol/encode.ts';
import { output, upstreamArbiterScript } from '../certs/tools.ts';
import { FakeNode } from '../scenarios/fake-node.ts';
import { connectTo, SocketConnection } from '../scenarios/socket-wire.ts';
import type { Daemon, DaemonKind } from './daemon.ts';
import { preinit } from './init-conversations.ts';

export interface NodeCertificate {
  readonly cert: string;
  readonly key: string;
}

export interface Authority {
  /** Switches that make a daemon use it. */
  switches(kind: DaemonKind): readonly string[];
  /** A certificate for the nodes of one cluster. */
  certify(cluster: string): Promise<NodeCertificate>;
}

/** Made by upstream's own script; ours takes a copy of the database over. `scratch` is a directory to do that in. */
export async function makeAuthority(scratch: string): Promise<Authority> {
  const script = upstreamArbiterScript(scratch, path.join(scratch, 'qnetd'));
  output(script, ['-i', '-G']);
  const stateDirs = { upstream: path.join(scratch, 'qnetd/nssdb'), ours: path.join(scratch, 'ours') };
  await cp(stateDirs.upstream, stateDirs.ours, { recursive: true });
  await loadOrCreateServerIdentity(stateDirs.ours);
  return {
    switches: (kind) => ['-S', `nss_db_dir=${stateDirs[kind]}`],
    certify: async (clusterName) => {
      const directory = mkdtempSync(path.join(scratch, 'node-'));
      const [keyFile, requestFile] = [path.join(directory, 'key'), path.join(directory, 'request')];
      const request = ['req', '-new', '-newkey', 'rsa:2048', '-nodes', '-subj', `/CN=${clusterName}`];
      output('openssl', [...request, '-keyout', keyFile, '-out', requestFile]);
      const order = { stateDir: stateDirs.ours, clusterName, requestFile, otherName: 'refuse' } as const;
      const { certificateFile } = await signClusterCertificate(order);
      return { cert: certificatePem(readFileSync(certificateFile)), key: readFileSync(keyFile, 'utf8') };
    },
  };
}

/** PREINIT and STARTTLS in the clear, then the handshake; the node goes on inside. */
export async function secureNode(label: string, daemon: Daemon, cluster: string, certificate?: NodeCertificate) {
  const plain = await connectTo(daemon);
  const introduction = new FakeNode(label, plain);
  introduction.sendRaw(preinit(cluster));
  await introduction.barrier();
  introduction.sendRaw(encodeMessage('startTls', { msgSeqNumber: 2 }));
  // The server's certificate is not what is tested here.
  const socket = tls.connect({ socket: plain.release(), rejectUnauthorized: false, ...certificate });
  const connection = new SocketConnection(socket);
  return { connection, node: new FakeNode(label, connection), localPort: plain.localPort };
}
