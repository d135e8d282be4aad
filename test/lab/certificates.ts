/** Hands certificates out in the order an operator would, with the real tools on the nodes, copying by file. */
import type { Arbiter } from './arbiter.ts';
import type { Host } from './host.ts';

const NODE_STORE = '/etc/corosync/qdevice/net/nssdb';
const INBOX = '/run/lab-inbox';

/** After this every node holds the authority's certificate and the key pair of the cluster. */
export async function distributeCertificates(arbiter: Arbiter, cluster: string, nodes: readonly Host[]): Promise<void> {
  const [first, ...others] = nodes;
  if (first === undefined) throw new Error('a cluster has nodes');
  await importAuthority(arbiter, first);
  await certutil(first, '-r', '-n', cluster);
  const signed = await arbiter.sign(cluster, first.read(`${NODE_STORE}/qdevice-net-node.crq`));
  await withFile(first, `cluster-${cluster}.crt`, signed, ['-M']);
  await handKeyPairOn(arbiter, first, others);
}

/** Nodes get what a node of their cluster has already. */
export async function handKeyPairOn(arbiter: Arbiter, holder: Host, nodes: readonly Host[]): Promise<void> {
  const keyPair = holder.read(`${NODE_STORE}/qdevice-net-node.p12`);
  await Promise.all(
    nodes.map(async (node) => {
      await importAuthority(arbiter, node);
      await withFile(node, 'qdevice-net-node.p12', keyPair, ['-m']);
    }),
  );
}

function importAuthority(arbiter: Arbiter, node: Host): Promise<void> {
  return withFile(node, 'qnetd-cacert.crt', arbiter.authorityCertificate(), ['-i']);
}

async function withFile(node: Host, name: string, content: Uint8Array, action: readonly string[]): Promise<void> {
  node.write(`${INBOX}/${name}`, content);
  await certutil(node, ...action, '-c', `${INBOX}/${name}`);
}

function certutil(node: Host, ...args: readonly string[]): Promise<string> {
  return node.exec('/usr/sbin/corosync-qdevice-net-certutil', ...args);
}
