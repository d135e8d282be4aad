/**
 * Debian's pcs with its daemon, as it is, on hosts that have our package: an arbiter, a device, other settings, one more node, and
 * all of it taken away. LAB_TOOLS=wide lets pcs make the cluster as well, with pacemaker, and add the node to that.
 */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Host } from '../lab/host.ts';
import { CLUSTER_NAME } from '../setup/lab/names.ts';
import { allQuorate, startCluster, survivesCut, winners } from './cluster.ts';
import { attempt, command, sh } from './command.ts';
import { Hosts } from './hosts.ts';

const PASSWORD = 'correct horse';
/** Files of the arbiter with their modes, and whether its service runs and will. */
const STANDING = [
  'sh',
  '-c',
  'find /etc/corosync -printf "%p %M %u %g\\n" -type f -exec sha256sum {} + | sort; systemctl is-active corosync-qnetd; systemctl is-enabled corosync-qnetd',
];
const isWide = process.env['LAB_TOOLS'] === 'wide';

test('pcs sets a device up with our arbiter, changes it, and removes it', async () => {
  const hosts = await Hosts.create({ nodes: isWide ? 3 : 2, software: 'ours', tools: 'everywhere' });
  try {
    const [first, second] = [hosts.node(1), hosts.node(2)];
    const pair = [first, second];
    const { arbiter } = hosts;
    await Promise.all(hosts.all.map(startDaemon));
    const names = hosts.all.map(({ name }) => name);
    await command(first, ['pcs', 'host', 'auth', ...names, '-u', 'hacluster', '-p', PASSWORD]);
    if (isWide) await sh(first, `pcs cluster setup ${CLUSTER_NAME} ${first.name} ${second.name} --start --wait=120`);
    else await startCluster(pair);
    await allQuorate(pair);

    await sh(arbiter, 'pcs qdevice setup model net --enable --start');
    const before = await command(arbiter, STANDING);
    const again = await attempt(arbiter, ['pcs', 'qdevice', 'setup', 'model', 'net']);
    assert.match(again.stderr, /already initialized/);
    assert.equal(await command(arbiter, STANDING), before);
    assert.equal(await sh(arbiter, 'systemctl is-enabled corosync-qnetd'), 'enabled\n');

    await sh(first, `pcs quorum device add model net host=${arbiter.name} algorithm=ffsplit`);
    await winners(pair);
    await survivesCut(pair, [first]);
    await shows(hosts);
    const busy = await attempt(arbiter, ['pcs', 'qdevice', 'stop', 'net']);
    assert.match(busy.stderr, /currently being used by cluster\(s\): 'lab'/);

    await sh(first, 'pcs quorum device update model tie_breaker=highest');
    await winners(pair);
    await survivesCut(pair, [second]);

    if (isWide) {
      await sh(first, `pcs cluster node add ${hosts.node(3).name} --start --wait=120`);
      await winners(hosts.nodes);
      await sh(first, `pcs cluster node remove ${hosts.node(3).name}`);
      await winners(pair);
    }

    await sh(first, 'pcs quorum device remove');
    for (const node of pair) {
      assert.doesNotMatch(await sh(node, 'corosync-quorumtool -s'), /Qdevice/);
      assert.equal((await attempt(node, ['test', '-e', '/etc/corosync/qdevice/net/nssdb'])).exitCode, 1);
    }
    await sh(arbiter, 'pcs qdevice destroy net');
    assert.equal((await attempt(arbiter, ['test', '-e', '/etc/corosync/qnetd/nssdb'])).exitCode, 1);
    assert.equal((await attempt(arbiter, ['systemctl', 'is-active', 'corosync-qnetd'])).stdout, 'inactive\n');
  } catch (error) {
    console.log(hosts.logs());
    throw error;
  } finally {
    await hosts.destroy();
  }
});

async function startDaemon(host: Host): Promise<void> {
  await command(host, ['chpasswd'], `hacluster:${PASSWORD}\n`);
  await command(host, ['rm', '-f', '/etc/corosync/corosync.conf']); // an example that corosync brings; pcs takes it for a cluster
  await sh(host, 'systemctl start pcsd');
}

/** What pcs tells of device and arbiter, which it reads from our programs. */
async function shows({ arbiter, nodes: [first] }: Hosts): Promise<void> {
  assert.ok(first);
  const server = await sh(arbiter, 'pcs qdevice status net --full');
  assert.match(server, /^Connected clients:\t+2$/m);
  assert.match(server, /^Cluster "lab":$/m);
  const device = await sh(first, 'pcs quorum device status');
  assert.match(device, /^State:\t+Connected$/m);
  assert.match(await sh(first, 'pcs quorum status'), /^ +1 +1 +A,V,NMW /m);
  assert.equal(
    await sh(first, `pcs quorum device check_local_qnetd_certs ${arbiter.name} ${CLUSTER_NAME}`),
    'certificate present\n',
  );
}
