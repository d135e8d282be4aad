/** D50 to D65: what commands accept, say and end with. */
import assert from 'node:assert/strict';
import { X509Certificate } from 'node:crypto';
import type { Host } from '../lab/host.ts';
import { attempt, command, sh } from '../packages/command.ts';
import { digestOf } from './files.ts';
import type { Row } from './row.ts';
import {
  exists,
  fingerprintOf,
  giveCertificates,
  INBOX,
  NDB,
  NET,
  packed,
  QDB,
  rekey,
  signed,
  unpack,
} from './site.ts';

const QNETD = 'corosync-qnetd-certutil';
const NODE = 'corosync-qdevice-net-certutil';
/** Of a cluster in corosync.conf; a certificate and a file are named by it. */
const ODD_NAME = 'my-cluster_1.example';
/** What NSS used to protect keys and certificates with. */
const OLD_CIPHERS = [
  '-c',
  'PKCS #12 V2 PBE With SHA-1 And 3KEY Triple DES-CBC',
  '-C',
  'PKCS #12 V2 PBE With SHA-1 And 40 Bit RC2 CBC',
];

export const ANSWER_ROWS: readonly Row[] = [
  {
    id: 'D50',
    requirement:
      'exit codes of both certificate commands for nothing to do, wrong arguments, missing files, what exists',
    test: async (site) => {
      const host = await site.fresh(site.spare);
      const none = '/run/none';
      host.write('/run/some', 'rubbish');
      await ends(host, QNETD, [[0], [0, '-h'], [1, '-x'], [1, '-c'], [2, '-s'], [2, '-s', '-c', none, '-n', 'lab']]);
      await ends(host, QNETD, [
        [2, '-s', '-c', '/run/some'],
        [1, '-s', '-c', '/run/some', '-n', 'lab'],
      ]);
      await ends(host, NODE, [
        [0],
        [0, '-h'],
        [1, '-x'],
        [1, '-s'],
        [2, '-i'],
        [2, '-i', '-c', none],
        [2, '-M'],
        [2, '-m'],
      ]);
      await ends(host, NODE, [
        [2, '-r'],
        [2, '-Q'],
        [2, '-Q', '-n', 'lab'],
        [1, '-r', '-n', 'lab'],
        [1, '-m', '-c', '/run/some'],
      ]);
      await ends(host, QNETD, [
        [0, '-i'],
        [1, '-i'],
      ]);
      const authority = `${QDB}/qnetd-cacert.crt`;
      await ends(host, NODE, [
        [0, '-i', '-c', authority],
        [1, '-i', '-c', authority],
      ]);
    },
  },
  {
    id: 'D51',
    requirement: '-i on an arbiter that has keys: exit 1, a word on stderr, nothing changed',
    test: async ({ arbiter }) => {
      const before = await digestOf(arbiter, QDB);
      const { exitCode, stdout, stderr } = await attempt(arbiter, [QNETD, '-i']);
      assert.equal(exitCode, 1);
      assert.equal(stdout, '');
      assert.notEqual(stderr, '');
      assert.equal(await digestOf(arbiter, QDB), before);
    },
  },
  {
    id: 'D52',
    requirement: 'the lines that name what was stored, alone on stdout, and only where something was',
    test: async (site) => {
      const host = await site.fresh(site.spare);
      await sh(host, `${QNETD} -i`);
      await sh(host, `${NODE} -i -c ${QDB}/qnetd-cacert.crt`);
      const requested = await sh(host, `${NODE} -r -n lab`);
      assert.match(requested, new RegExp(`^Certificate request stored in ${NDB}/qdevice-net-node.crq$`, 'm'));
      const signing = await sh(host, `${QNETD} -s -c ${NDB}/qdevice-net-node.crq -n lab`);
      assert.match(signing, new RegExp(`^Certificate stored in ${QDB}/cluster-lab.crt$`, 'm'));
      const importing = await sh(host, `${NODE} -M -c ${QDB}/cluster-lab.crt`);
      assert.match(importing, new RegExp(`^Certificate stored in ${NDB}/qdevice-net-node.p12$`, 'm'));
      host.write('/run/some', 'rubbish');
      const failing = [
        [QNETD, '-s', '-c', '/run/some', '-n', 'other'],
        [NODE, '-M', '-c', '/run/some'],
        [NODE, '-r', '-n', 'a,b'],
      ];
      for (const call of failing) {
        const { exitCode, stdout } = await attempt(host, call);
        assert.notEqual(exitCode, 0, call.join(' '));
        assert.doesNotMatch(stdout, /stored in/);
      }
      assert.ok(!(await exists(host, `${QDB}/cluster-other.crt`)));
    },
  },
  {
    id: 'D53',
    requirement: 'files of any place in DER or PEM, and names as in corosync.conf',
    test: async (site) => {
      const host = await site.fresh(site.spare);
      await sh(host, `${QNETD} -i`);
      for (const form of ['DER', 'PEM']) {
        const convert = (what: string, from: string, to: string) =>
          `openssl ${what} -in ${from} -out ${to} -outform ${form}`;
        await sh(host, `rm -rf ${NDB}`);
        await sh(host, 'mkdir -p /etc/pve /tmp/tool.x1');
        await sh(host, convert('x509', `${QDB}/qnetd-cacert.crt`, '/etc/pve/ca'));
        await sh(host, `${NODE} -i -c /etc/pve/ca`);
        await sh(host, `${NODE} -r -n ${ODD_NAME}`);
        await sh(host, convert('req -inform DER', `${NDB}/qdevice-net-node.crq`, '/tmp/tool.x1/request'));
        await sh(host, `${QNETD} -s -c /tmp/tool.x1/request -n ${ODD_NAME}`);
        await sh(host, convert('x509 -inform DER', `${QDB}/cluster-${ODD_NAME}.crt`, '/tmp/tool.x1/certificate'));
        await sh(host, `${NODE} -M -c /tmp/tool.x1/certificate`);
        assert.equal(new X509Certificate(host.read(`${NDB}/cluster.pem`)).subject, `CN=${ODD_NAME}`);
      }
    },
  },
  {
    id: 'D54',
    requirement: '-m may be repeated, and takes what pk12util makes, old and new, with several pairs',
    test: async (site) => {
      const maker = await site.fresh(site.tooled);
      await sh(maker, `${QNETD} -i`);
      await giveCertificates(maker, [maker], 'lab');
      const goesThrough = async (times: number, options: readonly string[]) => {
        await sh(maker, 'rm -f /run/out.p12');
        await command(maker, ['pk12util', '-d', NDB, '-o', '/run/out.p12', '-W', '', '-n', 'Cluster Cert', ...options]);
        const host = await site.fresh(site.spare);
        host.write('/run/in.p12', maker.read('/run/out.p12'));
        host.write(`${INBOX}/ca.crt`, maker.read(`${QDB}/qnetd-cacert.crt`));
        await sh(host, `${NODE} -i -c ${INBOX}/ca.crt`);
        for (let time = 0; time < times; time += 1) await sh(host, `${NODE} -m -c /run/in.p12`);
        assert.equal(fingerprintOf(host), fingerprintOf(maker));
      };
      await goesThrough(2, []);
      await goesThrough(1, OLD_CIPHERS);
      const first = maker.read(`${NDB}/qdevice-net-node.p12`);
      await rekey(maker, maker, 'lab');
      maker.write('/run/first.p12', first);
      await command(maker, ['pk12util', '-d', NDB, '-i', '/run/first.p12', '-W', '']);
      await goesThrough(1, []);
    },
  },
  {
    id: 'D55',
    requirement: '-r on a running node leaves the certificate in use alone until -M',
    test: async (site) => {
      const [node] = site.pair;
      const before = fingerprintOf(node);
      await sh(node, `${NODE} -r -n lab`);
      await sh(node, 'systemctl restart corosync-qdevice');
      await site.voting();
      assert.equal(fingerprintOf(node), before);
      await sh(node, `mkdir -p ${INBOX}`);
      node.write(`${INBOX}/cluster.crt`, await signed(site.arbiter, node.read(`${NDB}/qdevice-net-node.crq`), 'lab'));
      await sh(node, `${NODE} -M -c ${INBOX}/cluster.crt`);
      assert.notEqual(fingerprintOf(node), before);
    },
  },
  {
    id: 'D56',
    requirement: 'corosync-qnetd-tool -s has the line with address and port',
    test: async ({ arbiter }) =>
      assert.match(await sh(arbiter, 'corosync-qnetd-tool -s'), /^QNetd address:\t+\*:5403$/m),
  },
  {
    id: 'D57',
    requirement:
      'corosync-qnetd-tool -l begins a block with Cluster "NAME": and says nothing, exit 0, of one that is unknown',
    test: async ({ arbiter }) => {
      for (const line of ['-l', '-l -v', '-l -c lab', '-l -v -c lab']) {
        assert.match(await sh(arbiter, `corosync-qnetd-tool ${line}`), /^Cluster "lab":$/m);
      }
      assert.equal(await sh(arbiter, 'corosync-qnetd-tool -l -c other'), '');
    },
  },
  {
    id: 'D58',
    requirement: 'switches may be written together',
    test: async ({ arbiter, pair: [node] }) => {
      const shape = (text: string) => text.replaceAll(/\d{4}-\S+/g, 'T');
      const alike = async (host: Host, one: string, other: string) =>
        assert.equal(shape(await sh(host, one)), shape(await sh(host, other)));
      await alike(arbiter, 'corosync-qnetd-tool -lv', 'corosync-qnetd-tool -l -v');
      await alike(node, 'corosync-qdevice-tool -sv', 'corosync-qdevice-tool -s -v');
    },
  },
  {
    id: 'D59',
    requirement: 'exit codes of both status tools, and the words for a daemon that does not run',
    test: async (site) => {
      const host = await site.fresh(site.spare);
      for (const [tool, daemon] of [
        ['corosync-qnetd-tool', 'QNetd'],
        ['corosync-qdevice-tool', 'QDevice'],
      ] as const) {
        assert.equal((await attempt(host, [tool, '-x'])).exitCode, 1);
        const absent = await attempt(host, [tool, '-s']);
        assert.equal(absent.exitCode, 3);
        assert.ok(absent.stderr.includes(`is ${daemon} running?`), absent.stderr);
        const refused = await attempt(host, ['perl', '-e', REFUSING, tool]);
        assert.equal(refused.exitCode, 4, refused.stderr);
      }
    },
  },
  {
    id: 'D60',
    requirement: 'corosync-qdevice-tool -sv tells the heartbeat of a synchronisation in ms',
    test: async ({ pair: [node] }) =>
      assert.match(await sh(node, 'corosync-qdevice-tool -sv'), /^Sync HB interval:\s+30000ms$/m),
  },
  {
    id: 'D61',
    requirement: "the node's socket answers `status verbose` with lines of key and value, and closes",
    test: async ({ pair: [node] }) => {
      const text = await command(node, ['timeout', '10', 'perl', '-e', ASKING]);
      for (const key of ['Algorithm', 'Last poll call', 'Model', 'QNetd host', 'State', 'Tie-breaker']) {
        assert.match(text, new RegExp(`^${key}:\\s+\\S`, 'm'));
      }
    },
  },
  {
    id: 'D62',
    requirement: 'votequorum knows the device as Qdevice',
    test: async ({ pair: [node] }) =>
      assert.match(await sh(node, 'corosync-quorumtool -siH'), /^0x00000000 +1 +Qdevice *$/m),
  },
  {
    id: 'D63',
    requirement: 'every key that a tool writes is accepted',
    test: async (site) => {
      const { device, arbiter } = site;
      const net = `host: ${arbiter.address}\n port: 5403\n tls: on\n algorithm: ffsplit\n tie_breaker: highest\n connect_timeout: 9000\n`;
      const more = ' force_ip_version: 4\n keep_active_partition_tie_breaker: on\n';
      const heuristics =
        'mode: sync\n interval: 20000\n timeout: 4000\n sync_timeout: 14000\n exec_well: /bin/true\n exec_well1: /bin/true\n';
      const times = 'model: net\n votes: 1\n timeout: 9000\n sync_timeout: 28000\n';
      await site.devices('stop');
      await site.configure(`device {\n ${times} net {\n ${net}${more} }\n heuristics {\n ${heuristics} }\n }`);
      await site.devices('start');
      await site.voting();
      const said = await sh(site.pair[0], 'corosync-qdevice-tool -sv');
      const expected = [
        /^HB interval:\s+9000ms/m,
        /^Sync HB interval:\s+28000ms/m,
        /^Heuristics:\s+Enabled only on sync$/m,
        /^Connect timeout:\s+9000ms/m,
        /^Tie-breaker:\s+Node with highest node ID/m,
      ];
      for (const line of expected) assert.match(said, line);
      await site.devices('stop');
      await site.configure(device);
      await site.devices('start');
      await site.voting();
    },
  },
  {
    id: 'D64',
    requirement: 'with tls: off a node needs no certificate; the arbiter has to be told that it may',
    test: async (site) => {
      const { device, arbiter, pair } = site;
      const kept = await Promise.all(pair.map((node) => packed(node, NET)));
      const settings = arbiter.read('/etc/default/corosync-qnetd');
      arbiter.write('/etc/default/corosync-qnetd', 'COROSYNC_QNETD_OPTIONS="-s on"\n');
      await sh(arbiter, 'systemctl restart corosync-qnetd');
      await site.devices('stop');
      for (const node of pair) await sh(node, `rm -rf ${NDB}`);
      await site.configure(device.replace('tls: on', 'tls: off'));
      await site.devices('start');
      await site.voting();
      assert.doesNotMatch(await sh(arbiter, 'corosync-qnetd-tool -lv'), /TLS active:\s+Yes/);

      await site.devices('stop');
      for (const [at, node] of pair.entries()) await unpack(node, kept[at] ?? Buffer.alloc(0), NET);
      arbiter.write('/etc/default/corosync-qnetd', settings);
      await sh(arbiter, 'systemctl restart corosync-qnetd');
      await site.configure(device);
      await site.devices('start');
      await site.voting();
    },
  },
  {
    id: 'D65',
    requirement: "the certificate's name counts whatever its case, and several certificates of a cluster count at once",
    test: async (site) => {
      const [first, second] = site.pair;
      await rekey(site.arbiter, second, 'LAB');
      assert.equal(new X509Certificate(second.read(`${NDB}/cluster.pem`)).subject, 'CN=LAB');
      await sh(second, 'systemctl restart corosync-qdevice');
      await site.voting();
      assert.notEqual(fingerprintOf(first), fingerprintOf(second));
      const seen = await sh(site.arbiter, 'corosync-qnetd-tool -lv -c lab');
      assert.equal(seen.match(/TLS active:\s+Yes \(client certificate verified\)/g)?.length, 2);
    },
  },
];

/** A client of its own, which reads to the end. */
const ASKING = [
  'use IO::Socket::UNIX;',
  '$s = IO::Socket::UNIX->new(Type => SOCK_STREAM, Peer => "/var/run/corosync-qdevice/corosync-qdevice.sock") or die;',
  'print $s "status verbose\\n"; print while <$s>;',
].join(' ');

/** A daemon that answers with an error; ends as the tool does that it is called with. */
const REFUSING = [
  'use IO::Socket::UNIX; unlink "/run/refusing";',
  '$l = IO::Socket::UNIX->new(Type => SOCK_STREAM, Local => "/run/refusing", Listen => 1) or die;',
  'if (!fork) { $c = $l->accept; <$c>; print $c "Error\\nnot today\\n"; exit }',
  'exit(system($ARGV[0], "-s", "-p", "/run/refusing") >> 8)',
].join(' ');

type Call = readonly [exitCode: number, ...args: readonly string[]];

async function ends(host: Host, program: string, calls: readonly Call[]): Promise<void> {
  for (const [expected, ...args] of calls) {
    const { exitCode, stderr } = await attempt(host, [program, ...args]);
    assert.equal(exitCode, expected, `${program} ${args.join(' ')}: ${stderr}`);
  }
}
