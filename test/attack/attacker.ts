/**
 * Those who attack, as a process of their own, so that a bystander's time is not theirs: what to do is JSON in the first
 * argument, what comes of it is a line on standard output. Not a test; attackers.ts starts it.
 */
import net from 'node:net';
import { setTimeout as pause } from 'node:timers/promises';
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
  /** A node with a certificate that changes its list of nodes without end. */
  | {
      readonly do: 'flood';
      readonly port: number;
      readonly caPem: string;
      readonly certPem: string;
      readonly keyPem: string;
    };

const NODES_PER_ADDRESS = 1_000;
const BYTE_EACH_MS = 700;
const LISTED_NODES = 2_000;

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

async function flood({ port, caPem, certPem, keyPem }: Attack & { readonly do: 'flood' }): Promise<void> {
  const node = await NodeClient.connect(port);
  node.send('preinit', { msgSeqNumber: 1, clusterName: 'evil' });
  await node.answer();
  node.send('startTls', { msgSeqNumber: 2 });
  const carrier = await node.secure({ caPem, pair: { certPem, keyPem } });
  node.send('init', initOptions(1));
  await node.answer();
  const nodeInfo = Array.from({ length: LISTED_NODES }, (_, index) => ({ nodeId: index + 1, dataCenterId: 0 }));
  const change = encodeMessage('nodeList', { msgSeqNumber: 4, nodeListType: 'changedConfig', nodeInfo });
  console.log('attacking');
  while (!carrier.destroyed) {
    if (carrier.write(change)) await pause(0);
    else await Promise.race([new Promise((resolve) => carrier.once('drain', resolve)), pause(1_000)]);
  }
  console.log('over');
}

const attack: Attack = JSON.parse(process.argv[2] ?? '');
if (attack.do === 'crowd') await crowd(attack);
else await flood(attack);
process.exit(0);
