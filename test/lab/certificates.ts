/** Hands certificates out in the order an operator would, with the real tools on the nodes, copying by file. */
import type { Arbiter } from './arbiter.ts';
import type { Host } from './host.ts';

const NODE_STORE = '/etc/corosync/qdevice/net/nssdb';
const INBOX = '/run/lab-inbox';

/** After this every node holds the authority's certificate and the key pair of the cluster. */
export async function distributeCertificates(arbiter: Arbiter, cluster: string, nodes: readonly Host[]): Promise<void> {
  const [first, ...others] = nodes;
  if (first === undefined) throw new Error('a cluster has nodes');
  const authority = arbiter.authorityCertificate();
  await Promise.all(nodes.map((node) => withFile(node, 'qnetd-cacert.crt', authority, ['-i'])));
  await certutil(first, '-r', '-n', cluster);
  const signed = await arbiter.sign(cluster, first.read(`${NODE_STORE}/qdevice-net-node.crq`));
  await withFile(first, `cluster-${cluster}.crt`, signed, ['-M']);
  const keyPair = first.read(`${NODE_STORE}/qdevice-net-node.p12`);
  await Promise.all(others.map((node) => withFile(node, 'qdevice-net-node.p12', keyPair, ['-m'])));
}

async function withFile(node: Host, name: string, content: Uint8Array, action: readonly string[]): Promise<void> {
  node.write(`${INBOX}/${name}`, content);
  await certutil(node, ...action, '-c', `${INBOX}/${name}`);
}

function certutil(node: Host, ...args: readonly string[]): Promise<string> {
  return node.exec('corosync-qdevice-net-certutil', ...args);
}
