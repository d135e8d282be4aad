/**
 * Those who attack, as a process of their own, so that a bystander's time is not theirs: what to do is JSON in the first
 * argument, what comes of it is a line on standard output. Not a test; attackers.ts starts it.
 */
import net from 'node:net';
import { setTimeout as pause } from 'node:timers/promises';
import type tls from 'node:tls';
import { encodeMessage } from '../../src/protocol/encode.ts';
import { NodeClient } from '../qnetd/node-client.ts';
import { initOptions } from '../qnetd/wire-options.ts';

export type Attack =
  /** Connections that say this, then nothing, or one byte more of `slowly` each time. */
  | {
      readonly do: 'crowd';
      readonly port: number;
      readonly size: number;
      readonly words: string;
      readonly slowly: string;
    }
  /** Nodes of one cluster, with a certificate, that change their lists of nodes without end. */
  | ({ readonly do: 'flood'; readonly port: number; readonly nodes: number } & FloodIdentity);

interface FloodIdentity {
  readonly caPem: string;
  readonly certPem: string;
  readonly keyPem: string;
}

const NODES_PER_ADDRESS = 1_000;
const BYTE_EACH_MS = 700;
/** As many as are taken. */
const LISTED_NODES = 384;

async function crowd({ port, size, words, slowly }: Attack & { readonly do: 'crowd' }): Promise<void> {
  const [said, more] = [Buffer.from(words, 'base64'), Buffer.from(slowly, 'base64')];
  const connected: Promise<unknown>[] = [];
  const closed = Array.from({ length: size }, (_, index) => {
    const localAddress = `127.66.0.${1 + Math.floor(index / NODES_PER_ADDRESS)}`;
    const socket = net.connect({ port, host: '127.0.0.1', localAddress });
    socket.on('error', () => undefined);
    socket.on('data', () => undefined);
    connected.push(new Promise((resolve) => socket.once('connect', resolve).once('close', resolve)));
    socket.once('connect', () => {
      socket.write(said);
      let at = 0;
      const timer =
        more.length === 0 ? undefined : setInterval(() => socket.write(more.subarray(at, ++at)), BYTE_EACH_MS);
      socket.once('close', () => clearInterval(timer));
    });
    return new Promise<void>((resolve) => socket.once('close', () => resolve()));
  });
  await Promise.all(connected);
  console.log('attacking');
  await Promise.all(closed);
  console.log('over');
}

async function flood({ port, nodes, ...identity }: Attack & { readonly do: 'flood' }): Promise<void> {
  const nodeInfo = Array.from({ length: LISTED_NODES }, (_, index) => ({ nodeId: index + 1, dataCenterId: 0 }));
  const ringId = { nodeId: 1, seq: 4n };
  // All of them say the same, so that every one of these lists is a new decision, of which every one of them is told.
  const membership = encodeMessage('nodeList', { msgSeqNumber: 4, nodeListType: 'membership', ringId, nodeInfo });
  const config = encodeMessage('nodeList', { msgSeqNumber: 4, nodeListType: 'changedConfig', nodeInfo });
  const carriers: tls.TLSSocket[] = [];
  for (let nodeId = 1; nodeId <= nodes; nodeId += 1) carriers.push(await floodingNode(port, nodeId, identity));
  console.log('attacking');
  const floods = carriers.map(async (carrier) => {
    for (let at = 0; !carrier.destroyed; at += 1) {
      if (carrier.write(at % 2 === 0 ? config : membership)) await pause(0);
      else await drained(carrier);
    }
  });
  await Promise.all(floods);
  console.log('over');
}

/** Has room again, or is gone. */
async function drained(carrier: tls.TLSSocket): Promise<void> {
  await new Promise<void>((resolve) => {
    const done = () => {
      for (const event of ['drain', 'close']) carrier.off(event, done);
      resolve();
    };
    for (const event of ['drain', 'close']) carrier.on(event, done);
  });
}

async function floodingNode(port: number, nodeId: number, { caPem, ...pair }: FloodIdentity): Promise<tls.TLSSocket> {
  const node = await NodeClient.connect(port);
  node.send('preinit', { msgSeqNumber: 1, clusterName: 'evil' });
  await node.answer();
  node.send('startTls', { msgSeqNumber: 2 });
  const carrier = await node.secure({ caPem, pair });
  node.send('init', initOptions(nodeId, 120_000));
  await node.answer();
  // What it is told it does not want to know.
  carrier.removeAllListeners('data');
  carrier.resume();
  return carrier;
}

const attack: Attack = JSON.parse(process.argv[2] ?? '');
if (attack.do === 'crowd') await crowd(attack);
else await flood(attack);
process.exit(0);
