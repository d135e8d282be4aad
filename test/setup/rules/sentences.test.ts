import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Finding } from '../../../src/setup/rules/finding.ts';
import { BEFORE, REACHING } from '../../../src/setup/rules/sentences.ts';
import { AFTERWARDS, CERTIFICATES } from '../../../src/setup/rules/sentences-later.ts';

/** Everything that some sentence names, each with a word of its own. */
const SHARED = {
  ...{ node: '<node>', host: '<host>', file: '<file>', line: 17, problem: '<problem>', key: '<key>', value: '<value>' },
  ...{ nodes: ['<node>', '<other>'], addresses: ['<address>'], name: '<name>', fault: 'holds <fault>', votes: 7 },
  ...{ algorithm: '<algorithm>', fingerprint: '<fingerprint>', command: '<command>', install: '<install>' },
  ...{ network: '<network>', user: '<user>', knownHosts: '<known hosts>', reason: '<reason>', by: '<by>' },
  ...{
    directory: '<directory>',
    shown: '<shown>',
    known: '<known>',
    owner: '<owner>',
    mode: '<mode>',
    group: '<group>',
  },
  ...{ certificateName: '<certificate>', clusterName: '<cluster>', nodeTime: '<node time>', hostTime: '<host time>' },
  ...{ from: '<from>', to: '<to>', seconds: -61, serial: '<serial>', what: '<what>', port: 5403 },
  ...{ count: 5, present: 8, leftovers: ['<leftover>'], version: 3n, expected: 4n, quorum: 9 },
  level: 'note',
  why: 'waiting',
  ...{ bytes: 0, state: 'A,NV', members: 1, publicKey: '<key>' },
  ...{ watchdogSeconds: 10, syncSeconds: 30, nodeId: 23, address: '<address>' },
} as const;

function all(): [string, Finding][] {
  const later = { ...SHARED, problem: 'timeout' } as const;
  return [
    ...Object.entries(BEFORE).map(([row, say]): [string, Finding] => [row, say(SHARED)]),
    ...Object.entries(REACHING).map(([row, say]): [string, Finding] => [row, say(SHARED)]),
    ...Object.entries(CERTIFICATES).map(([row, say]): [string, Finding] => [row, say(SHARED)]),
    ...Object.entries(AFTERWARDS).map(([row, say]): [string, Finding] => [row, say(later)]),
  ];
}

test('each row says in one sentence what is wrong and, after it, what to do', () => {
  for (const [row, { id, problem, remedy }] of all()) {
    assert.equal(id, /^F\d+/.exec(row)?.[0], row);
    assert.match(problem, /^[A-Z<a-z].*[^.]\.$/, row);
    assert.doesNotMatch(problem.replace(/<[^>]*>/g, ''), /undefined|\[object|\. [A-Z]/, row);
    assert.ok(remedy.length > 10 && !remedy.includes('\n') && !remedy.includes('undefined'), row);
  }
});

test('each names the host, the file or the cluster that it is about', () => {
  const naming =
    /<(node|from|host|file|name|key|certificate|other|network|directory)>|5 nodes|\b(7|23)\b|SSH key here|tiebreaker|on this node/;
  for (const [row, { problem }] of all()) assert.match(problem, naming, row);
});

test('on Proxmox VE a file that cannot be written means that there is no quorum', () => {
  const { remedy } = BEFORE.F2readOnly({ file: '/etc/pve/corosync.conf', node: 'n1' });
  assert.match(remedy, /no quorum/);
  assert.match(CERTIFICATES.F47skew({ ...SHARED, seconds: 1 }).problem, /1 second ahead of/);
  assert.match(AFTERWARDS.F60({ ...SHARED, problem: 'name not found' }).remedy, /resolve the name/);
});
