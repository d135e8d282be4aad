/** The node daemon's unit file against systemd's own judgement, and against what has to work in it. */
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';

const unit = fileURLToPath(new URL('../../systemd/corosync-qdevice.service', import.meta.url));
const lines = readFileSync(unit, 'utf8')
  .split('\n')
  .filter((line) => !line.startsWith('#'));
const settings = new Map(lines.map((line) => [line.split('=', 1)[0] ?? '', line.slice(line.indexOf('=') + 1)]));

test('the node daemon is exposed to 3.1 or less', () => {
  const args = ['security', '--offline=yes', '--no-pager', '--threshold=31', unit];
  const { status, stdout, stderr } = spawnSync('systemd-analyze', args, { encoding: 'utf8' });
  const overall = /Overall exposure level for corosync-qdevice\.service: ([\d.]+)/.exec(stdout)?.[1];
  assert.ok(overall !== undefined && Number(overall) <= 3.1, `${stdout}${stderr}`);
  assert.equal(status, 0, 'systemd-analyze agrees with the threshold');
});

test('the unit is what the tools of the field expect', () => {
  for (const line of [
    'Type=notify',
    'EnvironmentFile=-/etc/sysconfig/corosync-qdevice',
    'EnvironmentFile=-/etc/default/corosync-qdevice',
    'ExecStart=/usr/sbin/corosync-qdevice -f $COROSYNC_QDEVICE_OPTIONS',
    'ConditionKernelCommandLine=!nocluster',
    'StartLimitIntervalSec=0',
    'Requires=corosync.service',
    'After=corosync.service',
    'Restart=on-failure',
    'RuntimeDirectory=corosync-qdevice',
    'RuntimeDirectoryMode=0770',
    'PrivateTmp=yes',
    'WantedBy=multi-user.target',
  ]) {
    assert.ok(lines.includes(line), line);
  }
});

test('corosync can be reached, and heuristics can probe', () => {
  for (const name of ['User', 'DynamicUser', 'PrivateUsers', 'PrivateNetwork', 'PrivateDevices', 'PrivateIPC']) {
    assert.equal(settings.get(name), undefined, name);
  }
  for (const name of ['ProtectProc', 'ProcSubset', 'MemoryDenyWriteExecute']) {
    assert.equal(settings.get(name), undefined, name);
  }
  assert.equal(settings.get('DeviceAllow'), 'block-* r', 'a heuristics command may read a disk');
  const families = settings.get('RestrictAddressFamilies')?.split(' ') ?? [];
  for (const family of ['AF_UNIX', 'AF_INET', 'AF_INET6', 'AF_NETLINK', 'AF_PACKET']) {
    assert.ok(families.includes(family), family);
  }
  assert.ok(settings.get('CapabilityBoundingSet')?.split(' ').includes('CAP_NET_RAW'));
  assert.equal(settings.get('ProtectSystem'), 'full', 'a heuristics command may write where data is');
});

test('a wrong configuration never uses up the starts that systemd allows', () => {
  const pauseS = Number(settings.get('RestartSec')?.replace(/s$/, ''));
  assert.ok(5 * pauseS > 10, 'more than five starts do not fit into ten seconds');
});
