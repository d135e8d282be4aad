/** D1 to D15: programs and units. */
import assert from 'node:assert/strict';
import type { Host } from '../lab/host.ts';
import { until } from '../lab/wait.ts';
import { attempt, command, sh } from '../packages/command.ts';
import type { Row } from './row.ts';
import { exists, INBOX, logOf, mainPid, QDB, type Site } from './site.ts';

const PROGRAMS = {
  '/usr/bin/corosync-qnetd-certutil': [],
  '/usr/bin/corosync-qnetd-tool': ['-h'],
  '/usr/sbin/corosync-qdevice-net-certutil': [],
  '/usr/sbin/corosync-qdevice-tool': ['-h'],
} as const;

/** In what each of them says of its switches. */
const HELP = /\[-[a-zA-Z-]+[|\]]/;

export const PROGRAM_ROWS: readonly Row[] = [
  {
    id: 'D1',
    requirement: 'corosync-qnetd-certutil is in the PATH of a command over SSH, and at /usr/bin',
    test: (site) => isFound(site, site.arbiter, '/usr/bin/corosync-qnetd-certutil'),
  },
  {
    id: 'D2',
    requirement: 'corosync-qnetd-tool is at /usr/bin and in PATH',
    test: (site) => isFound(site, site.arbiter, '/usr/bin/corosync-qnetd-tool'),
  },
  {
    id: 'D3',
    requirement: 'corosync-qdevice-net-certutil is at /usr/sbin and in PATH',
    test: (site) => isFound(site, site.pair[1], '/usr/sbin/corosync-qdevice-net-certutil'),
  },
  {
    id: 'D4',
    requirement: 'corosync-qdevice-tool is at /usr/sbin and in PATH',
    test: (site) => isFound(site, site.pair[1], '/usr/sbin/corosync-qdevice-tool'),
  },
  {
    id: 'D5',
    requirement: 'the programs need no current directory, HOME or locale, and ask nothing',
    test: async ({ spare }) => {
      for (const [program, options] of Object.entries(PROGRAMS)) {
        const usual = await attempt(spare, [program, ...options]);
        const nowhere = 'mkdir -p /run/gone && cd /run/gone && rmdir /run/gone && exec "$@"';
        const bare = ['env', '-i', 'LC_ALL=xx_XX.none', program, ...options];
        const odd = await attempt(spare, ['sh', '-c', nowhere, 'sh', ...bare]);
        assert.deepEqual(odd, usual, program);
        assert.match(usual.stdout + usual.stderr, HELP, program);
      }
    },
  },
  {
    id: 'D6',
    requirement: 'corosync-qnetd.service starts, stops, can be enabled and disabled, and says which',
    test: async (site) => hasVerbs(await site.fresh(site.spare), 'corosync-qnetd.service'),
  },
  {
    id: 'D7',
    requirement: 'corosync-qdevice.service the same and restart, listed, also without its suffix',
    test: async ({ pair: [, node] }) => {
      assert.match(
        await sh(node, 'systemctl list-unit-files corosync-qdevice.service'),
        /^corosync-qdevice\.service /m,
      );
      await hasVerbs(node, 'corosync-qdevice.service');
      await hasVerbs(node, 'corosync-qdevice');
      const before = await startedPid(node, 'corosync-qdevice');
      await sh(node, 'systemctl restart corosync-qdevice');
      assert.notEqual(await mainPid(node, 'corosync-qdevice'), before);
    },
  },
  {
    id: 'D8',
    requirement: 'systemctl start of the arbiter returns when its local socket answers',
    test: async (site) => {
      const host = await site.fresh(site.spare);
      assert.match(await sh(host, 'cat /usr/lib/systemd/system/corosync-qnetd.service'), /^Type=notify$/m);
      for (let round = 0; round < 3; round += 1) {
        await sh(host, 'systemctl stop corosync-qnetd');
        const line = 'systemctl start corosync-qnetd && exec corosync-qnetd-tool -s';
        assert.match(await command(host, ['sh', '-c', line]), /^QNetd address:/m);
      }
    },
  },
  {
    id: 'D9',
    requirement: 'a start of the node daemon before its section is there does not fail',
    test: async (site) => {
      const { device } = site;
      await site.devices('stop');
      await site.configure('');
      const started = site.devices('start');
      await site.configure(device);
      await started;
      await site.voting();
      for (const node of site.pair) {
        assert.match(
          await sh(node, 'cat /usr/lib/systemd/system/corosync-qdevice.service'),
          /^Requires=corosync\.service$/m,
        );
        assert.match(
          await sh(node, 'cat /usr/lib/systemd/system/corosync-qdevice.service'),
          /^After=corosync\.service$/m,
        );
      }
    },
  },
  {
    id: 'D10',
    requirement: 'COROSYNC_QNETD_OPTIONS of /etc/sysconfig and /etc/default reaches the arbiter, -p PORT with it',
    test: async (site) => {
      const host = await site.fresh(site.spare);
      await withFile(host, '/etc/sysconfig/corosync-qnetd', 'COROSYNC_QNETD_OPTIONS="-p 5500"\n', async () => {
        await sh(host, 'systemctl restart corosync-qnetd');
        assert.match(await sh(host, 'corosync-qnetd-tool -s'), /^QNetd address:\t+\*:5500$/m);
      });
      await withFile(host, '/etc/default/corosync-qnetd', 'COROSYNC_QNETD_OPTIONS="-p 5501"\n', async () => {
        await sh(host, 'systemctl restart corosync-qnetd');
        assert.match(await sh(host, 'corosync-qnetd-tool -s'), /^QNetd address:\t+\*:5501$/m);
      });
    },
  },
  {
    id: 'D11',
    requirement: 'COROSYNC_QDEVICE_OPTIONS likewise',
    test: async (site) => {
      const [node] = site.pair;
      for (const directory of ['/etc/sysconfig', '/etc/default']) {
        await withFile(node, `${directory}/corosync-qdevice`, 'COROSYNC_QDEVICE_OPTIONS="-d"\n', async () => {
          const from = logOf(node, 'corosync-qdevice').length;
          await sh(node, 'systemctl restart corosync-qdevice');
          await site.voting();
          assert.match(logOf(node, 'corosync-qdevice', from), /"level":"debug"/);
        });
      }
      await sh(node, 'systemctl restart corosync-qdevice');
      await site.voting();
    },
  },
  {
    id: 'D12',
    requirement: 'killall finds both daemons by the names of upstream',
    test: async (site) => {
      const host = await site.fresh(site.spare);
      await killall(host, 'corosync-qnetd', await startedPid(host, 'corosync-qnetd'));
      const [, node] = site.pair;
      await killall(node, 'corosync-qdevice', await mainPid(node, 'corosync-qdevice'));
      await site.voting();
    },
  },
  {
    id: 'D13',
    requirement: 'the arbiter runs as coroqnetd, which needs to read key material and not to write it',
    test: async (site) => {
      const host = await site.fresh(site.spare);
      await sh(host, 'corosync-qnetd-certutil -i -G');
      await sh(host, `chown -R root:coroqnetd ${QDB}`);
      await sh(host, `chmod 0750 ${QDB}`);
      await command(host, ['sh', '-c', `chmod 0640 ${QDB}/*`]);
      const pid = await startedPid(host, 'corosync-qnetd');
      assert.match(await sh(host, `stat -c %U:%G /proc/${pid}`), /^coroqnetd:coroqnetd$/m);
      assert.match(await sh(host, `stat -c %U:%G:%a ${QDB}`), /^root:coroqnetd:750$/m);
      assert.match(await sh(host, 'corosync-qnetd-tool -s'), /^QNetd address:/m);
    },
  },
  {
    id: 'D14',
    requirement:
      "root gets in by key, and SFTP carries what the arbiter made; sshd is the host's own, the files are ours",
    test: async ({ arbiter, pair: [node] }) => {
      const remote = `root@[${arbiter.address}]:${QDB}/qnetd-cacert.crt`;
      await command(node, ['mkdir', '-p', INBOX]);
      await command(node, ['scp', '-o', 'BatchMode=yes', remote, `${INBOX}/fetched.crt`]);
      assert.deepEqual(node.read(`${INBOX}/fetched.crt`), arbiter.read(`${QDB}/qnetd-cacert.crt`));
      const batch = `put -p ${INBOX}/fetched.crt ${QDB}/qdevice-net-node.crq.other\n`;
      await command(node, ['sftp', '-b', '-', '-o', 'BatchMode=yes', `root@${arbiter.address}`], batch);
      assert.ok(await exists(arbiter, `${QDB}/qdevice-net-node.crq.other`));
      await sh(arbiter, `rm ${QDB}/qdevice-net-node.crq.other`);
    },
  },
  {
    id: 'D15',
    requirement: 'pcsd, which is not ours, finds in our arbiter what it hands out and has signed',
    test: async (site) => {
      const host = await site.fresh(site.tooled);
      await command(host, ['chpasswd'], 'hacluster:correct horse\n');
      await sh(host, 'systemctl start pcsd');
      await command(host, ['pcs', 'host', 'auth', host.name, '-u', 'hacluster', '-p', 'correct horse']);
      await sh(host, 'pcs qdevice setup model net');
      await sh(host, `pcs quorum device setup_local_qnetd_certs ${host.name} lab`);
      const check = await sh(host, `pcs quorum device check_local_qnetd_certs ${host.name} lab`);
      assert.equal(check, 'certificate present\n');
      await sh(host, 'systemctl stop pcsd pcsd-ruby');
    },
  },
];

async function isFound(site: Site, host: Host, path: string): Promise<void> {
  const name = path.split('/').at(-1) ?? '';
  const byName = await site.ssh(host, `command -v ${name}`);
  assert.match(byName.stdout.trim(), new RegExp(`/${name}$`));
  const options = Object.entries(PROGRAMS).find(([program]) => program === path)?.[1] ?? [];
  const called = await site.ssh(host, [name, ...options].join(' '));
  const direct = await site.ssh(host, [path, ...options].join(' '));
  assert.equal(called.exitCode, direct.exitCode);
  for (const { stdout, stderr } of [called, direct]) assert.match(stdout + stderr, HELP);
}

async function hasVerbs(host: Host, unit: string): Promise<void> {
  const says = async (verb: string) => (await attempt(host, ['systemctl', verb, unit])).stdout.trim();
  await sh(host, `systemctl stop ${unit}`);
  assert.equal(await says('is-active'), 'inactive');
  await sh(host, `systemctl start ${unit}`);
  assert.equal(await says('is-active'), 'active');
  await sh(host, `systemctl enable ${unit}`);
  assert.equal(await says('is-enabled'), 'enabled');
  await sh(host, `systemctl disable ${unit}`);
  assert.equal(await says('is-enabled'), 'disabled');
}

async function startedPid(host: Host, unit: string): Promise<string> {
  await sh(host, `systemctl start ${unit}`);
  return await mainPid(host, unit);
}

/** The service manager starts another one in its place. */
async function killall(host: Host, name: string, pid: string): Promise<void> {
  await sh(host, `killall --quiet --signal 9 -- ${name}`);
  const again = async () => ((await mainPid(host, name)) === pid ? `${pid} is the last one` : undefined);
  await until(`${name} is gone and was started again`, again, { deadlineMs: 20_000 });
}

/** While `work` runs the file says this, then what it said before. */
async function withFile(host: Host, path: string, content: string, work: () => Promise<void>): Promise<void> {
  const before = (await exists(host, path)) ? host.read(path) : undefined;
  host.write(path, content);
  try {
    await work();
  } finally {
    if (before === undefined) await sh(host, `rm ${path}`);
    else host.write(path, before);
  }
}
