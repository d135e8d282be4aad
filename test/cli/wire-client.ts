/** A node that has joined an arbiter in the clear and stays silent: enough to be listed. */
import { once } from 'node:events';
import type { Socket } from 'node:net';
import { connect } from 'node:net';
import { encodeMessage } from '../../src/protocol/encode.ts';
import { DECISION_ALGORITHM } from '../../src/protocol/enums.ts';

export async function joinCluster(
  { host, port }: { readonly host: string; readonly port: number },
  clusterName: string,
  nodeId: number,
): Promise<Socket> {
  const socket = connect(port, host);
  await once(socket, 'connect');
  socket.write(encodeMessage('preinit', { msgSeqNumber: 1, clusterName }));
  await once(socket, 'data');
  const init = encodeMessage('init', {
    msgSeqNumber: 2,
    nodeId,
    decisionAlgorithm: DECISION_ALGORITHM.ffsplit,
    heartbeatIntervalMs: 10_000,
    tieBreaker: { mode: 'lowest' },
    ringId: { nodeId: 1, seq: 5n },
  });
  socket.write(init);
  await once(socket, 'data');
  return socket;
}
