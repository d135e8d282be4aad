/**
 * The commands that `pvecm qdevice setup` and `remove` give, in their order and with their options, as its source has them
 * (pve-cluster 9.1.6). Not for use: it keeps even what is odd, as the failures that it ignores.
 */
import assert from 'node:assert/strict';
import type { Host } from '../lab/host.ts';
import { followClusterFiles } from '../setup/lab/proxmox.ts';
import { CONF, nextVersion } from './cluster.ts';
import { attempt, command } from './command.ts';

const SHARED_CONF = '/etc/pve/corosync.conf';
const QDB = '/etc/corosync/qnetd/nssdb';
const NDB = '/etc/corosync/qdevice/net/nssdb';
const CLUSTER_LOCK_MS = 1000;

export class Pvecm {
  readonly #nodes: readonly Host[];
  readonly #address: string;
  readonly #cluster: string;
  readonly #first: Host;

  constructor(nodes: readonly Host[], arbiter: Host, cluster: string) {
    const [first] = nodes;
    assert.ok(first);
    this.#nodes = nodes;
    this.#address = arbiter.address;
    this.#cluster = cluster;
    this.#first = first;
  }

  /** Stands in for the start of pmxcfs on all nodes, which see one /etc/pve. */
  async mountClusterFiles(conf: string): Promise<void> {
    this.#first.write(SHARED_CONF, conf);
    for (const node of this.#nodes) await followClusterFiles(node);
  }

  async setup(): Promise<void> {
    const { '-d': hasStore } = await this.#tests(NDB);
    assert.ok(!hasStore, 'QDevice certificate store already initialised, set force to delete!');
    await this.#here('ssh-copy-id', '-i', '/root/.ssh/id_rsa', `root@${this.#address}`);
    await this.#onArbiter(['corosync-qnetd-certutil', '-i'], 'may fail');
    await this.#copy(`root@[${this.#address}]:${QDB}/qnetd-cacert.crt`, '/etc/pve/qnetd-cacert.crt');
    await this.#onEach(['corosync-qdevice-net-certutil', '-i', '-c', '/etc/pve/qnetd-cacert.crt'], 'may fail');
    await this.#here('unlink', '/etc/pve/qnetd-cacert.crt');
    await this.#here('corosync-qdevice-net-certutil', '-r', '-n', this.#cluster);
    await this.#copy(`${NDB}/qdevice-net-node.crq`, `root@[${this.#address}]:/tmp`);
    const request = '/tmp/qdevice-net-node.crq';
    await this.#onArbiter(['corosync-qnetd-certutil', '-s', '-c', request, '-n', this.#cluster]);
    await this.#copy(`root@[${this.#address}]:${QDB}/cluster-${this.#cluster}.crt`, NDB);
    await this.#here('corosync-qdevice-net-certutil', '-M', '-c', `${NDB}/cluster-${this.#cluster}.crt`);
    await this.#copy(`${NDB}/qdevice-net-node.p12`, '/etc/pve/');
    await this.#onEach(['corosync-qdevice-net-certutil', '-m', '-c', '/etc/pve/qdevice-net-node.p12']);
    await this.#here('unlink', '/etc/pve/qdevice-net-node.p12');
    const net = `    net {\n      algorithm: ffsplit\n      host: ${this.#address}\n      tls: on\n    }\n`;
    await this.#changeConf((conf) =>
      conf.replace(/^quorum \{\n/m, `$&  device {\n    model: net\n${net}    votes: 1\n  }\n`),
    );
    for (const node of this.#nodes) {
      await this.#onNode(node, ['systemctl', 'start', 'corosync-qdevice']);
      await this.#onNode(node, ['systemctl', 'enable', 'corosync-qdevice']);
    }
    await this.#here('corosync-cfgtool', '-R');
  }

  async remove(): Promise<void> {
    await this.#changeConf((conf) => conf.replace(/^ {2}device \{\n[\s\S]*?^ {2}\}\n/m, ''));
    await this.#onEach(['rm', '-rf', '/etc/corosync/qdevice']);
    for (const node of this.#nodes) {
      await this.#onNode(node, ['systemctl', 'stop', 'corosync-qdevice']);
      await this.#onNode(node, ['systemctl', 'disable', 'corosync-qdevice']);
    }
    await this.#here('corosync-cfgtool', '-R');
  }

  /** `pvecm status` ends as this program. */
  async status(): Promise<string> {
    return await command(this.#first, ['corosync-quorumtool', '-siH']);
  }

  /** What the API answers from the daemon's local socket: a client of its own, which reads to the end. */
  async socketStatus(node: Host): Promise<Readonly<Record<string, string>>> {
    const client = [
      'use IO::Socket::UNIX;',
      '$s = IO::Socket::UNIX->new(Type => SOCK_STREAM, Peer => "/var/run/corosync-qdevice/corosync-qdevice.sock") or die;',
      'print $s "status verbose\\n"; print while <$s>;',
    ];
    const text = await command(node, ['timeout', '10', 'perl', '-e', client.join(' ')]);
    const wanted = /^(Algorithm|Echo reply|Last poll call|Model|QNetd host|State|Tie-breaker)\s*:\s*(.*?)\s*$/gm;
    return Object.fromEntries([...text.matchAll(wanted)].map(([, key = '', value = '']) => [key, value]));
  }

  /** As on the cluster file system: a new file with a higher version, renamed over the old; it is spread, then read. */
  async #changeConf(change: (conf: string) => string): Promise<void> {
    const conf = this.#first.read(SHARED_CONF).toString('utf8');
    this.#first.write(`${SHARED_CONF}.new`, nextVersion(change(conf)));
    await this.#here('mv', `${SHARED_CONF}.new`, SHARED_CONF);
    await this.#here('sleep', String(CLUSTER_LOCK_MS / 1000));
    for (const node of this.#nodes) assert.deepEqual(node.read(CONF), this.#first.read(SHARED_CONF));
    await this.#here('corosync-cfgtool', '-R');
  }

  async #tests(path: string): Promise<{ readonly '-d': boolean }> {
    return { '-d': (await attempt(this.#first, ['test', '-d', path])).exitCode === 0 };
  }

  async #here(...argv: readonly string[]): Promise<string> {
    return await command(this.#first, argv);
  }

  async #copy(from: string, to: string): Promise<void> {
    await this.#here('scp', '-o', 'BatchMode=yes', from, to);
  }

  async #onArbiter(argv: readonly string[], failure?: 'may fail'): Promise<void> {
    const ssh = ['ssh', '-o', 'BatchMode=yes', '-lroot', this.#address, ...argv];
    await (failure === undefined ? command(this.#first, ssh) : attempt(this.#first, ssh));
  }

  async #onEach(argv: readonly string[], failure?: 'may fail'): Promise<void> {
    for (const node of this.#nodes) await this.#onNode(node, argv, failure);
  }

  async #onNode(node: Host, argv: readonly string[], failure?: 'may fail'): Promise<void> {
    const options = ['-e', 'none', '-o', 'BatchMode=yes', '-o', `HostKeyAlias=${node.name}`];
    const ssh = ['/usr/bin/ssh', ...options, `root@${node.address}`, '--', ...argv];
    await (failure === undefined ? command(this.#first, ssh) : attempt(this.#first, ssh));
  }
}
