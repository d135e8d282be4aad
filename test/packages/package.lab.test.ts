/**
 * What becomes of a host: our package on a bare one and in the place of Debian's, upgraded, removed, purged, and back; and the
 * archive for hosts without apt. systemctl is the stand-in, which starts what the installed units say.
 */
import assert from 'node:assert/strict';
import { copyFileSync, mkdirSync, rmSync } from 'node:fs';
import { basename } from 'node:path';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { archive } from '../../src/packaging/archive.ts';
import { type Layers, nodeTree, plainTree, withPackages } from '../lab/debian-trees.ts';
import { Host } from '../lab/host.ts';
import { createBridge, deleteNetwork, labDirectory, newLabName, sweepDeadLabs } from '../lab/namespaces.ts';
import { CONF, startCluster, winners } from './cluster.ts';
import { attempt, command, sh } from './command.ts';
import { packageFiles } from './deb.ts';
import { prepare } from './hosts.ts';

const PROJECT = fileURLToPath(new URL('../..', import.meta.url)).replace(/\/$/, '');
const OURS = '/run/qdevice.deb';
const QDB = '/etc/corosync/qnetd/nssdb';
const SETTINGS = '/etc/default/corosync-qnetd';
/** What adduser leaves of earlier states, and what every installation writes. */
const CHANGING =
  /^\/(var\/(log|cache|lib\/(dpkg|apt|systemd))|run|proc|sys|dev|tmp)(\/|$)|^\/etc\/(passwd|group|shadow|gshadow|subuid|subgid)-?$/;

/** A host with Node.js and nothing of a cluster. */
const bare = async () => await withPackages('bare', await plainTree(), ['nodejs', 'adduser']);

async function withHost(work: (host: Host) => Promise<void>, tree: () => Promise<Layers> = bare): Promise<void> {
  await sweepDeadLabs();
  const layers = await tree();
  const labName = newLabName();
  mkdirSync(labDirectory(labName), { mode: 0o755 });
  await createBridge(`${labName}-bridge`);
  const host = await Host.withSystem(labName, labDirectory(labName), 'host', '192.0.2.1', layers, new Map());
  try {
    await prepare(host);
    const { main } = await packageFiles();
    copyFileSync(main, host.outside(OURS));
    await work(host);
  } catch (error) {
    console.log(host.logTails());
    throw error;
  } finally {
    await host.destroy();
    await deleteNetwork(`${labName}-bridge`);
    rmSync(labDirectory(labName), { recursive: true, force: true });
  }
}

/** As a script does it: nobody can answer a question. */
function apt(host: Host, ...words: readonly string[]): Promise<string> {
  return command(host, ['env', 'DEBIAN_FRONTEND=noninteractive', 'apt-get', '-q', '-y', ...words]);
}

async function filesOf(host: Host): Promise<string[]> {
  const found = (await sh(host, 'find / -xdev')).trim().split('\n');
  return found.filter((path) => !CHANGING.test(path)).sort();
}

/** The certificate itself, whatever text stands before it. */
function authority(host: Host): string {
  return (
    /-----BEGIN[\s\S]*?-----END/.exec(host.read(`${QDB}/qnetd-cacert.crt`).toString().replaceAll('\r', ''))?.[0] ?? ''
  );
}

async function assertWhole(host: Host): Promise<void> {
  assert.equal(await sh(host, 'dpkg --audit'), '');
  assert.match(await command(host, ['sh', '-c', 'dpkg -V qdevice || true']), /^(\?\?5\?{6} c \/etc\/default\/\S+\n)*$/);
}

test('a bare host becomes an arbiter, stays one through an upgrade, and is bare again after a purge', async () => {
  await withHost(async (host) => {
    const before = await filesOf(host);
    const said = await apt(host, 'install', OURS);
    assert.match(said, /^qdevice: corosync-qnetd \(arbiter\) enabled, corosync-qdevice \(node\) not enabled; /m);
    assert.match(await sh(host, 'corosync-qnetd-tool -s'), /^QNetd address:\t+\*:5403$/m);
    assert.match(await sh(host, 'qnetd health'), /^listening on \*:5403 and deciding/);
    assert.equal((await sh(host, `stat -c %U:%G:%a ${QDB}/ca.key`)).trim(), 'coroqnetd:coroqnetd:640');
    await assertWhole(host);
    const first = authority(host);

    await sh(host, `dpkg --install ${OURS}`);
    assert.equal(authority(host), first);
    assert.match(await sh(host, 'qnetd health'), /deciding/);
    await sh(host, 'systemctl disable --now corosync-qnetd');
    assert.match(await sh(host, `dpkg --install ${OURS}`), /\(arbiter\) not enabled/, 'the choice is kept');

    await command(host, ['sh', '-c', `echo '# mine' >>${SETTINGS}`]);
    await sh(host, 'dpkg --remove qdevice');
    assert.equal(authority(host), first, 'removing keeps the certificates');
    await sh(host, `dpkg --install ${OURS}`);
    assert.match(host.read(SETTINGS).toString(), /# mine/);
    assert.equal(authority(host), first);
    await assertWhole(host);

    await sh(host, 'dpkg --purge qdevice');
    assert.equal(await sh(host, 'dpkg --audit'), '');
    assert.deepEqual(await filesOf(host), before, 'nothing is left');
  });
});

test("in the place of Debian's and back: certificates, edited settings, enabled units; a purge of the replaced takes nothing", async () => {
  await withHost(async (host) => {
    await apt(host, 'install', 'corosync-qnetd', 'corosync-qdevice');
    await sh(host, 'systemctl enable --now corosync-qnetd');
    await sh(host, 'systemctl enable corosync-qdevice');
    await command(host, ['sed', '-i', 's/^COROSYNC_QNETD_OPTIONS=.*/COROSYNC_QNETD_OPTIONS="-p 5404"/', SETTINGS]);
    const [first, edited] = [authority(host), host.read(SETTINGS).toString()];
    const stands = async () => {
      assert.equal(authority(host), first);
      assert.equal(host.read(SETTINGS).toString(), edited);
      for (const unit of ['corosync-qnetd', 'corosync-qdevice']) {
        assert.equal((await sh(host, `systemctl is-enabled ${unit}`)).trim(), 'enabled', unit);
      }
    };

    const said = await apt(host, 'install', OURS);
    assert.match(said, /^qdevice: corosync-qnetd \(arbiter\) enabled, corosync-qdevice \(node\) enabled; /m);
    await stands();
    await assertWhole(host);
    assert.match(await sh(host, 'corosync-qnetd-tool -s'), /^QNetd address:\t+\*:5404$/m, 'with the edited port');
    const ours = host.read(`${QDB}/server.pem`).toString();
    const theirs = await command(host, ['certutil', '-L', '-d', QDB, '-n', 'QNetd Cert', '-a']);
    assert.equal(theirs.replaceAll(/\s/g, ''), ours.replaceAll(/\s/g, ''), 'imported while the tools are there');

    const purged = await apt(host, 'purge', 'corosync-qnetd', 'corosync-qdevice');
    for (const name of ['corosync-qnetd', 'corosync-qdevice']) {
      assert.match(
        purged,
        new RegExp(`^${name}: certificates and units belong to the package qdevice now and stay\\.$`, 'm'),
      );
    }
    await stands();
    assert.match(await sh(host, 'qnetd health'), /deciding/);

    await apt(host, '-o', 'Dpkg::Options::=--force-confold', 'install', 'corosync-qnetd', 'corosync-qdevice');
    await stands();
    assert.match(await sh(host, 'corosync-qnetd-tool -s'), /^QNetd address:\t+\*:5404$/m);
    assert.ok(
      !host.read('/var/lib/dpkg/info/corosync-qnetd.postrm').toString().includes('qdevice'),
      'no guard is left',
    );
    await apt(host, 'purge', 'qdevice');
    await stands();
  });
});

test("certificates that were made here go along to Debian's package, by a database that it reads", async () => {
  await withHost(async (host) => {
    await apt(host, 'install', OURS, 'libnss3-tools');
    const first = authority(host);
    await apt(host, 'install', 'corosync-qnetd');
    assert.equal(authority(host), first);
    const listed = await command(host, ['certutil', '-L', '-d', QDB, '-n', 'QNet CA', '-a']);
    assert.ok(listed.replaceAll(/\s/g, '').startsWith(first.replaceAll(/\s/g, '')), 'the same authority');
    assert.match(await sh(host, 'corosync-qnetd-tool -s'), /^QNetd address:/m, 'and the daemon serves with it');
  });
});

test('the archive installs and uninstalls, as often as one likes, and not over a package', async () => {
  await withHost(async (host) => {
    const made = await archive(PROJECT, host.outside('/run'), undefined);
    const before = await filesOf(host);
    await sh(host, `tar -C /run -xzf /run/${basename(made)}`);
    const at = `/run/${basename(made, '-linux.tar.gz')}`;
    await sh(host, `${at}/install --dry-run`);
    assert.deepEqual(await filesOf(host), before, 'nothing was done');
    for (let times = 0; times < 2; times += 1) await sh(host, `${at}/install`);
    await sh(host, 'systemctl enable --now corosync-qnetd');
    assert.match(await sh(host, 'qnetd health'), /deciding/);
    const first = authority(host);
    await sh(host, '/usr/lib/qdevice/uninstall --dry-run');
    assert.match(await sh(host, 'qnetd health'), /deciding/);
    await sh(host, '/usr/lib/qdevice/uninstall');
    assert.equal(authority(host), first);
    await sh(host, `${at}/uninstall --purge`);
    assert.deepEqual(await filesOf(host), before, 'nothing is left');

    await apt(host, 'install', OURS);
    const refused = await attempt(host, [`${at}/install`]);
    assert.equal(refused.exitCode, 1);
    assert.match(refused.stderr, /is there already and not from here\.\nRemove the package/);
  });
});

test('on a host without Node.js the archive has its own: arbiter and node start with it, a vote counts, nothing is left', async () => {
  await withHost(async (host) => {
    // dpkg alone, as packages that need it go along: whatever a command could find of it is gone then.
    await sh(host, 'dpkg --purge --force-depends nodejs libnode115');
    const conf = await startCluster([host]);
    const before = await filesOf(host);
    assert.deepEqual(
      before.filter((path) => /\/(bin\/node(js)?|libnode\.so[^/]*)$/.test(path)),
      [],
    );

    const made = await archive(PROJECT, host.outside('/run'), process.execPath);
    assert.equal(basename(made), basename(made).replace(/-linux.*/, `-linux-${process.arch}.tar.gz`));
    await sh(host, `tar -C /run -xzf /run/${basename(made)}`);
    const at = `/run/${basename(made).replace(/-linux.*/, '')}`;
    await sh(host, `${at}/install`);
    assert.match(host.read('/usr/lib/qdevice/node/LICENSE').toString(), /^Node\.js is licensed/);
    await sh(host, 'systemctl enable --now corosync-qnetd');

    const [qdb, ndb] = ['/etc/corosync/qnetd/nssdb', '/etc/corosync/qdevice/net/nssdb'];
    const cluster = /cluster_name: (\S+)/.exec(conf)?.[1];
    await sh(host, `corosync-qdevice-net-certutil -i -c ${qdb}/qnetd-cacert.crt`);
    await sh(host, `corosync-qdevice-net-certutil -r -n ${cluster}`);
    await sh(host, `corosync-qnetd-certutil -s -c ${ndb}/qdevice-net-node.crq -n ${cluster}`);
    await sh(host, `corosync-qdevice-net-certutil -M -c ${qdb}/cluster-${cluster}.crt`);
    const device = `device {\n model: net\n votes: 1\n net {\n host: ${host.address}\n algorithm: ffsplit\n tls: on\n }\n }\n`;
    host.write(CONF, conf.replace('quorum {\n', `$&${device}`).replace('config_version: 7', 'config_version: 8'));
    await sh(host, 'corosync-cfgtool -R');
    await sh(host, 'systemctl start corosync-qdevice');
    await winners([host]);
    assert.match(await sh(host, 'corosync-qnetd-tool -l'), /^ {4}Node ID 1:$/m, 'its INIT was served');

    await sh(host, '/usr/lib/qdevice/uninstall --purge');
    host.write(CONF, conf);
    assert.deepEqual(await filesOf(host), before, 'nothing is left');
  }, nodeTree);
});
