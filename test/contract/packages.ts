/** D20 to D23: names of packages, and what the package does with certificates. */
import assert from 'node:assert/strict';
import { copyFileSync } from 'node:fs';
import { attempt, command, sh } from '../packages/command.ts';
import { packageFiles } from '../packages/deb.ts';
import type { Row } from './row.ts';
import { exists, QDB } from './site.ts';

const NAMES = ['corosync-qnetd', 'corosync-qdevice'] as const;

export const PACKAGE_ROWS: readonly Row[] = [
  {
    id: 'D20',
    requirement:
      'a package that is named corosync-qnetd or corosync-qdevice, not one that provides the name: crmsh asks rpm, or ' +
      'dpkg-query on Debian. No RPM is built; the two for dpkg are',
    test: async ({ spare }) => {
      const asked = (name: string) => attempt(spare, ['dpkg-query', '--status', name]);
      for (const name of NAMES) assert.notEqual((await asked(name)).exitCode, 0, 'our package has another name');
      const { names } = await packageFiles();
      for (const [at, file] of names.entries()) copyFileSync(file, spare.outside(`/run/name-${at}.deb`));
      await sh(spare, `apt-get -q -y install ${names.map((_, at) => `/run/name-${at}.deb`).join(' ')}`);
      for (const name of NAMES) assert.match((await asked(name)).stdout, /^Status: install ok installed$/m);
      assert.match((await asked('qdevice')).stdout, /^Status: install ok installed$/m);
      await sh(spare, `apt-get -q -y purge ${NAMES.join(' ')}`);
    },
  },
  {
    id: 'D21',
    requirement: 'Provides, Conflicts and Replaces of the two packages of Debian',
    test: async ({ spare }) => {
      for (const field of ['Provides', 'Conflicts', 'Replaces']) {
        const said = await command(spare, ['dpkg-query', '-W', '-f', `\${${field}}`, 'qdevice']);
        for (const name of NAMES) assert.match(said, new RegExp(`(^|, )${name} \\(`), `${field}: ${said}`);
      }
      for (const name of NAMES) {
        const plan = await sh(spare, `apt-get -q -s install ${name}`);
        assert.match(plan, /^Remv qdevice /m, 'both at once cannot be installed');
        assert.match(plan, new RegExp(`^Inst ${name} `, 'm'));
      }
    },
  },
  {
    id: 'D22',
    requirement: 'corosync-qdevice.pc says where programs and configuration are, for builds of pcs',
    test: async ({ spare }) => {
      const files = (await sh(spare, 'dpkg -L qdevice')).split('\n');
      const path =
        files.find((file) => file.endsWith('/pkgconfig/corosync-qdevice.pc')) ?? assert.fail(files.join('\n'));
      const raw = spare.read(path).toString('utf8');
      const text = raw.replaceAll(
        /\$\{(\w+)\}/g,
        (_, name: string) => new RegExp(`^${name}=(.*)$`, 'm').exec(raw)?.[1] ?? '',
      );
      assert.match(text, /^exec_prefix=\/usr$/m);
      assert.match(text, /^confdir=\/etc\/corosync$/m);
      assert.match(text, /^Version: \d+\.\d+/m);
    },
  },
  {
    id: 'D23',
    requirement:
      "the package makes the arbiter's certificates where there is no corosync, and leaves it to the tool elsewhere",
    test: async ({ arbiter, pair: [node] }) => {
      assert.ok(await exists(arbiter, `${QDB}/qnetd-cacert.crt`));
      assert.ok(!(await exists(node, QDB)));
      assert.equal(await sh(arbiter, 'systemctl is-enabled corosync-qnetd'), 'enabled\n');
    },
  },
];
