/**
 * A node of a cluster of two as a process of its own, to be frozen: joins, sends its lists, confirms every vote, and
 * says on standard output what it hears. Not a test; second-connection.test.ts starts it.
 *
 *   run-node.ts PORT NODE_ID CA_PEM CERT_PEM KEY_PEM
 */
import { NodeClient } from './node-client.ts';
import { initOptions } from './wire-options.ts';

const [port, nodeId, caPem = '', certPem = '', keyPem = ''] = process.argv.slice(2);
const NODES = [1, 2].map((id) => ({ nodeId: id, dataCenterId: 0 }));

const client = await NodeClient.connect(Number(port));
client.send('preinit', { msgSeqNumber: 1, clusterName: 'tst' });
await client.answer();
client.send('startTls', { msgSeqNumber: 2 });
await client.secure({ caPem, pair: { certPem, keyPem } });
client.send('init', initOptions(Number(nodeId), 8_000));
await client.answer();
const ringId = { nodeId: 1, seq: 8n };
client.send('nodeList', { msgSeqNumber: 3, nodeListType: 'initialConfig', nodeInfo: NODES });
client.send('nodeList', { msgSeqNumber: 4, nodeListType: 'membership', ringId, nodeInfo: NODES });
for (let heard = await client.answer(); heard !== undefined; heard = await client.answer()) {
  const { msgSeqNumber = 0, vote } = heard.options;
  if (heard.name === 'voteInfo') client.send('voteInfoReply', { msgSeqNumber });
  console.log(`${heard.name} ${vote}`);
}
console.log('closed');
process.exit(0);
