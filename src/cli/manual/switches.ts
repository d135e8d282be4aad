/**
 * The switches of the commands under upstream's names. Each table is what the command reads its switches by, what its
 * usage says, and what manual and completion are made from.
 */

export interface Switch {
  readonly letter: string;
  /** What it is to be followed by; left out: nothing. */
  readonly value?: string;
  readonly describe: string;
}

export interface SwitchTable {
  readonly name: string;
  /** Behind the name, in upstream's words. */
  readonly usage: readonly string[];
  readonly switches: readonly Switch[];
}

const HELP: Switch = { letter: 'h', describe: 'print the usage' };

export const QNETD: SwitchTable = {
  name: 'corosync-qnetd',
  usage: [
    '[-46dfhv] [-l listen_addr] [-p listen_port] [-s tls]',
    '[-c client_cert_required] [-m max_clients] [-S option=value[,option2=value2,...]]',
  ],
  switches: [
    { letter: '4', describe: 'IPv4 alone' },
    { letter: '6', describe: 'IPv6 alone' },
    { letter: 'd', describe: 'log every detail; twice: to the system log with priority info' },
    { letter: 'f', describe: 'stay in the foreground, and log to standard output' },
    HELP,
    { letter: 'v', describe: 'print version, algorithms and messages' },
    { letter: 'l', value: 'ADDRESS', describe: 'listen on this address or name; left out: on every address' },
    { letter: 'p', value: 'PORT', describe: 'TCP port; left out: 5403' },
    {
      letter: 's',
      value: 'on|off|req',
      describe: 'what clients may use: TLS or not, no TLS, TLS alone; left out: req',
    },
    { letter: 'c', value: 'on|off', describe: 'ask clients for their certificate; left out: on' },
    { letter: 'm', value: 'NUMBER', describe: 'connections at a time; 0 or left out: no limit' },
    { letter: 'S', value: 'NAME=VALUE,...', describe: 'advanced settings, see below' },
  ],
};

export const QNETD_TOOL: SwitchTable = {
  name: 'corosync-qnetd-tool',
  usage: ['[-Hhlsv] [-c cluster_name] [-p qnetd_ipc_socket_path]'],
  switches: [
    { letter: 'H', describe: 'stop the arbiter' },
    HELP,
    { letter: 'l', describe: 'list clusters and their nodes' },
    { letter: 's', describe: 'print the state of the arbiter' },
    { letter: 'v', describe: 'with -l or -s: more of it' },
    { letter: 'c', value: 'CLUSTER', describe: 'with -l: this one alone' },
    { letter: 'p', value: 'SOCKET', describe: 'local socket of the arbiter' },
  ],
};

export const QNETD_CERTUTIL: SwitchTable = {
  name: 'corosync-qnetd-certutil',
  usage: ['[-i|-s] [-c FILE] [-G] [-n NAME] [--state DIR] [-h]'],
  switches: [
    { letter: 'i', describe: 'make the authority and the certificate of this arbiter' },
    { letter: 's', describe: 'sign the certificate request of a cluster; needs -c and -n' },
    { letter: 'c', value: 'FILE', describe: 'the certificate request, DER or PEM' },
    { letter: 'n', value: 'NAME', describe: 'name of the cluster, as in corosync.conf' },
    { letter: 'G', describe: 'new files are not writable for their group' },
    { letter: '-state', value: 'DIR', describe: 'use DIR instead of /etc/corosync/qnetd/nssdb' },
    { letter: 'h', describe: 'print this' },
  ],
};

export const QDEVICE: SwitchTable = {
  name: 'corosync-qdevice',
  usage: ['[-dfh] [-S option=value[,option2=value2,...]]'],
  switches: [
    { letter: 'd', describe: 'log every detail; twice: to the system log with priority info' },
    { letter: 'f', describe: 'stay in the foreground, and log to standard output' },
    HELP,
    { letter: 'S', value: 'NAME=VALUE,...', describe: 'advanced settings, see below' },
  ],
};

export const QDEVICE_TOOL: SwitchTable = {
  name: 'corosync-qdevice-tool',
  usage: ['[-Hhsv] [-p qdevice_ipc_socket_path]'],
  switches: [
    { letter: 'H', describe: 'stop the node daemon' },
    HELP,
    { letter: 's', describe: 'print the state of the node daemon' },
    { letter: 'v', describe: 'with -s: more of it' },
    { letter: 'p', value: 'SOCKET', describe: 'local socket of the node daemon' },
  ],
};

export const QDEVICE_CERTUTIL: SwitchTable = {
  name: 'corosync-qdevice-net-certutil',
  usage: ['[-i|-m|-M|-r|-Q] [-c FILE] [-n NAME] [-S SSH] [--state DIR] [-h]'],
  switches: [
    { letter: 'i', describe: 'begin on this node; needs the certificate of the authority, from the arbiter, with -c' },
    { letter: 'r', describe: 'make a key and a certificate request; needs -n' },
    {
      letter: 'M',
      describe: "take in the cluster's certificate, and write it with its key to a file for other nodes; needs -c",
    },
    { letter: 'm', describe: 'take in that file on another node; needs -c' },
    { letter: 'Q', describe: 'do all of it over SSH: -Q -n NAME ARBITER NODE1 [NODE...]' },
    { letter: 'c', value: 'FILE', describe: 'a certificate (DER or PEM), or a PKCS#12 file' },
    { letter: 'n', value: 'NAME', describe: 'name of the cluster, as in corosync.conf' },
    { letter: 'S', value: 'SSH', describe: 'the program to reach other hosts with, instead of ssh' },
    { letter: '-state', value: 'DIR', describe: 'use DIR instead of /etc/corosync/qdevice/net/nssdb' },
    { letter: 'h', describe: 'print this' },
  ],
};

/** For getopt(3). */
export function lettersOf({ switches }: SwitchTable): string {
  return switches.map(({ letter, value }) => `${letter}${value === undefined ? '' : ':'}`).join('');
}

/** As upstream's programs print it. */
export function usageOf({ name, usage }: SwitchTable): string {
  return `usage: ${name} ${usage.join('\n              ')}\n`;
}

/** As upstream's scripts print it, with what each switch is for. */
export function usageLines({ usage, switches }: SwitchTable, program: string): string[] {
  const names = switches.map(({ letter, value }) => ` -${letter}${value === undefined ? '' : ` ${value}`}`);
  const width = Math.max(...names.map(({ length }) => length));
  return [
    ...usage.map((line) => `${program}: ${line}`),
    '',
    ...switches.map(({ describe }, at) => `${(names[at] ?? '').padEnd(width)}  ${describe}`),
  ];
}
