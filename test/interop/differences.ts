/**
 * Where ours is meant to differ from Debian's corosync-qnetd 3.0.3, each with its reason. The scripts hold what ours
 * does; `upstream` says what theirs does instead. What needs TLS to be seen is in differences.debian.test.ts itself.
 */
import { allCases, killsUpstream } from '../scenarios/files.ts';
import type { Case } from '../scenarios/script.ts';
import { parseScript } from '../scenarios/script.ts';

export interface Difference {
  readonly reason: string;
  readonly scenario: Case;
  /** The outcome of the commands that differ, or the signal that ends the daemon. */
  readonly upstream: Readonly<Record<string, readonly string[]>> | 'SIGSEGV';
}

function onlyCase(script: string): Case {
  const [scenario, ...others] = parseScript('differences.ts', script);
  if (scenario === undefined || others.length > 0) throw new Error('a difference is one case');
  return scenario;
}

const OK: readonly string[] = ['1 <- init: ok'];

export const DIFFERENCES: readonly Difference[] = [
  {
    reason: 'a refused second INIT changes nothing; upstream has overwritten node id, ring and algorithm by then',
    scenario: onlyCase(`
== a second INIT with other values
cluster nodes=1,2
1 init 1.4
    1 <- init: ok
1 config
    1 <- config: ask-later 1.4
1 init 9.9 node-id=9
    1 <- init: duplicate-node-id (17)
1 quorum
    1 <- quorum: no-change 1.4
list
    connected: 1
1 init 1.4 algorithm=test
    1 <- init: duplicate-node-id (17)
1 ask-for-vote
    1 <- error: unsupported-decision-algorithm-message (14)
`),
    upstream: {
      '1 quorum': ['1 <- quorum: no-change 9.9'],
      list: ['connected: 9'],
      '1 ask-for-vote': ['1 <- ask-for-vote: ack 1.4'],
    },
  },
  {
    reason: 'a node is in one cluster; upstream lets it join a second one and later loops or dies of it',
    scenario: onlyCase(`
== a second INIT under another cluster name
cluster nodes=1,2
1 init 1.4
    1 <- init: ok
1 preinit other
    1 <- preinit: TLS unsupported, certificate required
1 init 1.4
    1 <- init: duplicate-node-id (17)
`),
    // The command stands twice and is accepted twice.
    upstream: { '1 init 1.4': OK },
  },
  ...allCases()
    .filter(killsUpstream)
    .map((scenario) => ({
      reason: 'upstream dies when only nodes without a configuration are left; ours has no preferred half then',
      scenario,
      upstream: 'SIGSEGV' as const,
    })),
];
