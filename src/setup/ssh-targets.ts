/** Whom ssh is told to connect to. */
import { lookup } from 'node:dns/promises';
import { existsSync } from 'node:fs';
import { BlockList, isIP } from 'node:net';
import { OperatorError } from '../runtime/errors.ts';
import type { ConfNode } from './conf/cluster.ts';
import { sshConfig } from './host/ssh-config.ts';
import type { SshTarget } from './host/ssh-host.ts';
import { nameOf } from './node-names.ts';

export interface ArbiterAddress {
  readonly target: SshTarget;
  /** For corosync.conf: nodes must not depend on a resolver when they need the vote. */
  readonly address: string;
}

/** The node's name where the configuration of ssh knows more about it, else the address that corosync uses. */
export async function nodeTarget(node: ConfNode, user: string | undefined): Promise<SshTarget> {
  const name = nameOf(node);
  const [address] = node.ringAddresses;
  const known = await isConfigured(name);
  const destination = known || address === undefined ? name : address;
  const knownHosts = `/etc/pve/nodes/${name}/ssh_known_hosts`;
  const proxmox = existsSync(knownHosts)
    ? [`HostKeyAlias=${name}`, `UserKnownHostsFile=${knownHosts}`, 'GlobalKnownHostsFile=none']
    : [];
  return { name, destination, options: proxmox, secretGroup: 'nodes', ...(user === undefined ? {} : { user }) };
}

/** `address` as the operator gave it: an address, a name, or one that only the configuration of ssh knows; with USER@. */
export async function arbiterTarget(given: string, network: string | undefined): Promise<ArbiterAddress> {
  const at = given.lastIndexOf('@');
  const user = at > 0 ? given.slice(0, at) : undefined;
  const name = given.slice(at + 1).replace(/^\[(.*)\]$/, '$1');
  if (name === '' || name.startsWith('-') || /[\s'"`$]/.test(name)) {
    throw new OperatorError(`${given} is neither an address nor the name of a host.`, 'Give one, such as 192.0.2.9.');
  }
  const address = isIP(name) !== 0 ? name : await resolved(name, network);
  if (network !== undefined && !isWithin(address, network)) {
    throw new OperatorError(
      `${name} has no address in ${network}.`,
      'Name the network that nodes and arbiter share, or leave --network out.',
    );
  }
  const target = { name, destination: name, secretGroup: 'arbiter', ...(user === undefined ? {} : { user }) };
  return { target, address };
}

async function resolved(name: string, network: string | undefined): Promise<string> {
  const hostName = (await sshConfig(name)).get('hostname')?.[0] ?? name;
  if (isIP(hostName) !== 0) return hostName;
  const found = await lookup(hostName, { all: true }).catch(() => []);
  const fitting = network === undefined ? found : found.filter(({ address }) => isWithin(address, network));
  const [first] = fitting.length > 0 ? fitting : found;
  if (first !== undefined) return first.address;
  throw new OperatorError(`The name ${hostName} cannot be resolved.`, 'Check it, or give the address.');
}

function isWithin(address: string, network: string): boolean {
  const [base = '', bits = ''] = network.split('/');
  const family = isIP(base) === 6 ? 'ipv6' : 'ipv4';
  const most = family === 'ipv6' ? 128 : 32;
  if (isIP(base) === 0 || !/^\d+$/.test(bits) || Number(bits) > most) {
    throw new OperatorError(`${network} is not a network.`, 'Give it as ADDRESS/BITS, such as 192.0.2.0/24.');
  }
  const list = new BlockList();
  list.addSubnet(base, Number(bits), family);
  return isIP(address) !== 0 && list.check(address, isIP(address) === 6 ? 'ipv6' : 'ipv4');
}

async function isConfigured(name: string): Promise<boolean> {
  const config = await sshConfig(name);
  const [hostName] = config.get('hostname') ?? [];
  if (hostName !== undefined && hostName !== name.toLowerCase()) return true;
  return (config.get('port')?.[0] ?? '22') !== '22' || config.has('proxyjump') || config.has('proxycommand');
}
