/**
 * What stands in the way of setup, each made true on real hosts: it is said, and nothing is changed anywhere. Always run
 * are the ones of several at once; SETUP_LAB=wide tries every one alone.
 */
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import type { Host } from '../lab/host.ts';
import { differences, snapshot } from './lab/snapshot.ts';
import { Stage } from './lab/stage.ts';

interface Obstacle {
  readonly name: string;
  readonly says: RegExp;
  /** Makes it true; gives how to take it back. */
  readonly make: () => Promise<() => Promise<unknown> | unknown>;
  readonly args?: readonly string[];
}

const CONF = '/etc/corosync/corosync.conf';
let stage: Stage;

before(async () => {
  stage = await Stage.create({ nodes: 2 });
});
after(() => stage.destroy());

async function covered(host: Host, path: string, by: string): Promise<() => Promise<string>> {
  await host.exec('mount', '--bind', by, path);
  return () => host.exec('umount', path);
}

function replaced(host: Host, path: string, change: (text: string) => string): () => void {
  const text = host.read(path).toString('latin1');
  host.write(path, change(text));
  return () => host.write(path, text);
}

async function onAllNodes(change: (text: string) => string): Promise<() => void> {
  const back = stage.nodes.map((node) => replaced(node, CONF, change));
  return () => back.forEach((restore) => void restore());
}

const OBSTACLES: readonly Obstacle[] = [
  {
    name: 'F6: a key that conflicts',
    says: /quorum\.auto_tie_breaker is 1/,
    make: () => onAllNodes((text) => text.replace('provider:', 'auto_tie_breaker: 1\n  provider:')),
  },
  {
    name: 'F8: a program is missing on a node',
    says: /corosync-qdevice-net-certutil was not found on node node-2/,
    make: () => covered(stage.node(2), '/usr/sbin/corosync-qdevice-net-certutil', '/dev/null'),
  },
  {
    name: 'F9: the programs are missing on the arbiter',
    says: /corosync-qnetd-certutil was not found on 192\.0\.2\.1/,
    make: () => covered(stage.arbiter, '/usr/bin/corosync-qnetd-certutil', '/dev/null'),
  },
  {
    name: 'F10: a name that no certificate can have',
    says: /The cluster name "a,b" contains ,/,
    make: () => onAllNodes((text) => text.replace('cluster_name: lab', 'cluster_name: a,b')),
  },
  {
    name: 'F11: a name that is registered',
    says: /Cluster lab is registered on 192\.0\.2\.1/,
    make: async () => {
      const path = '/etc/corosync/qnetd/nssdb/cluster-lab.crt';
      stage.arbiter.write(path, 'of another one');
      return () => stage.arbiter.exec('rm', path);
    },
  },
  {
    name: 'F12: the arbiter is a node',
    says: /192\.0\.2\.12 is node node-2 of this cluster/,
    make: async () => () => undefined,
    args: ['192.0.2.12'],
  },
  {
    name: 'F13: a network that the arbiter is not in',
    says: /has no address in 203\.0\.113\.0\/24/,
    make: async () => () => undefined,
    args: ['192.0.2.1', '--network', '203.0.113.0/24'],
  },
  {
    name: 'F20: the arbiter refuses the login',
    says: /192\.0\.2\.1 refuses the login/,
    make: async () => replaced(stage.arbiter, '/root/.ssh/authorized_keys', () => ''),
  },
  {
    name: 'F21: an unknown host key, and nobody to confirm it',
    says: /The host key of 192\.0\.2\.1 is not known here/,
    make: async () => replaced(stage.node(1), '/root/.ssh/known_hosts', (text) => text.split('\n').slice(1).join('\n')),
  },
  {
    name: 'F21: a changed host key',
    says: /The host key of 192\.0\.2\.1 is not the known one/,
    make: async () =>
      replaced(stage.node(1), '/root/.ssh/known_hosts', (text) => {
        const keys = text.split('\n');
        return [`${keys[0]?.split(' ')[0]} ${keys[1]?.split(' ').slice(1).join(' ')}`, ...keys.slice(1)].join('\n');
      }),
  },
  {
    name: 'F23: nobody is there',
    says: /192\.0\.2\.99 cannot be reached by SSH/,
    make: async () => () => undefined,
    args: ['192.0.2.99'],
  },
  {
    name: 'F24: a run on another node was cut off',
    says: /A setup that was started on node node-2 is at work or was cut off/,
    make: async () => {
      stage.node(2).write('/var/lib/qdevice/setup.json', '{}');
      return () => stage.node(2).exec('rm', '-r', '/var/lib/qdevice');
    },
  },
  {
    name: 'F40: certificates of another authority',
    says: /Node node-2 holds certificates of another CA/,
    make: async () => {
      const node = stage.node(2);
      await node.exec(
        'sh',
        '-c',
        'openssl req -x509 -newkey rsa:2048 -nodes -keyout /run/other.key -out /run/other.pem -subj "/CN=QNet CA" -days 30 -addext basicConstraints=critical,CA:TRUE 2>/dev/null',
      );
      await node.exec('corosync-qdevice-net-certutil', '-i', '-c', '/run/other.pem');
      return () => node.exec('rm', '-r', '/etc/corosync/qdevice/net/nssdb');
    },
  },
  {
    name: 'F47: a clock that is wrong',
    says: /The clock of node node-2 is 1\d\d seconds ahead/,
    make: () => {
      stage.node(2).write('/run/date', '#!/bin/sh\necho $(($(cut -d. -f1 /run/now) + 120))500\n');
      return stage
        .node(2)
        .exec('sh', '-c', 'chmod 755 /run/date; date +%s.0 >/run/now')
        .then(() => covered(stage.node(2), '/usr/bin/date', '/run/date'));
    },
  },
  {
    name: 'F60: a node cannot reach the port',
    says: /Node node-2 cannot reach 192\.0\.2\.1:5403/,
    make: async () => {
      await stage.node(2).exec('ip', 'route', 'add', 'blackhole', '192.0.2.1');
      return () => stage.node(2).exec('ip', 'route', 'del', 'blackhole', '192.0.2.1');
    },
  },
  {
    name: 'F68: corosync.conf is not the same everywhere',
    says: /is not the same on node-2 as here/,
    make: async () => replaced(stage.node(2), CONF, (text) => `${text}# another line\n`),
  },
  {
    name: 'corosync.conf cannot be written',
    says: /corosync\.conf cannot be written on node node-2/,
    make: async () => {
      await stage.node(2).exec('mount', '-o', 'remount,bind,ro', '/etc/corosync');
      return () => stage.node(2).exec('mount', '-o', 'remount,bind,rw', '/etc/corosync');
    },
  },
  {
    name: 'F70: a watchdog that bites sooner than corosync waits',
    says: /SBD on node node-2 resets it after 5 s/,
    make: async () => {
      stage.node(2).write('/etc/default/sbd', 'SBD_WATCHDOG_TIMEOUT=5\n');
      stage.node(2).write('/etc/lab-enabled/sbd', '');
      return () => stage.node(2).exec('rm', '/etc/default/sbd', '/etc/lab-enabled/sbd');
    },
  },
];

async function refusedBy(obstacles: readonly Obstacle[], args: readonly string[]): Promise<void> {
  const back: (() => Promise<unknown> | unknown)[] = [];
  try {
    for (const { make } of obstacles) back.push(await make());
    const standing = await snapshot(stage);
    const { exitCode, stdout, stderr } = await stage.qdevice('setup', ...args, '--yes');
    const told = `${stdout}${stderr}`.replaceAll(/\s+/g, ' ');
    for (const { says } of obstacles) assert.match(told, says);
    assert.equal(exitCode, 1, told);
    assert.deepEqual(differences(standing, await snapshot(stage)), []);
  } finally {
    for (const restore of back.reverse()) await restore();
  }
}

test('all that stands in the way is said at once, and nothing is changed', async () => {
  const together = ['F6:', 'F8:', 'F11:', 'F24:', 'F60:', 'F70:'];
  const chosen = OBSTACLES.filter(({ name }) => together.some((id) => name.startsWith(id)));
  assert.equal(chosen.length, together.length);
  await refusedBy(chosen, [stage.arbiterAddress]);
});

for (const obstacle of process.env['SETUP_LAB'] === 'wide' ? OBSTACLES : []) {
  test(obstacle.name, () => refusedBy([obstacle], obstacle.args ?? [stage.arbiterAddress]));
}

test('with nothing in the way it goes through', async () => {
  const { exitCode, stdout, stderr } = await stage.qdevice('setup', stage.arbiterAddress, '--yes');
  assert.equal(exitCode, 0, stdout + stderr);
  await stage.winners([1, 2]);
  const check = await stage.qdevice('check', '--json');
  assert.equal(check.exitCode, 0, check.stdout + check.stderr);
});
