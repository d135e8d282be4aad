/**
 * A voting cluster on Debian's packages moves to ours and back, host by host. Quorum is looked at all the time,
 * keys stay what they are, and after each move the vote counts on all nodes. With the arbiter first, there and back, both mixtures
 * come by; LAB_TOOLS=wide does it once more with the nodes first.
 */
import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { copyFileSync } from 'node:fs';
import { test } from 'node:test';
import type { Host } from '../lab/host.ts';
import { CLUSTER_NAME } from '../setup/lab/names.ts';
import { sampled } from '../setup/lab/sampled.ts';
import { startCluster, survivesCut, winners } from './cluster.ts';
import { command, sh } from './command.ts';
import { packageFiles } from './deb.ts';
import { Hosts } from './hosts.ts';
import { Pvecm } from './pvecm.ts';

const OURS = '/run/qdevice.deb';
const QDB = '/etc/corosync/qnetd/nssdb';
const NDB = '/etc/corosync/qdevice/net/nssdb';
const isWide = process.env['LAB_TOOLS'] === 'wide';

test('a voting cluster moves to our package and back without new keys and without a moment without quorum', async () => {
  const hosts = await Hosts.create({ nodes: 2, software: 'debian', sharedDirectory: '/etc/pve' });
  try {
    const { nodes, arbiter } = hosts;
    const pvecm = new Pvecm(nodes, arbiter, CLUSTER_NAME);
    await sh(arbiter, 'systemctl enable --now corosync-qnetd');
    await pvecm.mountClusterFiles(await startCluster(nodes));
    await pvecm.setup();
    await winners(nodes);
    const before = await keys(hosts);
    for (const host of hosts.all) copyFileSync((await packageFiles()).main, host.outside(OURS));
    for (const order of isWide ? [hosts.all, [...nodes, arbiter]] : [hosts.all]) {
      for (const target of ['ours', 'debian'] as const) {
        const names = order.map(({ name }) => name).join(', ');
        const { taken, without } = await sampled(nodes, async () => {
          for (const host of order) await move(hosts, host, target);
        });
        console.log(`to ${target} (${names}): ${taken} looks at quorum, ${without.length} without`);
        assert.deepEqual(without, []);
        assert.ok(taken > nodes.length * order.length, `only ${taken} looks`);
        assert.deepEqual(await keys(hosts), before);
        await survivesCut(nodes, [hosts.node(1)]);
      }
    }
  } catch (error) {
    console.log(hosts.logs());
    throw error;
  } finally {
    await hosts.destroy();
  }
});

/** One installation, and then the vote counts on all nodes, with the daemon of the package that is there now. */
async function move(hosts: Hosts, host: Host, target: 'ours' | 'debian'): Promise<void> {
  const name = host === hosts.arbiter ? 'corosync-qnetd' : 'corosync-qdevice';
  const said = await sh(host, `apt-get -q -y install ${target === 'ours' ? OURS : name}`);
  // Debian's package starts nothing that it finds stopped, and apt has stopped ours before.
  if (target === 'debian') await sh(host, `systemctl start ${name}`);
  const pid = await sh(host, `cat /run/lab-units/${name}.service.main`);
  const program = (await sh(host, `readlink /proc/${pid.trim()}/exe`)).trim();
  assert.match(program, target === 'ours' ? /\/node(js)?$/ : new RegExp(`/${name}$`), said);
  await winners(hosts.nodes);
}

/** What would not be the same after a new authority, a new certificate or a new key. */
async function keys(hosts: Hosts): Promise<readonly string[]> {
  const authority = digest(hosts.arbiter.read(`${QDB}/qnetd-cacert.crt`));
  const known = hosts.nodes.flatMap((node) =>
    ['QNet CA', 'Cluster Cert'].map((name) => command(node, ['certutil', '-L', '-d', NDB, '-n', name, '-a'])),
  );
  return [authority, ...(await Promise.all(known)).map(digest)];
}

function digest(content: string | Uint8Array): string {
  return createHash('sha256').update(content).digest('hex');
}
