/** D30 to D41: files. */
import assert from 'node:assert/strict';
import { createHash, X509Certificate } from 'node:crypto';
import { setTimeout as pause } from 'node:timers/promises';
import type { Host } from '../lab/host.ts';
import { survivesCut } from '../packages/cluster.ts';
import { attempt, command, sh } from '../packages/command.ts';
import type { Row } from './row.ts';
import {
  exists,
  fingerprintOf,
  giveCertificates,
  INBOX,
  logOf,
  MARKERS,
  mainPid,
  NDB,
  NET,
  packed,
  QDB,
  rekey,
  signed,
  unpack,
} from './site.ts';

/** Of the first byte of what is DER: a sequence. */
const SEQUENCE = 0x30;
const A_HEARTBEAT_MS = 9000;

export const FILE_ROWS: readonly Row[] = [
  {
    id: 'D30',
    requirement: 'qnetd-cacert.crt is there after -i, readable, with exactly one PEM certificate',
    test: async (site) => {
      const host = await site.fresh(site.spare);
      await sh(host, 'corosync-qnetd-certutil -i');
      const text = host.read(`${QDB}/qnetd-cacert.crt`).toString('latin1');
      assert.equal(text.match(/-----BEGIN CERTIFICATE-----/g)?.length, 1);
      assert.ok(new X509Certificate(text).ca);
      assert.match(await sh(host, `openssl x509 -noout -subject -in ${QDB}/qnetd-cacert.crt`), /CN ?= ?QNet CA/);
    },
  },
  {
    id: 'D31',
    requirement: 'a marker file after init, none after removal; certutil can build on what lies there',
    test: async (site) => {
      const host = await site.fresh(site.spare);
      for (const directory of [QDB, NDB]) assert.deepEqual(await markers(host, directory), []);
      await sh(host, 'corosync-qnetd-certutil -i');
      await sh(host, `corosync-qdevice-net-certutil -i -c ${QDB}/qnetd-cacert.crt`);
      for (const directory of [QDB, NDB]) assert.notDeepEqual(await markers(host, directory), []);
      const withTools = await site.fresh(site.tooled);
      await unpack(withTools, await packed(host, NDB), '/run/database');
      await sh(withTools, 'certutil -N -d /run/database --empty-password');
      await sh(withTools, 'certutil -L -d /run/database');
      await sh(host, `rm -rf ${QDB} ${NDB}`);
      assert.notEqual((await attempt(host, ['corosync-qdevice-net-certutil', '-r', '-n', 'lab'])).exitCode, 0);
      for (const directory of [QDB, NDB]) assert.deepEqual(await markers(host, directory), []);
    },
  },
  {
    id: 'D32',
    requirement: 'initialised is what has keys, not what has a directory or a copy of the CA',
    test: async (site) => {
      const host = await site.fresh(site.spare);
      await sh(host, 'corosync-qnetd-certutil -i');
      const authority = host.read(`${QDB}/qnetd-cacert.crt`);
      await sh(host, `rm -rf ${QDB}`);
      for (const directory of [QDB, NDB]) host.write(`${directory}/qnetd-cacert.crt`, authority);
      const calls = [
        ['corosync-qnetd-certutil', '-i'],
        ['corosync-qdevice-net-certutil', '-i', '-c', `${NDB}/qnetd-cacert.crt`],
      ];
      for (const call of calls) {
        assert.equal((await attempt(host, call)).exitCode, 0, call.join(' '));
        assert.equal((await attempt(host, call)).exitCode, 1, call.join(' '));
      }
    },
  },
  {
    id: 'D33',
    requirement: '-s leaves cluster-NAME.crt beside the keys, in DER',
    test: async (site) => {
      const host = await both(await site.fresh(site.spare));
      await sh(host, 'corosync-qdevice-net-certutil -r -n lab');
      const certificate = await signed(host, host.read(`${NDB}/qdevice-net-node.crq`), 'lab');
      assert.equal(certificate[0], SEQUENCE);
      assert.equal(new X509Certificate(certificate).subject, 'CN=lab');
    },
  },
  {
    id: 'D34',
    requirement: '-r leaves qdevice-net-node.crq, in DER and without attributes',
    test: async (site) => {
      const host = await both(await site.fresh(site.spare));
      await sh(host, 'corosync-qdevice-net-certutil -r -n lab');
      const path = `${NDB}/qdevice-net-node.crq`;
      assert.equal(host.read(path)[0], SEQUENCE);
      const said = await sh(host, `openssl req -inform DER -verify -noout -text -in ${path}`);
      assert.match(said, /Subject: CN ?= ?lab$/m);
      assert.match(said, /Attributes:\s+\(none\)/);
    },
  },
  {
    id: 'D35',
    requirement: '-M leaves qdevice-net-node.p12 with key, certificate and CA, for the empty password',
    test: async ({ pair: [node] }) => {
      const text = await sh(node, `openssl pkcs12 -in ${NDB}/qdevice-net-node.p12 -passin pass: -nodes`);
      assert.match(text, /-----BEGIN PRIVATE KEY-----/);
      assert.match(text, /friendlyName: Cluster Cert/);
      assert.match(text, /localKeyID/);
      assert.equal(await sh(node, `stat -c %a:%U ${NDB}/qdevice-net-node.p12`), '600:root\n');
    },
  },
  {
    id: 'D36',
    requirement: 'all key material of a node lies below net, and works unchanged on another node',
    test: async (site) => {
      const [first, second] = site.pair;
      await sh(second, 'systemctl stop corosync-qdevice');
      await command(second, ['sh', '-c', `rm -rf ${NET}/*`]);
      // As crmsh takes it along.
      await command(first, ['sh', '-c', `cd / && find ${NET.slice(1)} | cpio -o 2>/dev/null >/run/net.cpio`]);
      second.write('/run/net.cpio', first.read('/run/net.cpio'));
      await command(second, ['sh', '-c', 'cd / && cpio -iud </run/net.cpio 2>/dev/null']);
      assert.equal(fingerprintOf(second), fingerprintOf(first));
      await sh(second, 'systemctl start corosync-qdevice');
      await site.voting();
      for (const word of [first.name, first.address, 'node-1']) {
        assert.equal((await attempt(first, ['grep', '-rlF', word, NET])).stdout, '', word);
      }
    },
  },
  {
    id: 'D37',
    requirement: 'to delete it, as any tool does, is to de-initialise; the next -i makes what is missing',
    test: async (site) => {
      const host = await site.fresh(site.spare);
      await sh(host, 'corosync-qnetd-certutil -i');
      const init = ['corosync-qdevice-net-certutil', '-i', '-c', `${QDB}/qnetd-cacert.crt`];
      for (const removal of ['rm -rf /etc/corosync/qdevice', `rm -rf ${NET}/*`, `rm -rf ${NDB}`]) {
        await command(host, init);
        await command(host, ['sh', '-c', removal]);
        await command(host, init);
        await sh(host, 'corosync-qdevice-net-certutil -r -n lab');
        await command(host, ['sh', '-c', removal]);
      }
    },
  },
  {
    id: 'D38',
    requirement: 'the running daemon outlives its files, and makes none anew',
    test: async (site) => {
      const [first, second] = site.pair;
      const files = await packed(second, '/etc/corosync/qdevice');
      const pid = await mainPid(second, 'corosync-qdevice');
      await sh(second, 'rm -rf /etc/corosync/qdevice');
      await pause(A_HEARTBEAT_MS);
      await survivesCut(site.pair, [first]);
      assert.match(await sh(second, 'corosync-qdevice-tool -s'), /^State:\t+Connected$/m);
      assert.equal(await mainPid(second, 'corosync-qdevice'), pid);
      assert.ok(!(await exists(second, '/etc/corosync/qdevice')));
      await sh(second, 'systemctl stop corosync-qdevice');
      assert.ok(!(await exists(second, '/etc/corosync/qdevice')));
      await unpack(second, files, '/etc/corosync/qdevice');
      await sh(second, 'systemctl start corosync-qdevice');
      await site.voting();
    },
  },
  {
    id: 'D39',
    requirement: 'files that are not ours do no harm, wherever they lie',
    test: async (site) => {
      const [first] = site.pair;
      for (const directory of [NDB, NET]) first.write(`${directory}/what is this.crt`, 'rubbish');
      first.write(`${NET}/tiebreaker/qnetd-cacert.crt`, 'rubbish');
      for (const name of ['qdevice-net-node.crq.lab', 'cluster-other.crt', 'issued-rubbish.pem', 'README']) {
        site.arbiter.write(`${QDB}/${name}`, 'rubbish');
      }
      await sh(site.arbiter, 'systemctl restart corosync-qnetd');
      await sh(first, 'systemctl restart corosync-qdevice');
      await site.voting();
      await rekey(site.arbiter, first, 'lab');
      await sh(first, 'systemctl restart corosync-qdevice');
      await site.voting();
    },
  },
  {
    id: 'D40',
    requirement: 'new certificates count from the next start',
    test: async (site) => {
      const [node] = site.pair;
      const before = fingerprintOf(node);
      await rekey(site.arbiter, node, 'lab');
      const after = fingerprintOf(node);
      assert.notEqual(after, before);
      const from = logOf(node, 'corosync-qdevice').length;
      await sh(node, 'systemctl restart corosync-qdevice');
      await site.voting();
      assert.ok(logOf(node, 'corosync-qdevice', from).includes(after));
    },
  },
  {
    id: 'D41',
    requirement: 'where certutil and pk12util are, an NSS database says the same as our files',
    test: async (site) => {
      const host = await site.fresh(site.tooled);
      await sh(host, 'corosync-qnetd-certutil -i');
      await giveCertificates(host, [host], 'lab');
      const listed = await sh(host, `certutil -d ${NDB} -L`);
      for (const name of ['QNet CA', 'Cluster Cert']) assert.match(listed, new RegExp(`^${name} +\\S*,\\S*,\\S*`, 'm'));
      const shown = await command(host, ['certutil', '-d', NDB, '-L', '-n', 'Cluster Cert']);
      assert.match(shown, /^\s*Subject: "CN=lab"$/m);
      const authority = await command(host, ['certutil', '-d', NDB, '-L', '-n', 'QNet CA', '-a']);
      assert.equal(bodyOf(authority), bodyOf(host.read(`${QDB}/qnetd-cacert.crt`).toString('latin1')));
    },
  },
];

async function markers(host: Host, directory: string): Promise<string[]> {
  const found: string[] = [];
  for (const name of MARKERS) {
    if (await exists(host, `${directory}/${name}`)) found.push(name);
  }
  return found;
}

/** Arbiter and node on one host, initialised. */
async function both(host: Host): Promise<Host> {
  await sh(host, 'corosync-qnetd-certutil -i');
  host.write(`${INBOX}/ca.crt`, host.read(`${QDB}/qnetd-cacert.crt`));
  await sh(host, `corosync-qdevice-net-certutil -i -c ${INBOX}/ca.crt`);
  return host;
}

function bodyOf(text: string): string {
  const pem = /-----BEGIN CERTIFICATE-----([\s\S]*?)-----END/.exec(text)?.[1] ?? assert.fail(text);
  return pem.replaceAll(/\s/g, '');
}

/** Of a directory's files, names included. */
export async function digestOf(host: Host, directory: string): Promise<string> {
  return createHash('sha256')
    .update(await command(host, ['sh', '-c', `cd ${directory} && ls -lA --time-style=full-iso && sha256sum *`]))
    .digest('hex');
}
