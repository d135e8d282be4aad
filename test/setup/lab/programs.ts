/**
 * Rows of the table of failures that a program says by itself, outside of setup: each made true on the hosts of a
 * cluster whose device runs, with what is asked there and the answer it has to come to.
 */

import type { Host } from '../../lab/host.ts';
import type { CommandResult } from '../../lab/processes.ts';
import { onAllNodes, type Undo } from './obstacles.ts';
import type { Stage } from './stage.ts';

export interface ProgramRow {
  /** Begins with its row. */
  readonly name: string;
  readonly make: (stage: Stage) => Promise<Undo>;
  readonly ask: (stage: Stage) => Promise<CommandResult>;
  readonly says: RegExp;
  /** Much like another one: only with SETUP_LAB=wide. */
  readonly isMore?: true;
}

const CONF = '/etc/corosync/corosync.conf';
const NODE_STORE = '/etc/corosync/qdevice/net/nssdb';
const ARBITER_STORE = '/etc/corosync/qnetd/nssdb';
const ASIDE = '/run/row-aside';
const WEAK = '/run/row-weak';
const RUN = '/run/row-arbiter';
const NOBODY = 65_534;

/** The service does not start; what it says is in its log. */
async function started(host: Host, unit: string): Promise<CommandResult> {
  const { exitCode, stderr } = await host.tryExec('systemctl', 'start', unit);
  return { exitCode, stdout: host.read(`/run/lab-log/${unit}.log`).toString(), stderr };
}

/** Puts the directory aside while `unit` stands still, and another one in its place, which is empty or has these files. */
async function withStore(host: Host, unit: string, store: string, files = ''): Promise<Undo> {
  const fill = files === '' ? '' : ` && cp ${files} ${store}`;
  await host.exec('systemctl', 'stop', unit);
  await host.exec('sh', '-c', `mv ${store} ${ASIDE} && mkdir ${store}${fill}`);
  return async () => {
    await host.tryExec('systemctl', 'stop', unit);
    await host.exec('sh', '-c', `rm -r ${store} && mv ${ASIDE} ${store}`);
    await host.exec('systemctl', 'start', unit);
  };
}

/** An authority and what it has signed, of keys of so many bits. */
async function weakFiles(host: Host, commonName: string, bits: { authority: number; other: number }): Promise<void> {
  const request = (to: number, name: string) => `openssl req -newkey rsa:${to} -nodes -subj "/CN=${name}" -days 30`;
  const lines = [
    `mkdir -p ${WEAK} && cd ${WEAK}`,
    `${request(bits.authority, 'QNet CA')} -x509 -keyout ca.key -out ca.pem -addext basicConstraints=critical,CA:TRUE`,
    `${request(bits.other, commonName)} -keyout own.key -out own.csr`,
    'openssl x509 -req -in own.csr -CA ca.pem -CAkey ca.key -CAcreateserial -days 30 -out own.pem',
  ];
  await host.exec('sh', '-ec', `{ ${lines.join('\n')}\n} 2>/dev/null`);
}

/** Another version of corosync.conf on all nodes, in force. */
async function reloaded(stage: Stage, change: (text: string) => string): Promise<void> {
  const raised = (text: string) =>
    text.replace(/config_version: (\d+)/, (_, version) => `config_version: ${Number(version) + 1}`);
  onAllNodes(stage, (text) => raised(change(text)));
  await stage.node(1).exec('corosync-cfgtool', '-R');
}

export const PROGRAM_ROWS: readonly ProgramRow[] = [
  {
    name: 'F42: a node whose directory holds no certificates',
    make: (stage) => withStore(stage.node(2), 'corosync-qdevice', NODE_STORE),
    ask: (stage) => started(stage.node(2), 'corosync-qdevice'),
    says: /There are no certificates in \/etc\/corosync\/qdevice\/net\/nssdb\. Set up the quorum device on this node/,
  },
  {
    name: 'F42: an arbiter whose directory holds no certificates',
    make: (stage) => withStore(stage.arbiter, 'corosync-qnetd', ARBITER_STORE),
    ask: ({ arbiter }) => arbiter.tryExec('corosync-qnetd-certutil', '-s', '-c', '/etc/hosts', '-n', 'other'),
    says: /There is no authority in \/etc\/corosync\/qnetd\/nssdb\. Make one with \S+ -i/,
  },
  {
    name: 'F43: an arbiter whose server key is missing',
    isMore: true,
    make: (stage) => withStore(stage.arbiter, 'corosync-qnetd', ARBITER_STORE, `${ASIDE}/ca.* ${ASIDE}/server.pem`),
    ask: ({ arbiter }) => started(arbiter, 'corosync-qnetd'),
    says: /nssdb holds ca\.key and ca\.pem and server\.pem, but server\.key is missing\. Restore it from a backup/,
  },
  {
    name: 'F44: a key that the user of the arbiter may not read',
    make: async ({ arbiter }) => {
      await arbiter.exec('sh', '-c', `mkdir ${RUN} && chown ${NOBODY} ${RUN}`);
      return () => arbiter.exec('rm', '-r', RUN);
    },
    ask: ({ arbiter }) =>
      arbiter.tryExec(
        ...['setpriv', `--reuid=${NOBODY}`, `--regid=${NOBODY}`, '--clear-groups'],
        ...['qnetd', 'run', '--state', ARBITER_STORE, '--run-dir', RUN, '--port', '5404'],
      ),
    says: /\/etc\/corosync\/qnetd\/nssdb\/\S+ cannot be read as user nobody\. Give that user or its group the right to read/,
  },
  {
    name: 'F49: an authority with a short key',
    make: async (stage) => {
      await weakFiles(stage.arbiter, 'Qnetd Server', { authority: 1024, other: 2048 });
      const back = await withStore(stage.arbiter, 'corosync-qnetd', ARBITER_STORE, `${WEAK}/ca.*`);
      const names = `cp ${WEAK}/own.pem ${ARBITER_STORE}/server.pem && cp ${WEAK}/own.key ${ARBITER_STORE}/server.key`;
      await stage.arbiter.exec('sh', '-c', names);
      return back;
    },
    ask: ({ arbiter }) => started(arbiter, 'corosync-qnetd'),
    says: /nssdb\/ca\.pem has a key of only 1024 bits, which current TLS libraries refuse\. Start a new authority/,
  },
  {
    name: 'F49: a node whose certificates have short keys',
    isMore: true,
    make: async (stage) => {
      const node = stage.node(2);
      await weakFiles(node, 'lab', { authority: 1024, other: 1024 });
      const back = await withStore(node, 'corosync-qdevice', NODE_STORE, `${WEAK}/ca.pem`);
      const names = `cp ${WEAK}/own.pem ${NODE_STORE}/cluster.pem && cp ${WEAK}/own.key ${NODE_STORE}/cluster.key`;
      await node.exec('sh', '-c', names);
      return back;
    },
    ask: (stage) => started(stage.node(2), 'corosync-qdevice'),
    says: /nssdb\/ca\.pem has a key of only 1024 bits, which current TLS libraries refuse/,
  },
  {
    name: 'F52: what is no certificate request',
    make: async ({ arbiter }) => {
      arbiter.write('/run/row.crq', '-----BEGIN CERTIFICATE REQUEST-----\nnothing of the kind\n');
      return () => arbiter.exec('rm', '/run/row.crq');
    },
    ask: ({ arbiter }) => arbiter.tryExec('corosync-qnetd-certutil', '-s', '-c', '/run/row.crq', '-n', 'other'),
    says: /\/run\/row\.crq is not a certificate request/,
  },
  {
    name: 'F63: an odd number of nodes under ffsplit, F71: one of them without name and ring0_addr',
    make: async (stage) => {
      const before = stage.node(1).read(CONF).toString('latin1');
      const third = '  node {\n    nodeid: 3\n  }\n}\n\nquorum {';
      await reloaded(stage, (text) => text.replace(/\}(\r?\n)\r?\nquorum \{/, third.replaceAll('\n', '$1')));
      return () =>
        reloaded(stage, (now) => before.replace(/config_version: \d+/, /config_version: \d+/.exec(now)?.[0] ?? ''));
    },
    ask: async (stage) => {
      const { exitCode, stdout, stderr } = await stage.qdevice('check');
      return { exitCode, stdout: stdout + (await stage.arbiter.exec('corosync-qnetd-tool', '-l', '-v')), stderr };
    },
    // Every entry with a number counts: so the daemons told the arbiter.
    says: /Node 3 has neither name nor ring0_addr\. Give it a name .*ffsplit runs with 3 nodes, an odd number: the device makes this cluster weaker\. Run qdevice sync.*Configured node list: 1, 2, 3 /,
  },
];
