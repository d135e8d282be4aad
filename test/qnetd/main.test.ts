/** The daemon as a process: start, reload, stop, and the ways it cannot start. */
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { access, chown, mkdir, readFile, stat } from 'node:fs/promises';
import net from 'node:net';
import path from 'node:path';
import { test } from 'node:test';
import { userDirectories } from '../../src/qnetd/options.ts';
import { askLocalSocket } from '../../src/runtime/local-socket.ts';
import { type DaemonProcess, layOut, ownOptions, spawnDaemon, startDaemon } from './daemon.ts';
import { authority, clusterPair, expectAnswer, initOptions } from './rig.ts';

const LIMITS = { timeoutMs: 10_000, replyBytesMax: 1_000_000 };
const NOBODY = 65_534;

async function ask(daemon: DaemonProcess, request: string): Promise<string> {
  const { reply } = await askLocalSocket(daemon.options.localSocket.path, `${request}\n`, LIMITS);
  return reply.toString('latin1');
}

async function until(condition: () => boolean | Promise<boolean>): Promise<void> {
  for (let waits = 0; waits < 1_000; waits += 1) {
    if (await condition()) return;
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
  assert.fail('waited in vain');
}

function isThere(file: string): Promise<boolean> {
  return access(file).then(
    () => true,
    () => false,
  );
}

for (const signal of ['SIGTERM', 'SIGINT'] as const) {
  test(`${signal}: clients hear FIN, the socket file is gone, the lock file stays, exit code 0`, async (t) => {
    const daemon = await startDaemon(t);
    const client = await daemon.introduced();
    t.after(() => client.destroy());
    client.send('startTls', { msgSeqNumber: 2 });
    await client.secure({ caPem: authority.certPem, pair: clusterPair });
    const deaf = net.connect({ port: daemon.options.port, host: '127.0.0.1', allowHalfOpen: true });
    t.after(() => deaf.destroy());
    await once(deaf, 'connect');
    deaf.pause();
    await until(async () => (await ask(daemon, 'status')).includes('clients:\t\t2\n'));
    daemon.child.kill(signal);
    await client.ended();
    assert.equal(client.error, undefined);
    assert.equal(await daemon.end(), 0);
    assert.equal(await isThere(daemon.options.localSocket.path), false);
    assert.equal(await readFile(daemon.options.lockFile, 'utf8'), `${daemon.child.pid}\n`);
    assert.equal(daemon.lines.at(-1)?.msg, 'stopped');
  });
}

test('the local socket: status, list, snapshot; shutdown answers and then stops', async (t) => {
  const daemon = await startDaemon(t);
  const client = await daemon.introduced();
  t.after(() => client.destroy());
  client.send('startTls', { msgSeqNumber: 2 });
  await client.secure({ caPem: authority.certPem, pair: clusterPair });
  client.send('init', initOptions(4));
  await expectAnswer(client, 'initReply');
  const status = await ask(daemon, 'status verbose');
  assert.match(
    status,
    /^OK\nQNetd address:\t\t\t127\.0\.0\.1:\d+\nTLS:\t\t\t\tRequired \(client certificate required\)\n/,
  );
  assert.match(status, /Connected clients:\t\t1\nConnected clusters:\t\t1\n/);
  assert.match(await ask(daemon, 'list'), /^OK\nCluster "tst":\n(?:.*\n)* {4}Node ID 4:\n/);
  const snapshot = await ask(daemon, 'snapshot');
  assert.equal(JSON.parse(snapshot.slice('OK\n'.length)).clusters[0].nodes[0].nodeId, 4);
  assert.equal(await ask(daemon, 'shutdown'), 'OK\n');
  await client.ended();
  assert.equal(await daemon.end(), 0);
});

test('SIGHUP: new connections get the new certificate; a reload that fails keeps the old one and says what to do', async (t) => {
  const daemon = await startDaemon(t);
  const renewed = authority.issue({ commonName: 'Qnetd Server' });
  const served = async () => {
    const client = await daemon.introduced();
    t.after(() => client.destroy());
    client.send('startTls', { msgSeqNumber: 2 });
    const secured = await client.secure({ caPem: authority.certPem, pair: clusterPair });
    return secured.getPeerX509Certificate()?.toString().trim();
  };
  const loadedLines = () => daemon.lines.filter(({ msg }) => msg === 'certificate loaded');

  await layOut(daemon.options.stateDir, renewed);
  daemon.child.kill('SIGHUP');
  await until(() => loadedLines().length === 2);
  assert.equal(await served(), renewed.certPem.replaceAll('\r', '').trim());
  assert.notEqual(loadedLines()[0]?.['fingerprint'], loadedLines()[1]?.['fingerprint']);

  await layOut(daemon.options.stateDir, { ...renewed, certPem: 'no certificate' });
  daemon.child.kill('SIGHUP');
  const line = await daemon.line(
    'certificates not reloaded, the ones read before stay in use; mend the files and send SIGHUP again',
  );
  assert.equal(line.level, 'error');
  assert.equal(line['fingerprint'], loadedLines()[1]?.['fingerprint']);
  assert.match(String(line['reason']), /server\.pem/);
  assert.equal(await served(), renewed.certPem.replaceAll('\r', '').trim());
});

test('a busy port: one sentence what is wrong, one what to do, exit code 1, nothing left behind', async (t) => {
  const other = net.createServer().listen(0, '127.0.0.1');
  await once(other, 'listening');
  t.after(() => other.close());
  const address = other.address();
  assert.ok(address !== null && typeof address === 'object');
  const options = { ...(await ownOptions(t)), port: address.port };
  const daemon = spawnDaemon(t, options);
  assert.equal(await daemon.end(), 1);
  assert.match(daemon.errors, /^Another program listens on port \d+ of 127\.0\.0\.1 already\. .*--port.*\n$/);
  assert.equal(await isThere(options.localSocket.path), false);
});

test('the local socket is opened after the port: a status that answers means that nodes can connect', async (t) => {
  const other = net.createServer().listen(0, '127.0.0.1');
  await once(other, 'listening');
  t.after(() => other.close());
  const address = other.address();
  assert.ok(address !== null && typeof address === 'object');
  const options = { ...(await ownOptions(t)), port: address.port };
  // Neither can be opened, so the complaint is about whichever comes first.
  await mkdir(path.join(options.localSocket.path, 'in the way'), { recursive: true });
  const daemon = spawnDaemon(t, options);
  assert.equal(await daemon.end(), 1);
  assert.match(daemon.errors, /^Another program listens on port /);
});

test('of two processes for one run directory the second gives up', async (t) => {
  const first = await startDaemon(t);
  const second = spawnDaemon(t, first.options);
  assert.equal(await second.end(), 1);
  assert.match(second.errors, /Another instance is running/);
  assert.match(await ask(first, 'status'), /^OK\n/);
});

test('two processes that start at once: one serves', async (t) => {
  const options = await ownOptions(t);
  const pair = [spawnDaemon(t, options), spawnDaemon(t, options)];
  const [loser] = await Promise.race(pair.map(async (daemon, index) => [index, await daemon.end()] as const));
  const winner = pair[1 - loser];
  assert.ok(winner !== undefined);
  await winner.line('serving');
  assert.match(await ask(winner, 'status'), /^OK\n/);
  assert.match(pair[loser]?.errors ?? '', /Another instance is running/);
});

test('any user: an empty home gets authority, certificate and run directory', async (t) => {
  const isRoot = process.getuid?.() === 0;
  const given = await ownOptions(t, { ownCertificates: true });
  const home = path.dirname(given.stateDir);
  if (isRoot) await chown(home, NOBODY, NOBODY);
  const directories = userDirectories({ XDG_STATE_HOME: home, XDG_RUNTIME_DIR: home }, home);
  const options = {
    ...given,
    ...directories,
    lockFile: path.join(directories.runDir, 'corosync-qnetd.pid'),
    localSocket: { ...given.localSocket, path: path.join(directories.runDir, 'corosync-qnetd.sock') },
  };
  const wrapper = isRoot ? ['setpriv', `--reuid=${NOBODY}`, `--regid=${NOBODY}`, '--clear-groups'] : [];
  const daemon = spawnDaemon(t, options, { wrapper, env: { PATH: process.env['PATH'], HOME: home } });
  await daemon.line('certificate authority and certificate made');
  await daemon.line('serving');
  const uid = isRoot ? NOBODY : process.getuid?.();
  for (const file of [options.lockFile, options.localSocket.path, path.join(options.stateDir, 'server.key')]) {
    assert.equal((await stat(file)).uid, uid);
  }
  daemon.child.kill('SIGTERM');
  assert.equal(await daemon.end(), 0);
});

test('without -f the command returns when the service is ready, and with its error when it cannot be', async (t) => {
  const options = await ownOptions(t, { options: { foreground: false } });
  const starter = spawnDaemon(t, options);
  assert.equal(await starter.end(), 0);
  const pid = Number(await readFile(options.lockFile, 'utf8'));
  t.after(() => isRunning(pid) && process.kill(pid, 'SIGKILL'));
  assert.notEqual(pid, starter.child.pid);
  assert.match(await ask(starter, 'status'), /^OK\n/);

  const second = spawnDaemon(t, options);
  assert.equal(await second.end(), 1);
  assert.match(second.errors, /^Another instance is running/);

  assert.equal(await ask(starter, 'shutdown'), 'OK\n');
  for (let waits = 0; waits < 500 && isRunning(pid); waits += 1)
    await new Promise((resolve) => setTimeout(resolve, 10));
  assert.equal(isRunning(pid), false);
});

test('a defect that nobody caught ends the process with exit code 1 and a line at fatal', async (t) => {
  const daemon = await startDaemon(t);
  const client = await daemon.introduced();
  t.after(() => client.destroy());
  daemon.child.kill('SIGUSR2');
  assert.equal(await daemon.end(), 1);
  assert.equal(daemon.lines.at(-1)?.level, 'fatal');
  await client.ended();
});

function isRunning(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}
