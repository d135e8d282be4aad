/**
 * What a node says to the arbiter: the frames, and the numbers on them. The main counter runs on through reconnects;
 * PREINIT takes the current number without counting, every later request counts first. Heartbeats count for themselves,
 * from 1 on each connection.
 */

import { encodeMessage } from '../protocol/encode.ts';
import { DECISION_ALGORITHM, type Heuristics } from '../protocol/enums.ts';
import { SUPPORTED_MESSAGES } from '../protocol/messages.ts';
import { SUPPORTED_OPTIONS } from '../protocol/options.ts';
import type { NodeInfo, RingId } from '../protocol/values.ts';
import type { HeuristicsResult, QuorumNode } from './events.ts';
import { castBoundMs } from './heartbeat.ts';
import type { MemberSettings } from './settings.ts';

const bare = (nodeIds: readonly number[]): NodeInfo[] => nodeIds.map((nodeId) => ({ nodeId, dataCenterId: 0 }));

const ifDefined = (heuristics: HeuristicsResult) => (heuristics === 'undefined' ? {} : { heuristics });

export class Conversation {
  #seq = 1;
  #echoSeq = 0;

  /** The number of the last main request: PREINIT_REPLY and INIT_REPLY have to carry it. */
  get seq(): number {
    return this.#seq;
  }

  get echoSeq(): number {
    return this.#echoSeq;
  }

  preinit({ clusterName }: MemberSettings): Uint8Array {
    return encodeMessage('preinit', { msgSeqNumber: this.#seq, clusterName });
  }

  startTls(): Uint8Array {
    return encodeMessage('startTls', { msgSeqNumber: this.#next() });
  }

  init(settings: MemberSettings, ringId: RingId): Uint8Array {
    this.#echoSeq = 0;
    const boundMs = castBoundMs(settings);
    return encodeMessage('init', {
      msgSeqNumber: this.#next(),
      supportedMessages: SUPPORTED_MESSAGES,
      supportedOptions: SUPPORTED_OPTIONS,
      nodeId: settings.nodeId,
      decisionAlgorithm: DECISION_ALGORITHM[settings.algorithm],
      heartbeatIntervalMs: settings.heartbeatMs,
      tieBreaker: settings.tieBreaker,
      ringId,
      ...(boundMs === undefined ? {} : { castBoundMs: boundMs }),
    });
  }

  /** The times are said only when they differ from those of INIT. */
  setOption(keepActivePartition: boolean, changed: { heartbeatMs?: number; castBoundMs?: number } = {}): Uint8Array {
    const { heartbeatMs, castBoundMs: boundMs } = changed;
    return encodeMessage('setOption', {
      msgSeqNumber: this.#next(),
      ...(heartbeatMs === undefined ? {} : { heartbeatIntervalMs: heartbeatMs }),
      keepActivePartition: keepActivePartition ? 'enabled' : 'disabled',
      ...(boundMs === undefined ? {} : { castBoundMs: boundMs }),
    });
  }

  configList({ nodes, configVersion }: MemberSettings, kind: 'initialConfig' | 'changedConfig'): Uint8Array {
    return encodeMessage('nodeList', {
      msgSeqNumber: this.#next(),
      nodeListType: kind,
      ...(configVersion === undefined ? {} : { configVersion }),
      nodeInfo: nodes,
    });
  }

  membershipList(ringId: RingId, nodeIds: readonly number[], heuristics: HeuristicsResult): Uint8Array {
    return encodeMessage('nodeList', {
      msgSeqNumber: this.#next(),
      nodeListType: 'membership',
      ringId,
      nodeInfo: bare(nodeIds),
      ...ifDefined(heuristics),
    });
  }

  quorumList(quorate: boolean, nodes: readonly QuorumNode[]): Uint8Array {
    return encodeMessage('nodeList', {
      msgSeqNumber: this.#next(),
      nodeListType: 'quorum',
      quorate: quorate ? 'quorate' : 'inquorate',
      nodeInfo: nodes.map(({ nodeId, state }) => ({ nodeId, dataCenterId: 0, state })),
    });
  }

  heuristicsChange(heuristics: Heuristics): Uint8Array {
    return encodeMessage('heuristicsChange', { msgSeqNumber: this.#next(), heuristics });
  }

  echo(): Uint8Array {
    this.#echoSeq = (this.#echoSeq + 1) >>> 0;
    return encodeMessage('echoRequest', { msgSeqNumber: this.#echoSeq });
  }

  /** The last heartbeat before this node leaves: its vote is withdrawn, nobody has to wait for that. */
  farewell(): Uint8Array {
    this.#echoSeq = (this.#echoSeq + 1) >>> 0;
    return encodeMessage('echoRequest', { msgSeqNumber: this.#echoSeq, voteWithdrawn: 1 });
  }

  confirmVote(msgSeqNumber: number): Uint8Array {
    return encodeMessage('voteInfoReply', { msgSeqNumber });
  }

  #next(): number {
    this.#seq = (this.#seq + 1) >>> 0;
    return this.#seq;
  }
}
