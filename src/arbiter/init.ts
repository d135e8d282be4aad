/**
 * INIT: every check runs, in upstream's order, and some overwrite what an earlier one found; peers can see that, so it
 * is kept. Unlike upstream nothing of a refused INIT is remembered by a node that is a member already.
 */

import { DECISION_ALGORITHM, type DecisionAlgorithm, type ReplyCode } from '../protocol/enums.ts';
import type { OptionValues } from '../protocol/options.ts';
import type { TieBreaker } from '../protocol/values.ts';
import { type Cluster, type Member, newMember } from './cluster.ts';
import { isHeartbeatAllowed, type Session } from './session.ts';
import type { ArbiterSettings } from './settings.ts';

export interface InitVerdict {
  readonly code: ReplyCode;
  /** The interval, if it is a legal one: it sets dead-peer detection even where INIT fails for another reason. */
  readonly heartbeatMs: number | undefined;
  /** Present exactly if the code is noError. */
  readonly member: Member | undefined;
}

/** `cluster`: the one that the session is a member of, else the one it names, else undefined. */
export function judgeInit(
  session: Session,
  options: OptionValues,
  cluster: Cluster | undefined,
  settings: ArbiterSettings,
): InitVerdict {
  const heartbeatMs = options.heartbeatIntervalMs ?? 0;
  const legalMs = isHeartbeatAllowed(heartbeatMs, settings) ? heartbeatMs : undefined;
  const refused = (code: ReplyCode): InitVerdict => ({ code, heartbeatMs: legalMs, member: undefined });

  let code = missingBeforeHeartbeat(session, options);
  if (options.heartbeatIntervalMs === undefined && code === undefined) code = 'missingRequiredOption';
  else if (legalMs === undefined) code = 'invalidHeartbeatInterval';
  if (options.tieBreaker === undefined) code ??= 'missingRequiredOption';
  const algorithm = algorithmOf(options.decisionAlgorithm ?? 0);
  if (options.decisionAlgorithm === undefined && code === undefined) code = 'missingRequiredOption';
  else if (algorithm === undefined) code = 'unsupportedDecisionAlgorithm';

  const { nodeId, ringId, tieBreaker } = options;
  if (code !== undefined) return refused(code);
  if (nodeId === undefined || ringId === undefined || tieBreaker === undefined || algorithm === undefined) {
    return refused('missingRequiredOption');
  }
  const conflict = conflictWith(cluster, session, { nodeId, tieBreaker, algorithm });
  if (conflict !== undefined) return refused(conflict);
  const { clusterNodesMax } = settings;
  const isFull = clusterNodesMax !== 0 && (cluster?.members.length ?? 0) >= clusterNodesMax;
  if (isFull) return refused('internalError');
  const member = newMember({
    client: session.client,
    nodeId,
    algorithm,
    tieBreaker,
    heartbeatMs,
    castBoundMs: options.castBoundMs,
    keepActivePartition: settings.keepActivePartition,
    ringId,
  });
  return { code: 'noError', heartbeatMs: legalMs, member };
}

function missingBeforeHeartbeat(session: Session, options: OptionValues): ReplyCode | undefined {
  if (session.clusterName === undefined) return 'preinitRequired';
  if (options.nodeId === undefined || options.ringId === undefined) return 'missingRequiredOption';
  return undefined;
}

const ALGORITHM_OF_CODE = new Map<number, DecisionAlgorithm>();
let algorithmName: DecisionAlgorithm;
for (algorithmName in DECISION_ALGORITHM) ALGORITHM_OF_CODE.set(DECISION_ALGORITHM[algorithmName], algorithmName);

const algorithmOf = (code: number): DecisionAlgorithm | undefined => ALGORITHM_OF_CODE.get(code);

/** Held against each node of the cluster in ascending order of id; the first that objects names the code. */
function conflictWith(
  cluster: Cluster | undefined,
  session: Session,
  wanted: Pick<Member, 'nodeId' | 'tieBreaker' | 'algorithm'>,
): ReplyCode | undefined {
  for (const member of cluster?.members ?? []) {
    // A second INIT meets the node itself: that it is connected already is all there is to say.
    if (member.client === session.client) return 'duplicateNodeId';
    if (differs(member.tieBreaker, wanted.tieBreaker)) return 'tieBreakerDiffers';
    if (member.algorithm !== wanted.algorithm) return 'algorithmDiffers';
    if (member.nodeId === wanted.nodeId) return 'duplicateNodeId';
  }
  return undefined;
}

function differs(a: TieBreaker, b: TieBreaker): boolean {
  return a.mode !== b.mode || (a.mode === 'nodeId' && b.mode === 'nodeId' && a.nodeId !== b.nodeId);
}
