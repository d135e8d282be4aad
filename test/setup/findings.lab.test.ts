/**
 * What stands in the way of setup, or is wrong with a device that runs, each made true on real hosts: it is said, with
 * the host, the cause and the next command, and nothing is changed anywhere. Those that can be true at once are tried
 * together; SETUP_LAB=wide tries every one alone.
 */
import assert from 'node:assert/strict';
import { dirname, join } from 'node:path';
import { after, before, test } from 'node:test';
import { parseConf, serialise, valueAtPath } from '../../src/setup/conf/document.ts';
import { built } from '../lab/arbiter.ts';
import { until } from '../lab/wait.ts';
import { OBSTACLES, type Obstacle, replaced, type Undo } from './lab/obstacles.ts';
import { PROGRAM_ROWS } from './lab/programs.ts';
import { differences, snapshot } from './lab/snapshot.ts';
import { Stage } from './lab/stage.ts';

const CONF = '/etc/corosync/corosync.conf';
const NODE_STORE = '/etc/corosync/qdevice/net/nssdb';
const SAID_MS_MAX = 30_000;
const isWide = process.env['SETUP_LAB'] === 'wide';
const TRAPS = ['qdevice-net-node.crq', 'qnetd-cacert.crt'];
/** What there is in /tmp, by host. */
const lying = new Map<string, string>();
let stage: Stage;

before(async () => {
  stage = await Stage.create({ nodes: 2 });
  for (const host of [...stage.arbiters, ...stage.nodes]) await withTraps(host);
});
after(() => stage.destroy());

/** A /tmp of its own, where the files that upstream's tools use lead elsewhere; and this program, if it is in there. */
async function withTraps(host: Stage['arbiter']): Promise<void> {
  const program = join(dirname(built('qdevice')), '../../..');
  await host.exec('mkdir', '-p', '/run/program');
  await host.exec('mount', '--bind', program, '/run/program');
  await host.exec('mount', '-t', 'tmpfs', 'tmpfs', '/tmp');
  await host.exec('mkdir', '-p', program);
  await host.exec('mount', '--bind', '/run/program', program);
  host.write('/root/precious', 'as it was\n');
  for (const name of TRAPS) await host.exec('ln', '-s', '/root/precious', `/tmp/${name}`);
  lying.set(host.name, await host.exec('ls', '/tmp'));
}

const flat = (text: string) => text.replaceAll(/\s+/g, ' ');

async function refusedBy(obstacles: readonly Obstacle[]): Promise<void> {
  const args = obstacles.find((obstacle) => obstacle.args !== undefined)?.args ?? [stage.arbiterAddress];
  const back: Undo[] = [];
  try {
    for (const { make } of obstacles) back.push(await make(stage));
    const standing = await snapshot(stage);
    const { exitCode, stdout, stderr } = await stage.qdevice('setup', ...args, '--yes');
    const told = flat(stdout + stderr);
    for (const { says } of obstacles) assert.match(told, says);
    assert.equal(exitCode, 1, told);
    assert.deepEqual(differences(standing, await snapshot(stage)), []);
  } finally {
    for (const restore of back.reverse()) await restore();
  }
}

const groups = new Map<string, Obstacle[]>();
for (const obstacle of OBSTACLES.filter(({ isSlow }) => isWide || isSlow !== true)) {
  const { name, together } = obstacle;
  const group = isWide && together !== 'forced' ? name : (together ?? name);
  groups.set(group, [...(groups.get(group) ?? []), obstacle]);
}

for (const [name, obstacles] of groups) {
  const title = obstacles.length === 1 ? name : `at once: ${obstacles.map((obstacle) => obstacle.name).join('; ')}`;
  test(title, () => refusedBy(obstacles));
}

/** Runs `work` while something is wrong, and takes that back. */
async function whileWrong(make: () => Promise<Undo> | Undo, work: () => Promise<void>): Promise<void> {
  const back = await make();
  try {
    await work();
  } finally {
    await back();
  }
}

/** The command fails, says this, and changes nothing. */
async function refuses(args: readonly string[], ...says: readonly RegExp[]): Promise<void> {
  const standing = await snapshot(stage);
  const { exitCode, stdout, stderr } = await stage.qdevice(...args);
  const told = flat(stdout + stderr);
  for (const words of says) assert.match(told, words);
  assert.equal(exitCode, 1, told);
  assert.deepEqual(differences(standing, await snapshot(stage)), []);
}

/** What the daemon of the second node says of itself when it has come to it. */
async function explained(words: RegExp): Promise<void> {
  const node = stage.node(2);
  await until(
    String(words),
    async () => {
      const { stdout } = await node.tryExec(process.execPath, built('qdevice'), 'status', '--explain');
      return words.test(flat(stdout)) ? undefined : stdout;
    },
    { deadlineMs: SAID_MS_MAX },
  );
}

/** As people have it who edit on other systems: lines end in CR LF, and a comment is not in UTF-8. */
const odd = (text: string) => text.replaceAll('\n', '\r\n').replace('# Kept', '# Gepfl\xfcckt');

test('F3, F23, F25, F26: by name and without SFTP it goes through; what lies in /tmp leads nobody astray', async () => {
  for (const node of stage.nodes) replaced(node, CONF, odd);
  const sftp = await stage.node(1).tryExec('sftp', '-o', 'BatchMode=yes', '-b', '/dev/null', '192.0.2.1');
  assert.notEqual(sftp.exitCode, 0);
  const { exitCode, stdout, stderr } = await stage.qdevice('setup', 'tiebreaker', '--network', '192.0.2.0/24', '--yes');
  assert.equal(exitCode, 0, stdout + stderr);
  await stage.winners([1, 2]);
  const conf = parseConf(stage.node(2).read(CONF).toString('latin1'));
  assert.equal(valueAtPath(conf, 'quorum.device.net.host'), '192.0.2.1');
  for (const host of [...stage.arbiters, ...stage.nodes]) {
    assert.equal(host.read('/root/precious').toString(), 'as it was\n');
    assert.equal(await host.exec('ls', '/tmp'), lying.get(host.name));
  }
  const keys = await Promise.all(stage.nodes.map((node) => node.exec('sha256sum', `${NODE_STORE}/cluster.key`)));
  assert.equal(new Set(keys).size, 2, 'each node has a key of its own');
});

test('F4: a device that is configured, F64: too few expected votes', async () => {
  const isThere = /A quorum device is configured \(host 192\.0\.2\.1, algorithm ffsplit\)\. Remove it first/;
  await refuses(['setup', '192.0.2.1', '--yes', '--force'], isThere);
  await refuses(
    ['expected', '1', '--yes'],
    /Expected votes cannot be 1: 3 are present now\. Stop corosync-qdevice first/,
  );
  assert.equal((await stage.qdevice('check', '--json')).exitCode, 0);
});

test('F61: a vote that does not count, F62: a node without its service', () =>
  whileWrong(
    async () => {
      await stage.node(2).exec('systemctl', 'disable', '--now', 'corosync-qdevice');
      return () => stage.node(2).exec('systemctl', 'enable', '--now', 'corosync-qdevice');
    },
    () =>
      refuses(
        ['check'],
        /The vote does not count on node node-2 \((NR|NA,\S+)\)\. There, qdevice status --explain says why/,
        /Node node-2 has no certificate or no service yet\. Run qdevice sync/,
      ),
  ));

test('F65: a node that cannot be reached by remove, F67: what stays on the arbiter, F70: too few without the device', async () => {
  await stage.winners([1, 2]);
  await stage.cut([1]);
  try {
    await stage.winners([1]);
    await whileWrong(
      () => replaced(stage.arbiter, '/root/.ssh/authorized_keys', () => ''),
      async () => {
        const last = /Without the device 1 of 2 nodes are no quorum: the cluster would stop/;
        const left = /On 192\.0\.2\.1 stays: the certificate cluster-lab\.crt\. Delete it there/;
        const away = /Node node-2 cannot be reached, and keeps .* Go on with --skip-offline; there, delete \/etc\/coro/;
        await refuses(['remove', '--yes'], away, last, left);
        await refuses(['remove', '--yes', '--skip-offline'], last);
      },
    );
  } finally {
    await stage.heal([1]);
  }
  await stage.winners([1, 2]);
});

test('F66: certificates deleted under the daemon do not end it; F45: those of another cluster; F46: none at all', async () => {
  const node = stage.node(2);
  await node.exec('cp', '-a', NODE_STORE, '/run/store-aside');
  const before = node.read('/run/lab-units/corosync-qdevice.pid').toString();
  await node.exec('rm', '-r', NODE_STORE);
  await stage.winners([1, 2]);
  const put = async (...commands: readonly string[]) => {
    for (const command of commands) await node.exec('sh', '-c', command);
    await node.exec('systemctl', 'restart', 'corosync-qdevice');
  };
  assert.equal(node.read('/run/lab-units/corosync-qdevice.pid').toString(), before);
  await node.exec('sh', '-c', `mkdir ${NODE_STORE} && cp -a /run/store-aside/ca.pem ${NODE_STORE}`);
  await node.exec('systemctl', 'restart', 'corosync-qdevice');
  await explained(/requires a client certificate and there is none in \/etc\/corosync\/qdevice\/net\/nssdb/);
  await put(
    `rm -r ${NODE_STORE} && corosync-qdevice-net-certutil -i -c /run/store-aside/ca.pem`,
    'corosync-qdevice-net-certutil -r -n other',
  );
  stage.arbiter.write('/run/other.crq', node.read(`${NODE_STORE}/qdevice-net-node.crq`));
  await stage.arbiter.exec('corosync-qnetd-certutil', '-s', '-c', '/run/other.crq', '-n', 'other');
  node.write('/run/other.crt', stage.arbiter.read('/etc/corosync/qnetd/nssdb/cluster-other.crt'));
  await put('corosync-qdevice-net-certutil -M -c /run/other.crt');
  await explained(/right after INIT; the certificate of this node is for "?other"?, not for the cluster "?lab"?/);
  assert.match(stage.arbiter.read('/run/lab-log/corosync-qnetd.log').toString(), /CN=other/);
  await refuses(['check'], /The certificate on node node-2 names "other", but totem\.cluster_name is "lab"/);
  await put(`rm -r ${NODE_STORE} && cp -a /run/store-aside ${NODE_STORE}`);
  await stage.arbiter.exec(
    'sh',
    '-c',
    'cd /etc/corosync/qnetd/nssdb && rm cluster-other.crt && grep -l other issued-* | xargs -r rm',
  );
  await stage.winners([1, 2]);
});

for (const { name, make, ask, says } of PROGRAM_ROWS.filter(({ isMore }) => isWide || isMore !== true)) {
  test(name, async () => {
    await whileWrong(
      () => make(stage),
      async () => {
        const standing = await snapshot(stage);
        const isSaid = async () => {
          const { stdout, stderr } = await ask(stage);
          return says.test(flat(stdout + stderr)) ? undefined : stdout + stderr;
        };
        await until(String(says), isSaid, { deadlineMs: SAID_MS_MAX });
        assert.deepEqual(differences(standing, await snapshot(stage)), []);
      },
    );
    await stage.winners([1, 2]);
  });
}

test('F40: an arbiter that was set up anew; F41, F50: the next setup replaces the certificates and restarts the daemons', async () => {
  const store = '/etc/corosync/qnetd/nssdb';
  await stage.arbiter.exec('systemctl', 'stop', 'corosync-qnetd');
  await stage.arbiter.exec('mv', store, '/run/store-aside');
  await stage.arbiter.exec('corosync-qnetd-certutil', '-i');
  await stage.arbiter.exec('systemctl', 'start', 'corosync-qnetd');
  await explained(/presents a certificate of another authority/);
  const other = /The tiebreaker presents a different CA .*\. If 192\.0\.2\.1 was reinstalled, run qdevice remove, then/;
  await refuses(['check'], other);
  const removed = await stage.qdevice('remove', '--yes');
  assert.equal(removed.exitCode, 0, removed.stdout + removed.stderr);
  const again = await stage.qdevice('setup', '192.0.2.1', '--yes');
  assert.equal(again.exitCode, 0, again.stdout + again.stderr);
  await stage.winners([1, 2]);
});

test('F67, F69: after remove the arbiter lists the cluster no more, and every byte is as before but the version', async () => {
  const text = stage.node(1).read(CONF).toString('latin1');
  const { exitCode, stdout, stderr } = await stage.qdevice('remove', '--yes');
  assert.equal(exitCode, 0, stdout + stderr);
  assert.equal((await stage.arbiter.exec('corosync-qnetd-tool', '-l')).trim(), '');
  assert.ok(!(await stage.arbiter.exec('ls', '/etc/corosync/qnetd/nssdb')).includes('cluster-'));
  const version = Number(valueAtPath(parseConf(text), 'totem.config_version'));
  let plain = odd(text.replaceAll('\r', ''));
  for (const node of stage.nodes) {
    const after = node.read(CONF).toString('latin1');
    assert.equal(valueAtPath(parseConf(after), 'totem.config_version'), String(version + 1));
    plain = after;
    assert.ok(after.startsWith('# Gepfl\xfcckt by hand'), after);
    assert.equal(after.replaceAll('\r\n', '').includes('\n'), false, 'line ends are as they were');
    assert.equal(valueAtPath(parseConf(after), 'quorum.device.model'), undefined);
  }
  assert.equal(serialise(parseConf(plain)), plain);
});
