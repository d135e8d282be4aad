/**
 * The same nodes connected to Debian's corosync-qnetd and to ours, and Debian's corosync-qnetd-tool asked about both:
 * field for field it prints the same. Only ports differ; they are replaced by the name of the client they belong to.
 */
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { after, before, describe, test } from 'node:test';
import { encodeMessage } from '../../src/protocol/encode.ts';
import type { OptionValues } from '../../src/protocol/options.ts';
import { FakeNode } from '../scenarios/fake-node.ts';
import type { SocketConnection } from '../scenarios/socket-wire.ts';
import { connectTo } from '../scenarios/socket-wire.ts';
import type { Daemon, DaemonKind } from './daemon.ts';
import { startDaemon } from './daemon.ts';
import { init, preinit } from './init-conversations.ts';

const TOOL = '/usr/bin/corosync-qnetd-tool';

interface Client {
  readonly label: string;
  readonly connection: SocketConnection;
  readonly node: FakeNode;
}

interface Site {
  readonly kind: DaemonKind;
  readonly daemon: Daemon;
  readonly clients: Client[];
}

async function openSite(kind: DaemonKind, switches: readonly string[], address?: readonly string[]): Promise<Site> {
  return { kind, daemon: await startDaemon(kind, switches, address), clients: [] };
}

/** Daemons first: they need not judge the leaving of every node. */
async function closeSite(site: Site): Promise<void> {
  await site.daemon.stop();
  for (const { node } of site.clients) node.close();
}

async function say(site: Site, label: string, ...frames: readonly Uint8Array[]): Promise<void> {
  const { port } = site.daemon;
  let client = site.clients.find((each) => each.label === label);
  if (client === undefined) {
    const connection = await connectTo({ host: label.startsWith('v6') ? '::1' : '127.0.0.1', port });
    client = { label, connection, node: new FakeNode(label, connection) };
    site.clients.push(client);
  }
  for (const frame of frames) client.node.sendRaw(frame);
  await client.node.barrier();
}

interface Printed {
  readonly stdout: string;
  readonly stderr: string;
  readonly code: number | string;
}

function tool(site: Site, ...args: readonly string[]): Promise<Printed> {
  return new Promise((resolve) => {
    execFile(TOOL, ['-p', site.daemon.localSocket, ...args], { encoding: 'latin1' }, (error, stdout, stderr) => {
      resolve({ stdout: withoutPorts(site, stdout), stderr, code: error?.code ?? 0 });
    });
  });
}

function withoutPorts(site: Site, text: string): string {
  const names = new Map(site.clients.map(({ connection, label }) => [connection.localPort, label]));
  names.set(site.daemon.port, 'listening');
  return text.replace(/:(\d+)$/gm, (_, port: string) => `:<${names.get(Number(port)) ?? `unknown port ${port}`}>`);
}

const list = (
  nodeListType: 'initialConfig' | 'membership' | 'quorum',
  ids: readonly string[],
  more: OptionValues = {},
) =>
  encodeMessage('nodeList', {
    msgSeqNumber: 3,
    nodeListType,
    // `3/7` is node 3 in data centre 7.
    nodeInfo: ids.map((text) => {
      const [nodeId, dataCenterId] = text.split('/').map(Number);
      return { nodeId: nodeId ?? 0, dataCenterId: dataCenterId ?? 0 };
    }),
    ...more,
  });
const ring = (nodeId: number, seq: bigint): OptionValues => ({ ringId: { nodeId, seq } });
const keepActive = encodeMessage('setOption', { keepActivePartition: 'enabled' });
const LMS: OptionValues = { decisionAlgorithm: 3, tieBreaker: { mode: 'lowest' }, heartbeatIntervalMs: 60_000 };
const TWO_NODE_LMS: OptionValues = { ...LMS, decisionAlgorithm: 2 };
const TEST: OptionValues = { ...LMS, decisionAlgorithm: 0 };
const LOWEST: OptionValues = { tieBreaker: { mode: 'lowest' } };

/** Every field in every shape that the list can show. */
const POPULATION: ReadonlyArray<readonly [label: string, ...frames: Uint8Array[]]> = [
  ['connected only'],
  ['introduced only', preinit('nobody is in this cluster')],
  ['refused', preinit('refused'), init({ heartbeatIntervalMs: 5 })],
  // Both have everything, and keep-active is on everywhere. Node 2 joins first.
  ['alpha 2', preinit('alpha'), init({ nodeId: 2, ...LOWEST, heartbeatIntervalMs: 8_000 }), keepActive],
  ['alpha 2', list('initialConfig', ['1/3', '2'], { configVersion: 42n })],
  ['alpha 1', preinit('alpha'), init({ nodeId: 1, ...LOWEST, heartbeatIntervalMs: 9_000 }), keepActive],
  ['alpha 1', list('initialConfig', ['2', '1/3'], { configVersion: 2n ** 64n - 1n })],
  ['alpha 1', list('membership', ['1/3', '2'], { ...ring(1, 0x1b4n), heuristics: 'pass' })],
  ['alpha 2', list('membership', ['2', '1/3'], { ...ring(1, 0x1b4n), heuristics: 'fail' })],
  ['alpha 1', encodeMessage('heuristicsChange', { msgSeqNumber: 9, heuristics: 'fail' })],
  ['alpha 2', list('quorum', ['1', '2'], { quorate: 'quorate' })],
  // Split, the loser has not confirmed; keep-active at one only.
  ['beta 1', preinit('beta "quoted" \\ end'), init({ ...LOWEST }), keepActive],
  ['beta 2', preinit('beta "quoted" \\ end'), init({ nodeId: 2, ...LOWEST })],
  ['beta 1', list('initialConfig', ['1', '2']), list('membership', ['1'], ring(0xffff_ffff, 2n ** 64n - 1n))],
  ['beta 2', list('initialConfig', ['1', '2']), list('membership', ['2'], ring(2, 0n))],
  ['beta 1', list('quorum', ['1'], { quorate: 'inquorate' })],
  // INIT only, and refused later; no vote was ever sent.
  ['gamma 7', preinit('gamma'), init({ nodeId: 7, tieBreaker: { mode: 'nodeId', nodeId: 4_000_000_000 } })],
  ['gamma 7', list('initialConfig', ['1'])],
  ['highest 0', preinit('highest'), init({ nodeId: 0, tieBreaker: { mode: 'highest' } })],
  ['nameless', preinit(''), init({ nodeId: 4_294_967_295 })],
  ['with a NUL', preinit('before\u0000after'), init()],
  ['in UTF-8', preinit(Buffer.from('Zürich ✓').toString('latin1')), init(), list('initialConfig', ['1'])],
  // A regular result alone; the membership result is undefined.
  [
    'regular only',
    preinit('regular'),
    init(),
    encodeMessage('heuristicsChange', { msgSeqNumber: 9, heuristics: 'pass' }),
  ],
  // The other algorithms: holders, a newcomer, and one that waits for a node to agree.
  ['lms 1', preinit('lms'), init(LMS), keepActive, list('initialConfig', ['1', '2', '3']), list('membership', ['1'])],
  ['lms 1', list('membership', ['1'], ring(1, 4n))],
  ['lms 2', preinit('lms'), init({ ...LMS, nodeId: 2 }), keepActive, list('membership', ['2'], ring(2, 4n))],
  ['lms 3', preinit('lms'), init({ ...LMS, nodeId: 3 }), keepActive, list('membership', ['3', '1'], ring(3, 4n))],
  ['lms 3', list('quorum', ['3'], { quorate: 'quorate' })],
  ['2nodelms 1', preinit('2nodelms'), init(TWO_NODE_LMS), keepActive, list('initialConfig', ['1'])],
  ['2nodelms 1', list('initialConfig', ['1', '2']), list('membership', ['1'], { ...ring(1, 4n), heuristics: 'pass' })],
  ['2nodelms 2', preinit('2nodelms'), init({ ...TWO_NODE_LMS, nodeId: 2 }), list('membership', ['2'], ring(2, 4n))],
  ['test 1', preinit('test'), init(TEST), encodeMessage('askForVote', { msgSeqNumber: 8 })],
  ['renamed later', preinit('first name'), init(), preinit('second name')],
  ['new interval', preinit('interval'), init(), encodeMessage('setOption', { heartbeatIntervalMs: 3_000 })],
];

const ASKED: ReadonlyArray<readonly string[]> = [
  ['-s'],
  ['-s', '-v'],
  ['-l'],
  ['-l', '-v'],
  ...[
    'alpha',
    'beta "quoted" \\ end',
    'gamma',
    'lms',
    '2nodelms',
    'test',
    'nobody',
    'ALPHA',
    '',
    'before',
    'Zürich ✓',
    'second name',
    'first name',
  ].flatMap((name) => [
    ['-l', '-c', name],
    ['-l', '-v', '-c', name],
  ]),
  ['-s', '-c', 'alpha'],
];

async function assertSameOutput(sites: readonly Site[]): Promise<void> {
  for (const args of ASKED) {
    const [theirs, own] = await Promise.all(sites.map((site) => tool(site, ...args)));
    assert.deepEqual(own, theirs, `corosync-qnetd-tool ${args.join(' ')}`);
    assert.equal(theirs?.code, 0);
  }
}

/** Switches beside `-s off`, and the address to listen on. */
const SETUPS: ReadonlyArray<
  readonly [title: string, switches: readonly string[], address: readonly string[] | undefined]
> = [
  ['one IPv4 address', [], undefined],
  [
    'every address, with limits of their own',
    ['-m', '100', '-S', 'max_client_send_size=40000,max_client_receive_size=50000'],
    [],
  ],
  ['keep-active for everybody', ['-S', 'keep_active_partition_tie_breaker=on'], ['-l', '::1']],
];

describe('corosync-qnetd-tool prints the same for both', { concurrency: 2 }, () => {
  for (const [title, switches, address] of SETUPS) {
    describe(title, { concurrency: 1 }, () => {
      let sites: Site[];

      before(async () => {
        sites = await Promise.all((['upstream', 'ours'] as const).map((kind) => openSite(kind, switches, address)));
      });

      after(async () => {
        await Promise.all(sites.map(closeSite));
      });

      test('with nobody there', () => assertSameOutput(sites));

      test('with nodes in every state', async () => {
        const prefix = address?.includes('::1') === true ? 'v6 ' : '';
        for (const [label, ...frames] of POPULATION) {
          for (const site of sites) await say(site, prefix + label, ...frames);
        }
        // What it prints is worth comparing only if all of them are in.
        const [theirs] = sites;
        assert(theirs !== undefined);
        assert.equal((await tool(theirs, '-l')).stdout.match(/^ {4}Node ID/gm)?.length, 18);
        await assertSameOutput(sites);
      });

      test('after one of them has left', async () => {
        for (const site of sites) {
          const leaver = site.clients.find(({ label }) => label.endsWith('beta 1'));
          leaver?.node.close();
          for (let tries = 0; (await tool(site, '-l', '-v')).stdout.includes('beta 1>'); tries += 1)
            assert(tries < 500);
          for (const { node } of site.clients) if (!node.closed) await node.barrier();
        }
        await assertSameOutput(sites);
      });
    });
  }
});
