/**
 * Where the contract is tested: an arbiter on a plain Debian, two nodes of a voting cluster, a node that has the package and nothing
 * else set up, and one more with pcs and the tools of NSS. All of them have only packages.
 */
import assert from 'node:assert/strict';
import { X509Certificate } from 'node:crypto';
import type { Host } from '../lab/host.ts';
import type { CommandResult } from '../lab/processes.ts';
import { CONF, nextVersion, pushConf, startCluster, winners } from '../packages/cluster.ts';
import { attempt, command, sh } from '../packages/command.ts';
import { Hosts } from '../packages/hosts.ts';
import { CLUSTER_NAME as NAME } from '../setup/lab/names.ts';

export const QDB = '/etc/corosync/qnetd/nssdb';
export const NET = '/etc/corosync/qdevice/net';
export const NDB = `${NET}/nssdb`;
export const INBOX = '/run/inbox';
export const MARKERS = ['cert9.db', 'key4.db', 'pkcs11.txt', 'cert8.db', 'key3.db', 'secmod.db'];

export class Site {
  readonly hosts: Hosts;
  readonly arbiter: Host;
  /** The members of the cluster. */
  readonly pair: readonly [Host, Host];
  /** The package is installed and nothing more is done; rows leave on it what they like. */
  readonly spare: Host;
  /** As the spare one, with pcs, and certutil and pk12util. */
  readonly tooled: Host;
  #conf = '';
  #device = '';

  private constructor(hosts: Hosts) {
    this.hosts = hosts;
    this.arbiter = hosts.arbiter;
    this.pair = [hosts.node(1), hosts.node(2)];
    this.spare = hosts.node(3);
    this.tooled = hosts.node(4);
  }

  static async create(): Promise<Site> {
    const hosts = await Hosts.create({ nodes: 4, software: 'ours', arbiterSoftware: 'ours alone', tools: [4] });
    const site = new Site(hosts);
    try {
      await site.#begin();
    } catch (error) {
      console.log(hosts.logs());
      await hosts.destroy();
      throw error;
    }
    return site;
  }

  get device(): string {
    return this.#device;
  }

  /** The section `quorum.device` of both nodes and the reload; empty: none. */
  async configure(device: string): Promise<void> {
    this.#conf = nextVersion(this.#conf.replace(this.#device, device === '' ? NO_DEVICE : device));
    this.#device = device === '' ? NO_DEVICE : device;
    await pushConf(this.pair, this.#conf);
  }

  async voting(): Promise<void> {
    await winners(this.pair);
  }

  async devices(verb: 'start' | 'stop' | 'restart'): Promise<void> {
    await Promise.all(this.pair.map((node) => sh(node, `systemctl ${verb} corosync-qdevice`)));
  }

  /** The spare host, or the one with tools, as it was after the installation. */
  async fresh(host: Host): Promise<Host> {
    assert.ok(host === this.spare || host === this.tooled);
    for (const unit of ['corosync-qnetd', 'corosync-qdevice']) await attempt(host, ['systemctl', 'stop', unit]);
    // With them goes the example that corosync brings: pcs takes it for a cluster.
    await command(host, ['rm', '-rf', QDB, NDB, INBOX, '/var/lib/corosync-qnetd/votes', CONF]);
    await command(host, ['mkdir', '-p', NET, INBOX]);
    return host;
  }

  /** From the word of a node over SSH, as other hosts' tools come. */
  ssh(to: Host, line: string): Promise<CommandResult> {
    return attempt(this.pair[0], ['ssh', '-o', 'BatchMode=yes', '-lroot', to.address, ...line.split(' ')]);
  }

  async #begin(): Promise<void> {
    const { arbiter, pair } = this;
    await sh(arbiter, 'systemctl start corosync-qnetd');
    const net = `net {\n      host: ${arbiter.address}\n      tls: on\n      algorithm: ffsplit\n    }`;
    this.#device = `device {\n    model: net\n    votes: 1\n    ${net}\n  }`;
    this.#conf = await startCluster(
      pair,
      this.#device.split('\n').map((line, at) => (at === 0 ? line : line.slice(2))),
    );
    this.#device = /device \{[\s\S]*?\n {2}\}/.exec(this.#conf)?.[0] ?? assert.fail(this.#conf);
    await giveCertificates(arbiter, pair, NAME);
    await this.devices('start');
    await this.voting();
  }
}

/** What stands where the device would, so that it can be found again. */
const NO_DEVICE = '# no device';

/** As an operator does by hand; files are carried by the test. */
export async function giveCertificates(arbiter: Host, nodes: readonly Host[], name: string): Promise<void> {
  const [first, ...others] = nodes;
  assert.ok(first);
  for (const node of nodes) {
    node.write(`${INBOX}/ca.crt`, arbiter.read(`${QDB}/qnetd-cacert.crt`));
    await sh(node, `corosync-qdevice-net-certutil -i -c ${INBOX}/ca.crt`);
  }
  await rekey(arbiter, first, name);
  for (const node of others) {
    node.write(`${INBOX}/node.p12`, first.read(`${NDB}/qdevice-net-node.p12`));
    await sh(node, `corosync-qdevice-net-certutil -m -c ${INBOX}/node.p12`);
  }
}

/** A new key on a node that knows the authority, and a certificate for it. */
export async function rekey(arbiter: Host, node: Host, name: string): Promise<void> {
  await sh(node, `corosync-qdevice-net-certutil -r -n ${name}`);
  node.write(`${INBOX}/cluster.crt`, await signed(arbiter, node.read(`${NDB}/qdevice-net-node.crq`), name));
  await sh(node, `corosync-qdevice-net-certutil -M -c ${INBOX}/cluster.crt`);
}

export async function signed(arbiter: Host, request: Uint8Array, name: string): Promise<Buffer> {
  arbiter.write(`${INBOX}/request.crq`, request);
  await sh(arbiter, `corosync-qnetd-certutil -s -c ${INBOX}/request.crq -n ${name}`);
  return arbiter.read(`${QDB}/cluster-${name}.crt`);
}

export async function exists(host: Host, path: string): Promise<boolean> {
  return (await attempt(host, ['test', '-e', path])).exitCode === 0;
}

/** Of the certificate that a node's files hold. */
export function fingerprintOf(node: Host): string {
  return new X509Certificate(node.read(`${NDB}/cluster.pem`)).fingerprint256;
}

/** The main process of a unit. */
export async function mainPid(host: Host, unit: string): Promise<string> {
  return (await sh(host, `cat /run/lab-units/${unit}.service.main`)).trim();
}

/** What the daemon has written since; `from` is an earlier length. */
export function logOf(host: Host, unit: string, from = 0): string {
  return host.read(host.logPath(unit)).subarray(from).toString('utf8');
}

/** A directory with all it holds, as an archive. */
export async function packed(host: Host, directory: string): Promise<Buffer> {
  await command(host, ['tar', '-C', directory, '-cf', `${INBOX}.tar`, '.']);
  return host.read(`${INBOX}.tar`);
}

export async function unpack(host: Host, archive: Uint8Array, directory: string): Promise<void> {
  host.write(`${INBOX}.tar`, archive);
  await command(host, ['mkdir', '-p', directory]);
  await command(host, ['tar', '-C', directory, '-xf', `${INBOX}.tar`]);
}
