/**
 * Setup, a cut, remove and setup again in the combinations that people have. SETUP_LAB=wide (npm run test:setup) runs
 * them all; the first alone runs always. SETUP_LAB=NAME runs the one of that name.
 */
import { test } from 'node:test';
import { type Combination, goThrough } from './lab/trial.ts';

const COMBINATIONS: readonly Combination[] = [
  { name: 'four-debian', nodes: 4, arbiter: 'debian', daemons: 'debian' },
  { name: 'two-debian-arbiter', nodes: 2, arbiter: 'debian', daemons: 'ours' },
  { name: 'two-debian-nodes', nodes: 2, arbiter: 'ours', daemons: 'debian' },
  { name: 'four-ours', nodes: 4, setup: ['--valid-days', '400'] },
  { name: 'three-ours', nodes: 3, setup: ['--force'] },
  { name: 'three-debian', nodes: 3, arbiter: 'debian', daemons: 'debian', setup: ['--force'] },
  { name: 'ipv6', nodes: 2, addresses: 'ipv6' },
  { name: 'two-links', nodes: 2, links: 2 },
  { name: 'host-name', nodes: 2, arbiterName: 'tiebreaker' },
  { name: 'jump', nodes: 2, login: 'jump' },
  { name: 'agent', nodes: 2, login: 'agent' },
  { name: 'sudo', nodes: 2, login: 'sudo', common: ['--user', 'admin'], arbiterName: 'admin@192.0.2.1' },
  {
    name: 'password',
    nodes: 2,
    login: 'password',
    arbiterName: 'admin@192.0.2.1',
    answers: [
      [/\(yes\/no\)\?/, 'yes'],
      [/password: $/i, 'correct horse'],
    ],
  },
  { name: 'proxmox', nodes: 2, proxmox: true },
  { name: 'two-debian', nodes: 2, arbiter: 'debian', daemons: 'debian' },
  { name: 'four-mixed', nodes: 4, daemons: 'mixed' },
  { name: 'lms-votes', nodes: 4, setup: ['--algorithm', 'lms', '--votes', '2'] },
  { name: 'tls-off', nodes: 2, arbiter: 'debian', setup: ['--tls', 'off'] },
  { name: 'port', nodes: 2, port: 5500 },
  {
    name: 'network',
    nodes: 2,
    links: 2,
    arbiterName: 'tiebreaker',
    setup: ['--network', '198.51.100.0/24', '--timeout', '5000', '--tie-breaker', 'lowest'],
    configured: { host: '198.51.100.1' },
  },
];

const asked = process.env['SETUP_LAB'];
const chosen =
  asked === undefined
    ? COMBINATIONS.slice(0, 1)
    : COMBINATIONS.filter(({ name }) => asked === 'wide' || asked.split(',').includes(name));

for (const combination of chosen) {
  test(combination.name, () => goThrough(combination));
}
