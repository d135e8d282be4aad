/**
 * Which node's half goes with which algorithm. By default no vote outlives the arbiter's word, whatever the algorithm: a
 * vote that a node keeps while it cannot be reached is one that the arbiter cannot give to anybody else, or gives twice.
 * In a cluster that is whole this costs nothing, for its nodes are quorate by themselves; a last man who loses the
 * arbiter as well stops. What an algorithm makes of errors stays its own in either case: that is no question of votes.
 */

import type { DecisionAlgorithm } from '../../protocol/enums.ts';
import type { VoteSafety } from '../settings.ts';
import type { MemberAlgorithm } from './algorithm.ts';
import { ffsplit } from './ffsplit.ts';
import { keeping } from './keeping.ts';
import { lms } from './lms.ts';

export function memberAlgorithm(name: DecisionAlgorithm, voteSafety: VoteSafety, waitForAll: boolean): MemberAlgorithm {
  const upstream = upstreamAlgorithm(name, waitForAll);
  if (voteSafety === 'upstream') return upstream;
  return { ...ffsplit, staysAfterErrors: upstream.staysAfterErrors };
}

function upstreamAlgorithm(name: DecisionAlgorithm, waitForAll: boolean): MemberAlgorithm {
  switch (name) {
    case 'ffsplit':
      return ffsplit;
    case 'lms':
      return lms(waitForAll);
    case 'twoNodeLms':
    case 'test':
      return keeping;
  }
}
