/** The node's halves of the decision algorithms that this daemon knows. */
import type { MemberAlgorithm } from '../member/algorithms/algorithm.ts';
import { ffsplit } from '../member/algorithms/ffsplit.ts';
import type { DecisionAlgorithm } from '../protocol/enums.ts';
import { OperatorError } from '../runtime/errors.ts';

const ALGORITHMS: Readonly<Partial<Record<DecisionAlgorithm, MemberAlgorithm>>> = { ffsplit };

export function requireAlgorithm(name: DecisionAlgorithm): MemberAlgorithm {
  const algorithm = ALGORITHMS[name];
  if (algorithm !== undefined) return algorithm;
  const known = Object.keys(ALGORITHMS).join(', ');
  throw new OperatorError(
    `This daemon does not know the algorithm ${name} yet.`,
    `Set quorum.device.net.algorithm to one of: ${known}.`,
  );
}
