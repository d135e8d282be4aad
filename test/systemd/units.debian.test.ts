/** The unit file against systemd's own judgement. */

import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';

const unit = fileURLToPath(new URL('../../systemd/corosync-qnetd.service', import.meta.url));

test('the arbiter is exposed to 1.5 or less', () => {
  const args = ['security', '--offline=yes', '--no-pager', '--threshold=15', unit];
  const { status, stdout, stderr } = spawnSync('systemd-analyze', args, { encoding: 'utf8' });
  const overall = /Overall exposure level for corosync-qnetd\.service: ([\d.]+)/.exec(stdout)?.[1];
  assert.ok(overall !== undefined && Number(overall) <= 1.5, `${stdout}${stderr}`);
  assert.equal(status, 0, 'systemd-analyze agrees with the threshold');
});

test('the unit is what the tools of the field expect', () => {
  const lines = new Set(readFileSync(unit, 'utf8').split('\n'));
  for (const line of [
    'Type=notify',
    'User=coroqnetd',
    'EnvironmentFile=-/etc/sysconfig/corosync-qnetd',
    'EnvironmentFile=-/etc/default/corosync-qnetd',
    'ExecStart=/usr/bin/corosync-qnetd -f $COROSYNC_QNETD_OPTIONS',
    'ConditionKernelCommandLine=!nocluster',
    'StartLimitIntervalSec=0',
    'RuntimeDirectory=corosync-qnetd',
    'StateDirectory=corosync-qnetd',
    'WantedBy=multi-user.target',
  ]) {
    assert.ok(lines.has(line), line);
  }
});
