/** Carries out what the node's core wants done, in order. The world is behind ports; nothing is decided here. */

import type { Effect, MemberReport } from '../member/effects.ts';
import type { LinkId } from '../member/events.ts';
import { assertNever } from '../protocol/assert-never.ts';
import type { RingId } from '../protocol/values.ts';

/** A connection as effects see it. `ArbiterLink` is the real one. */
export interface LinkPort {
  send(frame: Uint8Array): void;
  startTls(alreadyRead: Uint8Array): void;
  flush(): void;
  close(): void;
}

export interface EffectPorts {
  /** The attempts under way. One that an effect closes is taken out: nothing is sent to it or heard of it any more. */
  readonly links: Map<LinkId, LinkPort>;
  connect(link: LinkId): LinkPort;
  /** False: corosync did not take it, which is harmless. Throws if it refused for any other reason. */
  castVote(ringId: RingId, cast: boolean): boolean;
  runHeuristics(run: number, timeoutMs: number): void;
  abandonHeuristics(run: number): void;
  report(report: MemberReport): void;
  exit(code: 0 | 1): void;
}

/**
 * Returns why a vote could not be cast, which ends the list: whatever follows was to happen with that vote in place.
 * Only where the process ends anyway the rest is still carried out.
 */
export function runEffects(effects: readonly Effect[], ports: EffectPorts): string | undefined {
  const leaving = effects.some(({ kind }) => kind === 'exit');
  const written = new Set<LinkPort>();
  const reports: MemberReport[] = [];
  const failure = runInOrder(effects, ports, { leaving, written, reports });
  if (failure === undefined) for (const link of written) link.flush();
  // The log comes last: the arbiter and corosync wait, and other nodes with them.
  for (const report of reports) ports.report(report);
  if (failure === undefined) runExit(effects, ports);
  return failure;
}

interface Running {
  readonly leaving: boolean;
  readonly written: Set<LinkPort>;
  readonly reports: MemberReport[];
}

function runInOrder(effects: readonly Effect[], ports: EffectPorts, running: Running): string | undefined {
  let taken = false;
  for (const effect of effects) {
    if (effect.kind === 'report') running.reports.push(effect.report);
    else if (effect.kind === 'castVote') {
      // Corosync comes first: what was said to the arbiter before waits in a queue until the list is through.
      const result = castVote(effect, ports);
      taken = result === true;
      if (typeof result === 'string' && !running.leaving) return result;
    } else if (effect.kind !== 'exit' && (effect.kind !== 'send' || effect.ifCast !== true || taken)) {
      runEffect(effect, ports, running.written);
    }
  }
  return undefined;
}

function runExit(effects: readonly Effect[], ports: EffectPorts): void {
  for (const effect of effects) if (effect.kind === 'exit') ports.exit(effect.code);
}

function castVote({ ringId, cast }: Extract<Effect, { kind: 'castVote' }>, ports: EffectPorts): boolean | string {
  try {
    return ports.castVote(ringId, cast);
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  }
}

function runEffect(
  effect: Exclude<Effect, { kind: 'castVote' | 'report' | 'exit' }>,
  ports: EffectPorts,
  written: Set<LinkPort>,
): void {
  switch (effect.kind) {
    case 'connect':
      ports.links.set(effect.link, ports.connect(effect.link));
      break;
    case 'send': {
      const link = ports.links.get(effect.link);
      link?.send(effect.bytes);
      if (link !== undefined) written.add(link);
      break;
    }
    case 'startTls':
      ports.links.get(effect.link)?.startTls(effect.alreadyRead);
      break;
    case 'close': {
      const link = ports.links.get(effect.link);
      ports.links.delete(effect.link);
      link?.close();
      break;
    }
    case 'runHeuristics':
      ports.runHeuristics(effect.run, effect.timeoutMs);
      break;
    case 'abandonHeuristics':
      ports.abandonHeuristics(effect.run);
      break;
    default:
      assertNever(effect);
  }
}
