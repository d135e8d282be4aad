/** sshd on hosts, and the trust that an operator has set up among them. */
import { chmodSync, chownSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Host } from '../../lab/host.ts';
import { run } from '../../lab/processes.ts';
import { until } from '../../lab/wait.ts';
import { addressesOf, PASSWORD } from './names.ts';

interface KeyPair {
  readonly secret: string;
  readonly open: string;
}

/**
 * How the first node gets in elsewhere. key: root by key. password: root of nodes by key, on the arbiter the user `admin`
 * by password, which sudo asks for again, and a host key that is not known. sudo: `admin` by key on all, no root. jump:
 * the arbiter admits its key from the second node alone, on a port that only the configuration of ssh knows. agent: root
 * by a key that only an agent has.
 */
export type Login = 'key' | 'password' | 'sudo' | 'jump' | 'agent';

/** Of the agent on the first node. */
export const AGENT_SOCKET = '/run/lab-ssh-agent';
const ARBITER_SSH_PORT = 2222;
const AGENT_MS_MAX = 10_000;

export async function installSsh(nodes: readonly Host[], arbiters: readonly Host[], login: Login): Promise<void> {
  const user = await makeKey();
  const hash = (await run(['openssl', 'passwd', '-6', '-stdin'], `${PASSWORD}\n`)).trim();
  const known: string[] = [];
  for (const host of [...arbiters, ...nodes]) {
    const isArbiter = arbiters.includes(host);
    const key = await makeKey();
    host.write('/etc/ssh/lab_host_key', key.secret);
    host.write('/etc/ssh/lab_sshd_config', sshdConfig(login, isArbiter));
    addAdmin(host, hash, login === 'password' && isArbiter);
    host.write('/root/.bashrc', 'echo "Welcome to $(hostname), it is $(date)"; echo "Mind the dog" >&2\n');
    const port = login === 'jump' && isArbiter ? `:${ARBITER_SSH_PORT}` : '';
    const names = [host.name, ...addressesOf(host)].map((name) => (port === '' ? name : `[${name}]${port}`));
    if (isArbiter && login === 'password') continue;
    known.push(`${names.join(',')} ${key.open}`);
    const from = port === '' ? '' : `from="${nodes[1]?.address ?? ''}" `;
    const admitted = login === 'sudo' ? '/home/admin/.ssh/authorized_keys' : '/root/.ssh/authorized_keys';
    host.write(admitted, from + user.open);
    chmodSync(host.outside(admitted), 0o644); // sshd reads it with the rights of the user
  }
  for (const node of nodes) {
    if (login !== 'agent') node.write('/root/.ssh/id_ed25519', user.secret);
    node.write('/root/.ssh/known_hosts', known.join(''));
    const all = [...arbiters, ...nodes].flatMap((host) => addressesOf(host).map((address) => ({ address, host })));
    const names = all.map(({ address, host }) => `${address} ${host.name}\n`);
    node.write('/etc/hosts', `127.0.0.1 localhost\n${names.join('')}`);
    if (login !== 'jump') continue;
    const jump = `  ProxyJump ${nodes[1]?.address ?? ''}\n  Port ${ARBITER_SSH_PORT}\n`;
    node.write('/root/.ssh/config', `Host ${arbiters.map(({ address }) => address).join(' ')}\n${jump}`);
  }
  const [first] = nodes;
  if (login === 'agent' && first !== undefined) await startAgent(first, user.secret);
}

async function startAgent(host: Host, secretKey: string): Promise<void> {
  await host.start('ssh-agent', ['ssh-agent', '-D', '-a', AGENT_SOCKET]);
  const listens = async () => ((await host.tryExec('test', '-S', AGENT_SOCKET)).exitCode === 0 ? undefined : 'not yet');
  await until('the agent listens', listens, { deadlineMs: AGENT_MS_MAX });
  await run([...host.enter, 'env', `SSH_AUTH_SOCK=${AGENT_SOCKET}`, 'ssh-add', '-q', '-'], secretKey);
}

/** A user who may become root, after giving the password or without. */
function addAdmin(host: Host, hash: string, asksPassword: boolean): void {
  const append = (path: string, line: string) => host.write(path, `${host.read(path).toString('latin1')}${line}\n`);
  append('/etc/passwd', 'admin:x:4242:4242::/home/admin:/bin/bash');
  append('/etc/group', 'admin:x:4242:');
  append('/etc/shadow', `admin:${hash}:19000:0:99999:7:::`);
  append('/etc/sudoers', `admin ALL=(ALL) ${asksPassword ? '' : 'NOPASSWD: '}ALL`);
  chmodSync(host.outside('/etc/passwd'), 0o644);
  chmodSync(host.outside('/etc/group'), 0o644);
  host.write('/home/admin/.profile', '');
  for (const path of ['/home/admin', '/home/admin/.profile']) chownSync(host.outside(path), 4242, 4242);
}

export async function startSshd(host: Host): Promise<void> {
  await host.exec('mkdir', '-p', '/run/sshd');
  await host.start('sshd', ['/usr/sbin/sshd', '-D', '-e', '-f', '/etc/ssh/lab_sshd_config']);
}

async function makeKey(): Promise<KeyPair> {
  const directory = mkdtempSync(join(tmpdir(), 'lab-key-'));
  try {
    const file = join(directory, 'key');
    await run(['ssh-keygen', '-q', '-t', 'ed25519', '-N', '', '-C', 'lab', '-f', file]);
    return { secret: readFileSync(file, 'utf8'), open: readFileSync(`${file}.pub`, 'utf8') };
  } finally {
    rmSync(directory, { recursive: true });
  }
}

/** No SFTP, as setup must do without. */
function sshdConfig(login: Login, isArbiter: boolean): string {
  const noRoot = login === 'sudo' || (login === 'password' && isArbiter);
  return [
    'HostKey /etc/ssh/lab_host_key',
    'PidFile none',
    `PermitRootLogin ${noRoot ? 'no' : 'yes'}`,
    `Port ${login === 'jump' && isArbiter ? ARBITER_SSH_PORT : 22}`,
    'PasswordAuthentication yes',
    'KbdInteractiveAuthentication no',
    'UsePAM no',
    'StrictModes no',
    '',
  ].join('\n');
}
