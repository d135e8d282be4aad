/** The pages of the manual: from what the commands declare, and a few words around it. */
import { type DeclaredOption, type DeclaredProgram, declaredBy } from '../../cli/manual/recorder.ts';
import * as switches from '../../cli/manual/switches.ts';
import { declareQdevice } from '../../cli/qdevice.ts';
import { declareQnetd } from '../../cli/qnetd.ts';
import type { Page, Row, Section } from './page.ts';
import { QDEVICE_SETTINGS, QNETD_SETTINGS } from './settings.ts';

export const PROGRAMS: Readonly<Record<'qnetd' | 'qdevice', DeclaredProgram>> = {
  qnetd: declaredBy((parser) => declareQnetd(parser, () => undefined)),
  qdevice: declaredBy((parser) => declareQdevice(parser, () => undefined)),
};
export const TABLES: readonly switches.SwitchTable[] = [
  switches.QNETD,
  switches.QNETD_TOOL,
  switches.QNETD_CERTUTIL,
  switches.QDEVICE,
  switches.QDEVICE_TOOL,
  switches.QDEVICE_CERTUTIL,
];

const ARBITER_FILES: readonly Row[] = [
  { term: '/etc/corosync/qnetd/nssdb', text: 'authority, certificates and keys; qnetd-cacert.crt is for the nodes' },
  { term: '/var/lib/corosync-qnetd/votes', text: 'who may be casting a vote, a file for each cluster' },
  { term: '/run/corosync-qnetd', text: 'lock file and local socket' },
  { term: '/etc/default/corosync-qnetd', text: 'switches of the service, in COROSYNC_QNETD_OPTIONS' },
];
const NODE_FILES: readonly Row[] = [
  { term: '/etc/corosync/corosync.conf', text: 'the section quorum.device is what the daemon goes by' },
  { term: '/etc/corosync/qdevice/net/nssdb', text: 'key and certificates' },
  { term: '/run/corosync-qdevice', text: 'lock file and local socket' },
  { term: '/etc/default/corosync-qdevice', text: 'switches of the service, in COROSYNC_QDEVICE_OPTIONS' },
];
const TOOL_EXITS: readonly Row[] = [
  { term: '0', text: 'done' },
  { term: '1', text: 'wrong usage' },
  { term: '2', text: 'internal error' },
  { term: '3', text: 'the daemon cannot be reached' },
  { term: '4', text: 'the daemon answered with an error' },
];
const DAEMON_EXITS: readonly Row[] = [
  { term: '0', text: 'stopped as asked' },
  { term: '1', text: 'anything else; one sentence says what, one what to do' },
];
const CERTUTIL_EXITS: readonly Row[] = [
  { term: '0', text: 'done, or nothing was asked for' },
  { term: '1', text: 'not done; one sentence says why' },
  { term: '2', text: 'a file or a name is missing' },
];

export function pages(): Page[] {
  return [
    commandPage('qnetd', 'the arbiter of corosync clusters', PROGRAMS.qnetd, [{ title: 'FILES', rows: ARBITER_FILES }]),
    commandPage('qdevice', 'the quorum device of a corosync cluster: set up, look at, run', PROGRAMS.qdevice, [
      {
        title: 'EXIT STATUS',
        paragraphs: ['Of setup, remove, sync and move:'],
        rows: [
          { term: '0', text: 'done' },
          { term: '1', text: 'nothing was changed, or everything is as it was before' },
          { term: '2', text: 'something could not be put back, and is named' },
          { term: '130', text: 'stopped by Ctrl-C, everything as before' },
        ],
      },
      {
        title: 'FILES',
        rows: [...NODE_FILES, { term: '/var/lib/qdevice', text: 'journal of a setup that is under way' }],
      },
    ]),
    switchPage(switches.QNETD, 'daemon that gives one side of a split cluster its vote', [
      {
        title: 'DESCRIPTION',
        paragraphs: [
          'The arbiter of any number of corosync clusters, on a machine outside of them. The daemons of the nodes connect to it, and at each change of a membership it gives its vote to one partition at most. On first start it makes its authority and certificate, or imports those of an NSS database in their place.',
          'Unlike the program whose name it has, it requires TLS unless -s says otherwise.',
        ],
      },
      { title: 'ADVANCED SETTINGS', rows: QNETD_SETTINGS },
      {
        title: 'SIGNALS',
        rows: [
          { term: 'TERM, INT', text: 'stop; a second one: at once' },
          { term: 'HUP', text: 'read the certificates again, for new connections' },
        ],
      },
      { title: 'EXIT STATUS', rows: DAEMON_EXITS },
      { title: 'FILES', rows: ARBITER_FILES },
    ]),
    switchPage(switches.QNETD_TOOL, 'look at a running arbiter', [{ title: 'EXIT STATUS', rows: TOOL_EXITS }]),
    switchPage(switches.QNETD_CERTUTIL, 'certificates of an arbiter', [
      { title: 'EXIT STATUS', rows: CERTUTIL_EXITS },
      { title: 'FILES', rows: ARBITER_FILES.slice(0, 1) },
    ]),
    switchPage(switches.QDEVICE, 'daemon that brings the vote of an arbiter to a node', [
      {
        title: 'DESCRIPTION',
        paragraphs: [
          'Runs beside corosync on each node of a cluster, connects to the arbiter that corosync.conf names, and casts the vote that it gives into votequorum. A vote is withheld as soon as the arbiter has been silent for too long.',
        ],
        example: DEVICE_EXAMPLE,
      },
      { title: 'ADVANCED SETTINGS', rows: QDEVICE_SETTINGS },
      { title: 'EXIT STATUS', rows: DAEMON_EXITS },
      { title: 'FILES', rows: NODE_FILES },
    ]),
    switchPage(switches.QDEVICE_TOOL, 'look at the running daemon of a node', [
      { title: 'EXIT STATUS', rows: TOOL_EXITS },
    ]),
    switchPage(switches.QDEVICE_CERTUTIL, 'certificates of a node', [
      {
        title: 'EXIT STATUS',
        rows: [
          ...CERTUTIL_EXITS,
          { term: '18', text: 'the file of -m cannot be read' },
          { term: '19', text: 'it is of another authority' },
        ],
      },
      { title: 'FILES', rows: NODE_FILES.slice(1, 2) },
    ]),
  ];
}

const DEVICE_EXAMPLE = [
  'quorum {',
  '  provider: corosync_votequorum',
  '  device {',
  '    model: net',
  '    votes: 1',
  '    net {',
  '      host: 192.0.2.9',
  '      algorithm: ffsplit',
  '      tls: required',
  '    }',
  '  }',
  '}',
];

const ALL = [...TABLES.map(({ name }) => `${name}(8)`), 'qdevice(1)', 'qnetd(1)'].toSorted();

function seeAlso(name: string): string[] {
  return ALL.filter((other) => !other.startsWith(`${name}(`));
}

function switchPage(table: switches.SwitchTable, summary: string, sections: readonly Section[]): Page {
  const rows = table.switches.map(({ letter, value, describe }) => ({
    term: `-${letter}${value === undefined ? '' : ` ${value}`}`,
    text: describe,
  }));
  const { name } = table;
  const before = sections.filter(({ title }) => title === 'DESCRIPTION');
  const after = sections.filter(({ title }) => title !== 'DESCRIPTION');
  const synopsis = [table.usage.join(' ')];
  return {
    name,
    section: 8,
    summary,
    synopsis,
    sections: [...before, { title: 'OPTIONS', rows }, ...after],
    seeAlso: seeAlso(name),
  };
}

function commandPage(name: string, summary: string, program: DeclaredProgram, sections: readonly Section[]): Page {
  const { commands, options } = program;
  const ofEach = commands.flatMap(({ usage, describe, operands, options: own, notes }) => [
    {
      title: `${name} ${usage.split(' ')[0]}`.toUpperCase(),
      paragraphs: [`${usage}: ${describe}`, ...notes],
      rows: [...operands, ...own].map(optionRow),
    },
  ]);
  const common = options.length === 0 ? [] : [{ title: 'COMMON OPTIONS', rows: options.map(optionRow) }];
  return {
    name,
    section: 1,
    summary,
    synopsis: commands.map(({ usage, options: own }) => `${usage}${own.length === 0 ? '' : ' [OPTION...]'}`),
    sections: [...ofEach, ...common, ...sections],
    seeAlso: seeAlso(name),
  };
}

function optionRow({ names, value, choices, describe, required }: DeclaredOption): Row {
  if (!names[0]?.startsWith('-'))
    return { term: names.join(), text: describe === '' ? `one of ${choices.join(', ')}` : describe };
  const term = `${names.join(', ')}${value === undefined ? '' : ` ${value}`}`;
  return { term, text: `${describe}${required ? ' (has to be given)' : ''}` };
}
