/** Carries out what the arbiter wants done, in order. Sockets and the log are behind ports; nothing is decided here. */

import type { Effect } from '../arbiter/effects.ts';
import type { ArbiterEvent, ClientId } from '../arbiter/events.ts';
import type { Report } from '../arbiter/reports.ts';
import { assertNever } from '../protocol/assert-never.ts';
import type { RecordStore } from './records.ts';

/** A connection as effects see it. `Link` is the real one. */
export interface LinkPort {
  /** False if the frame was dropped because too many messages wait. */
  send(frame: Uint8Array): boolean;
  startTls(alreadyRead: Uint8Array): void;
  flush(): void;
  pauseReading(): void;
  resumeReading(): void;
  close(): void;
}

export interface EffectPorts {
  /** The open connections. One that an effect closes is taken out: nothing is sent to it or heard of it any more. */
  readonly links: Map<ClientId, LinkPort>;
  report(report: Report): void;
  /** Told of the client that has to go because a message it caused found a full queue. */
  overflowed(blame: ClientId, to: ClientId): void;
  readonly records: RecordStore;
  /** An effect that takes time has ended: to be handled after the event that is being handled. */
  later(event: ArbiterEvent): void;
}

type RecordEffect = Extract<Effect, { kind: 'record' | 'forgetRecord' }>;

export function runEffects(effects: readonly Effect[], ports: EffectPorts): void {
  const written: LinkPort[] = [];
  const reports: Report[] = [];
  const recordEffects: RecordEffect[] = [];
  for (const effect of effects) {
    switch (effect.kind) {
      case 'send': {
        const link = ports.links.get(effect.to);
        if (link === undefined) break;
        if (!link.send(effect.bytes)) ports.overflowed(effect.blame, effect.to);
        else if (!written.includes(link)) written.push(link);
        break;
      }
      case 'startTls':
        ports.links.get(effect.on)?.startTls(effect.alreadyRead);
        break;
      case 'close': {
        const link = ports.links.get(effect.on);
        ports.links.delete(effect.on);
        link?.close();
        break;
      }
      case 'pauseReading':
        ports.links.get(effect.on)?.pauseReading();
        break;
      case 'resumeReading':
        ports.links.get(effect.on)?.resumeReading();
        break;
      case 'record':
      case 'forgetRecord':
        recordEffects.push(effect);
        break;
      case 'report':
        reports.push(effect.report);
        break;
      default:
        assertNever(effect);
    }
  }
  for (const link of written) link.flush();
  // Nothing that is sent here waits for the record: what does is an effect of the event that tells of its end.
  for (const effect of recordEffects) runRecordEffect(effect, ports);
  // The log comes last: nodes wait for their votes.
  for (const report of reports) ports.report(report);
}

function runRecordEffect(effect: RecordEffect, { records, later }: EffectPorts): void {
  const { cluster } = effect;
  if (effect.kind === 'forgetRecord') {
    records.remove(cluster);
    return;
  }
  const { version, grants } = effect;
  records.write(cluster, grants, (failure) => later({ kind: 'recorded', cluster, version, failure }));
}
