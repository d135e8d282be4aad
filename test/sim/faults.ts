/** What can happen to a simulated cluster, drawn from a seed as a list: the list is the script, and it can be shrunk. */
import type { Chance } from '../../src/demo/random.ts';
import type { Side } from './network.ts';

export type Fault =
  | { readonly do: 'split'; readonly islands: readonly (readonly number[])[] }
  | { readonly do: 'heal' }
  | { readonly do: 'cutLink' | 'healLink'; readonly node: number; readonly sides: readonly Side[] }
  | { readonly do: 'slowLink'; readonly node: number; readonly latencyMs: number }
  /** Each of these links is stuck for its own time. */
  | { readonly do: 'swizzleClog'; readonly links: readonly { readonly node: number; readonly forMs: number }[] }
  /** This one connection gets nothing through any more; a new one would. */
  | { readonly do: 'halfOpen' | 'reset'; readonly node: number }
  /** Its daemon ends and comes back at once; the arbiter hears nothing of the old connection any more. */
  | { readonly do: 'orphan'; readonly node: number; readonly backAfterMs: number }
  | { readonly do: 'freezeDaemon'; readonly node: number; readonly forMs: number; readonly timersFirst: boolean }
  | { readonly do: 'killDaemon'; readonly node: number; readonly backAfterMs: number }
  | { readonly do: 'stopDaemon'; readonly node: number; readonly backAfterMs: number }
  | { readonly do: 'powerOff' | 'reboot'; readonly node: number; readonly backAfterMs: number }
  | { readonly do: 'heuristics'; readonly node: number; readonly result: 'pass' | 'fail' }
  | { readonly do: 'configuration'; readonly extraNodes: number; readonly lateMs: number }
  | {
      readonly do: 'freezeArbiter';
      readonly forMs: number;
      readonly timersFirst: boolean;
      readonly clockStops: boolean;
    }
  | {
      readonly do: 'killArbiter' | 'stopArbiter' | 'powerOffArbiter';
      readonly backAfterMs: number;
      readonly losesRecord: boolean;
    };

export interface FaultAt {
  readonly atMs: number;
  readonly fault: Fault;
}

const KINDS: readonly Fault['do'][] = [
  'split',
  'heal',
  'cutLink',
  'healLink',
  'slowLink',
  'swizzleClog',
  'halfOpen',
  'reset',
  'orphan',
  'reboot',
  'freezeDaemon',
  'killDaemon',
  'stopDaemon',
  'powerOff',
  'heuristics',
  'configuration',
  'freezeArbiter',
  'killArbiter',
  'stopArbiter',
  'powerOffArbiter',
];

export interface FaultWishes {
  readonly nodeIds: readonly number[];
  readonly untilMs: number;
  /** Whether the configuration may change: 2nodelms refuses any but one of two nodes. */
  readonly reconfigures: boolean;
}

/** Each run favours some kinds: a world in which everything happens alike is one world. */
export function drawFaults(chance: Chance, { nodeIds, untilMs, reconfigures }: FaultWishes): FaultAt[] {
  const possible = KINDS.filter((kind) => reconfigures || kind !== 'configuration');
  const favoured = chance.shuffled(possible).slice(0, 3 + chance.below(6));
  const kinds: Fault['do'][] = [...favoured, 'split', 'split', 'heal'];
  const gapMs = chance.oneOf([3_000, 8_000, 15_000, 30_000, 60_000]);
  const faults: FaultAt[] = [];
  let atMs = 20_000;
  while (atMs < untilMs) {
    faults.push({ atMs, fault: drawFault(chance, chance.oneOf(kinds), nodeIds) });
    // Bursts: half of the faults come right after the one before.
    atMs += chance.below(2) === 0 ? chance.below(2_500) : chance.below(2 * gapMs);
  }
  return faults;
}

function drawFault(chance: Chance, kind: Fault['do'], nodeIds: readonly number[]): Fault {
  const node = chance.oneOf(nodeIds);
  const sides = chance.oneOf<readonly Side[]>([['node'], ['arbiter'], ['node', 'arbiter'], ['node', 'arbiter']]);
  const forMs = drawDuration(chance);
  const timersFirst = chance.below(2) === 0;
  switch (kind) {
    case 'split':
      return { do: 'split', islands: drawIslands(chance, nodeIds) };
    case 'heal':
      return { do: 'heal' };
    case 'cutLink':
    case 'healLink':
      return { do: kind, node, sides };
    case 'slowLink':
      return { do: 'slowLink', node, latencyMs: chance.oneOf([1, 1, 40, 300, 1_500]) };
    case 'swizzleClog':
      return {
        do: 'swizzleClog',
        links: chance
          .shuffled(nodeIds)
          .slice(0, 1 + chance.below(nodeIds.length))
          .map((each) => ({ node: each, forMs: drawDuration(chance) })),
      };
    case 'halfOpen':
    case 'reset':
      return { do: kind, node };
    case 'freezeDaemon':
      return { do: kind, node, forMs, timersFirst };
    case 'killDaemon':
    case 'stopDaemon':
    case 'powerOff':
      return { do: kind, node, backAfterMs: forMs };
    case 'orphan':
    case 'reboot':
      return { do: kind, node, backAfterMs: chance.below(3_000) };
    case 'heuristics':
      return { do: kind, node, result: chance.oneOf(['pass', 'fail']) };
    case 'configuration':
      return { do: kind, extraNodes: chance.below(3), lateMs: chance.oneOf([50, 5_000]) };
    case 'freezeArbiter':
      return { do: kind, forMs, timersFirst, clockStops: chance.below(3) === 0 };
    case 'killArbiter':
    case 'stopArbiter':
    case 'powerOffArbiter':
      return { do: kind, backAfterMs: drawDuration(chance), losesRecord: chance.below(4) === 0 };
  }
}

/** From a blink to longer than any timeout. */
const drawDuration = (chance: Chance): number => chance.below(chance.oneOf([300, 3_000, 9_000, 20_000, 60_000]));

export function drawIslands(chance: Chance, nodeIds: readonly number[]): number[][] {
  const islands: number[][] = [];
  const count = chance.oneOf([2, 2, 2, 3]);
  for (const nodeId of nodeIds) {
    const at = chance.below(count);
    const island = islands[at] ?? [];
    island.push(nodeId);
    islands[at] = island;
  }
  return islands.filter((island) => island !== undefined);
}

const second = (ms: number): string => `${(ms / 1000).toFixed(3)} s`;

export function faultInWords({ atMs, fault }: FaultAt): string {
  const { do: kind, ...rest } = fault;
  const words = Object.entries(rest).map(([name, value]) => `${name}=${JSON.stringify(value)}`);
  return [second(atMs).padStart(12), kind, ...words].join(' ');
}
