/**
 * Debian's crmsh, as it is, on hosts that have our package: it makes a cluster with pacemaker, sets a device up, lets a node join
 * and leave, and takes the device away. What Debian's crmsh wants of a host beside its packages' dependencies is given to it:
 * a /bin/sh that is bash, as it sends scripts with arrays, and a home that the user hacluster may write to.
 */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { survivesCut, winners } from './cluster.ts';
import { attempt, command, sh } from './command.ts';
import { Hosts } from './hosts.ts';

const NDB = '/etc/corosync/qdevice/net/nssdb';
const isWide = process.env['LAB_TOOLS'] === 'wide';

test('crmsh sets a device up with our arbiter, lets a node join, and removes both', async () => {
  const hosts = await Hosts.create({ nodes: isWide ? 3 : 2, software: 'ours with names', tools: 'everywhere' });
  try {
    const [first, second] = [hosts.node(1), hosts.node(2)];
    const { arbiter } = hosts;
    for (const node of hosts.nodes) {
      await sh(node, 'ln -sf bash /bin/sh');
      await sh(node, 'chown hacluster:haclient /var/lib/pacemaker');
      await sh(node, 'rm -f /etc/corosync/corosync.conf');
    }
    await crm(first, 'cluster init -y -i eth0 --name lab');
    await crm(second, `cluster join -y -c ${first.name} -i eth0`);
    await crm(first, `cluster init qdevice --qnetd-hostname ${arbiter.name} -y`);
    const pair = [first, second];
    await winners(pair);
    await survivesCut(pair, [first]);
    assert.equal(await sh(arbiter, 'systemctl is-enabled corosync-qnetd'), 'enabled\n');
    assert.match(await crm(first, 'corosync status qdevice'), /^Sync HB interval:\t+\d+ms$/m);
    assert.match(await crm(first, 'corosync status qnetd'), /^Cluster "lab":$/m);

    if (isWide) {
      const third = hosts.node(3);
      await crm(third, `cluster join -y -c ${first.name} -i eth0`);
      await winners(hosts.nodes);
      await crm(first, `cluster remove -y ${third.name}`);
      await winners(pair);
      assert.equal((await attempt(third, ['test', '-e', NDB])).exitCode, 1);
    }

    await crm(first, 'cluster remove --qdevice -y');
    for (const node of pair) {
      assert.doesNotMatch(await sh(node, 'corosync-quorumtool -s'), /Qdevice/);
      assert.equal((await attempt(node, ['test', '-e', NDB])).exitCode, 1);
    }
    assert.equal((await attempt(arbiter, ['test', '-e', '/etc/corosync/qnetd/nssdb/cluster-lab.crt'])).exitCode, 1);
    assert.equal(await sh(arbiter, 'corosync-qnetd-tool -l'), '');
  } catch (error) {
    console.log(hosts.logs());
    throw error;
  } finally {
    await hosts.destroy();
  }
});

async function crm(host: Parameters<typeof command>[0], line: string): Promise<string> {
  return await command(host, ['crm', '-D', 'plain', ...line.split(' ')]);
}
