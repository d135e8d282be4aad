/**
 * `pvecm qdevice` by its own command sequence, against hosts that have only our package and no NSS tools. The arbiter's is a plain
 * Debian until apt installs the package from its file, with what it depends on, and starts the arbiter.
 */
import assert from 'node:assert/strict';
import { copyFileSync } from 'node:fs';
import { test } from 'node:test';
import { CLUSTER_NAME } from '../setup/lab/names.ts';
import { startCluster, survivesCut, winners } from './cluster.ts';
import { attempt, sh } from './command.ts';
import { packageFiles } from './deb.ts';
import { Hosts } from './hosts.ts';
import { Pvecm } from './pvecm.ts';

test('pvecm sets a device up, shows it, and removes it', async () => {
  const hosts = await Hosts.create({
    nodes: 2,
    software: 'ours',
    arbiterSoftware: 'plain',
    sharedDirectory: '/etc/pve',
  });
  try {
    const { nodes, arbiter } = hosts;
    const pvecm = new Pvecm(nodes, arbiter, CLUSTER_NAME);
    copyFileSync((await packageFiles()).main, arbiter.outside('/run/qdevice.deb'));
    await sh(arbiter, 'apt-get -q -y install /run/qdevice.deb');
    assert.equal(await sh(arbiter, 'systemctl is-active corosync-qnetd'), 'active\n');
    assert.equal(await sh(arbiter, 'systemctl is-enabled corosync-qnetd'), 'enabled\n');
    await pvecm.mountClusterFiles(await startCluster(nodes));
    await pvecm.setup();
    await winners(nodes);
    await survivesCut(nodes, [hosts.node(1)]);

    const status = await pvecm.status();
    assert.match(status, /^Flags: +Quorate Qdevice/m);
    assert.match(status, /^0x00000000 +1 +Qdevice *$/m);
    const { 'Last poll call': poll, ...answered } = await pvecm.socketStatus(hosts.node(2));
    assert.match(poll ?? '', /\(cast vote\)$/);
    assert.deepEqual(answered, {
      Algorithm: 'Fifty-Fifty split',
      Model: 'Net',
      'QNetd host': `${arbiter.address}:5403`,
      State: 'Connected',
      'Tie-breaker': 'Node with lowest node ID',
    });

    await pvecm.remove();
    for (const node of nodes) {
      assert.equal((await attempt(node, ['test', '-e', '/etc/corosync/qdevice'])).exitCode, 1);
      assert.equal((await attempt(node, ['systemctl', 'is-active', 'corosync-qdevice'])).stdout, 'inactive\n');
      assert.equal((await attempt(node, ['systemctl', 'is-enabled', 'corosync-qdevice'])).stdout, 'disabled\n');
      assert.doesNotMatch(await sh(node, 'corosync-quorumtool -s'), /Qdevice/);
    }
    await pvecm.setup();
    await winners(nodes);
  } finally {
    await hosts.destroy();
  }
});
