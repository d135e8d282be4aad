/** What a node says, as options of its messages. */
import type { OptionValues } from '../../src/protocol/options.ts';

export function initOptions(nodeId: number, heartbeatIntervalMs = 10_000): OptionValues {
  return {
    msgSeqNumber: 3,
    nodeId,
    decisionAlgorithm: 1,
    heartbeatIntervalMs,
    tieBreaker: { mode: 'lowest' },
    ringId: { nodeId: 1, seq: 5n },
    supportedMessages: [],
    supportedOptions: [],
  };
}
