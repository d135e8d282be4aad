/** Texts of corosync.conf: one as people write it, and random ones, sound and broken. */
import fc from 'fast-check';

export const PROXMOX = `logging {
  debug: off
  to_syslog: yes
}

nodelist {
  node {
    name: pve1
    nodeid: 1
    quorum_votes: 1
    ring0_addr: 192.0.2.1
    ring1_addr: 198.51.100.1
  }
  node {
    name: pve2
    nodeid: 2
    quorum_votes: 1
    ring0_addr: 192.0.2.2
    ring1_addr: 198.51.100.2
  }
}

quorum {
  provider: corosync_votequorum
}

totem {
  cluster_name: lab
  config_version: 4
  interface {
    linknumber: 0
  }
  ip_version: ipv4-6
  secauth: on
  version: 2
}
`;

/** By hand: tabs, comments, a carriage return, no line end at the end. */
export const BY_HAND = [
  '# our cluster',
  'totem {',
  '\tversion: 2',
  '\tcluster_name:  by hand  ',
  '\tconfig_version:   9 ',
  '}',
  '',
  'quorum{',
  '\t# two of us',
  '\tprovider : corosync_votequorum\r',
  '\ttwo_node: 1\t',
  '   }',
  'nodelist: {',
  '\tnode {',
  '\tring0_addr: a:b::c',
  '\t}',
  '}',
].join('\n');

const blanks = fc.constantFrom('', '', ' ', '  ', '\t', ' \t');
const name = fc.constantFrom('totem', 'quorum', 'device', 'net', 'node', 'abc', 'k', 'sec', 'a.b');
const value = fc.constantFrom('x', 'a b', '192.0.2.1', 'fe80::1', '# no comment', '"q"', '12', '', '}');
const lineEnd = fc.constantFrom('\n', '\n', '\n', '\r\n');

const key = fc
  .tuple(blanks, fc.constantFrom('abc', 'host', 'a_b', 'x-y', 'k/l'), blanks, blanks, value, blanks, lineEnd)
  .map(([a, k, b, c, v, d, end]) => `${a}${k}${b}:${c}${v}${d}${end}`);
const comment = fc
  .tuple(blanks, fc.constantFrom('# {', '#', '', '# a: b', '#}'), lineEnd)
  .map(([a, text, end]) => `${a}${text}${end}`);
const close = fc.tuple(blanks, blanks, lineEnd).map(([a, b, end]) => `${a}}${b}${end}`);

/** What corosync reads without an error. Sections bear names in which every key goes. */
export const soundConf: fc.Arbitrary<string> = fc.letrec<{ body: string; section: string }>((tie) => ({
  body: fc
    .array(fc.oneof({ depthSize: 'small' }, key, comment, tie('section')), { maxLength: 5 })
    .map((parts) => parts.join('')),
  section: fc
    .tuple(blanks, fc.constantFrom('logging', 'system', 'resources', 'other'), blanks, lineEnd, tie('body'), close)
    .map(([a, n, b, end, body, closing]) => `${a}${n}${b}{${end}${body}${closing}`),
})).body;

/** Lines of any kind in any order, most of which corosync refuses. */
export const anyConf: fc.Arbitrary<string> = fc
  .array(
    fc.oneof(
      key,
      comment,
      close,
      fc.tuple(blanks, name, blanks, lineEnd).map(([a, n, b, end]) => `${a}${n}${b}{${end}`),
      fc.constantFrom('x { y\n', '{\n', 'a b: c\n', 'word\n', '} }\n', 'ab: c\n', 'a|b: c\n', 'n: {\n', ' }'),
      fc.integer({ min: 505, max: 515 }).map((bytes) => `abc: ${'x'.repeat(bytes - 6)}\n`),
    ),
    { maxLength: 8 },
  )
  .map((parts) => parts.join(''));
