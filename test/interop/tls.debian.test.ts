/**
 * TLS with Debian's corosync-qnetd and with ours, both with the same authority: who gets in, who is closed, what is said
 * in the clear before, and what corosync-qnetd-tool prints of it. And the one thing in which ours is stricter.
 */
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { after, before, describe, test } from 'node:test';
import { promisify } from 'node:util';
import { scratchDirectory } from '../certs/tools.ts';
import type { FakeNode } from '../scenarios/fake-node.ts';
import { hex } from '../scenarios/outcome.ts';
import { SocketWire } from '../scenarios/socket-wire.ts';
import { converse, frame, seq } from './conversation.ts';
import type { Daemon, DaemonKind } from './daemon.ts';
import { startDaemon } from './daemon.ts';
import { ERROR_CONVERSATIONS } from './error-conversations.ts';
import { init, nodeList, preinit } from './init-conversations.ts';
import type { Authority, NodeCertificate } from './tls-nodes.ts';
import { makeAuthority, secureNode } from './tls-nodes.ts';

const KINDS = ['upstream', 'ours'] as const;
const scratch = scratchDirectory('interop-tls');
const strangerScratch = scratchDirectory('interop-stranger');

let authority: Authority;
let alpha: NodeCertificate;
let stranger: NodeCertificate;

before(async () => {
  authority = await makeAuthority(scratch);
  alpha = await authority.certify('alpha');
  stranger = await (await makeAuthority(strangerScratch)).certify('alpha');
});

type Daemons = Readonly<Record<DaemonKind, Daemon>>;

async function startBoth(...switches: readonly string[]): Promise<Daemons> {
  const [upstream, ours] = await Promise.all(
    KINDS.map((kind) => startDaemon(kind, [...authority.switches(kind), ...switches])),
  );
  assert(upstream !== undefined && ours !== undefined);
  return { upstream, ours };
}

/** What the node receives for each frame; the last word is whether the connection is still there. */
async function answers(node: FakeNode, ...frames: readonly Uint8Array[]): Promise<string[]> {
  const received: string[] = [];
  for (const bytes of frames) {
    node.sendRaw(bytes);
    await node.barrier();
    received.push(node.take().map(hex).join(' '));
  }
  return [...received, node.closed ? 'closed' : 'open'];
}

interface SecureCase {
  readonly title: string;
  readonly certificate: () => NodeCertificate | undefined;
  readonly cluster: string;
  readonly frames: readonly Uint8Array[];
  readonly ends: 'open' | 'closed';
}

const ECHO = frame('echoRequest', seq(5));
const none = () => undefined;
const good = () => alpha;

const SECURE_CASES: readonly SecureCase[] = [
  {
    title: 'a node with the certificate of its cluster',
    certificate: good,
    cluster: 'alpha',
    frames: [init(), nodeList('initialConfig', [1, 2]), nodeList('membership', [1]), frame('voteInfoReply', seq(1))],
    ends: 'open',
  },
  { title: 'the certificate of another cluster', certificate: good, cluster: 'beta', frames: [init()], ends: 'closed' },
  { title: 'the same name in capitals', certificate: good, cluster: 'ALPHA', frames: [init()], ends: 'open' },
  {
    title: 'another name before the check',
    certificate: good,
    cluster: 'alpha',
    frames: [preinit('beta'), init()],
    ends: 'closed',
  },
  {
    title: 'the right name just in time',
    certificate: good,
    cluster: 'beta',
    frames: [preinit('alpha'), init()],
    ends: 'open',
  },
  {
    title: 'a certificate of another authority',
    certificate: () => stranger,
    cluster: 'alpha',
    frames: [init()],
    ends: 'closed',
  },
  { title: 'no certificate', certificate: none, cluster: 'alpha', frames: [init()], ends: 'closed' },
];

for (const mode of ['on', 'req']) {
  describe(`TLS ${mode}`, () => {
    let daemons: Daemons;

    before(async () => {
      daemons = await startBoth('-s', mode);
    });

    after(() => Promise.all(KINDS.map((kind) => daemons[kind].stop())));

    for (const { title, certificate, cluster, frames, ends } of SECURE_CASES) {
      test(title, async () => {
        const [theirs, own] = await Promise.all(
          KINDS.map(async (kind) => {
            const { node } = await secureNode('a', daemons[kind], cluster, certificate());
            const received = await answers(node, ...frames);
            node.close();
            return received;
          }),
        );
        assert.equal(theirs?.at(-1), ends);
        assert.deepEqual(own, theirs);
      });
    }

    test('corosync-qnetd-tool says who speaks TLS', async () => {
      const printed = await Promise.all(
        KINDS.map(async (kind) => {
          const { node, localPort } = await secureNode('a', daemons[kind], 'alpha', alpha);
          await answers(node, init());
          const outputs = await Promise.all(['-s', '-l'].map((what) => tool(daemons[kind], what, '-v')));
          node.close();
          return outputs
            .join('')
            .replaceAll(`:${localPort}\n`, ':PEER\n')
            .replaceAll(`:${daemons[kind].port}\n`, ':PORT\n');
        }),
      );
      assert.match(printed[0] ?? '', /TLS active:\t\tYes \(client certificate verified\)/);
      assert.equal(printed[1], printed[0]);
    });

    describe('in the clear', { concurrency: 4 }, () => {
      // STARTTLS would be taken up here; that is the subject of the tests above.
      for (const conversation of ERROR_CONVERSATIONS.filter(({ title }) => !title.startsWith('STARTTLS'))) {
        test(conversation.title, async () => {
          const cluster = `in the clear: ${conversation.title}`;
          const [theirs, own] = await Promise.all(
            KINDS.map((kind) => converse(conversation, new SocketWire(daemons[kind]), cluster)),
          );
          assert.deepEqual(own, theirs);
        });
      }
    });
  });
}

async function tool(daemon: Daemon, ...args: readonly string[]): Promise<string> {
  const { stdout } = await promisify(execFile)('/usr/bin/corosync-qnetd-tool', ['-p', daemon.localSocket, ...args]);
  return stdout;
}

test('difference: a certificate that was checked for one cluster opens no other; with upstream it does', async () => {
  const daemons = await startBoth('-s', 'req');
  try {
    const ended = await Promise.all(
      KINDS.map(async (kind) => {
        const { node } = await secureNode('a', daemons[kind], 'alpha', alpha);
        // The echo is refused, but the certificate has been checked.
        await answers(node, ECHO, preinit('beta'), init());
        const joined = await new SocketWire(daemons[kind]).connectedNodes('beta');
        return { joined, closed: node.closed };
      }),
    );
    assert.deepEqual(ended, [
      { joined: [1], closed: false },
      { joined: [], closed: true },
    ]);
  } finally {
    await Promise.all(KINDS.map((kind) => daemons[kind].stop()));
  }
});
