/**
 * The arbiter with a gate before it: looks at each event before the arbiter does and at its effects afterwards, and so
 * keeps count of who is a newcomer, who is a member and who left. What the gate turns away the arbiter never hears of;
 * what it sends away is to the arbiter a connection that broke.
 */

import { Admission, type AdmissionCounts, type Dismissal } from './admission.ts';
import type { AdmissionSettings } from './admission-settings.ts';
import { earlier } from './deadlines.ts';
import type { Effect } from './effects.ts';
import type { ArbiterEvent, ClientId } from './events.ts';

export interface GatedCore {
  handle(event: ArbiterEvent, nowMs: number): readonly Effect[];
  nextDeadlineMs(): number | undefined;
}

type StartTls = Extract<Effect, { readonly kind: 'startTls' }>;

const TOLD_AGAIN_AFTER_MS = 60_000;
const LEFT_BECAUSE = { deadline: 'it did not join in time', shed: 'others needed its place' } as const;

export class Gate {
  readonly #core: GatedCore;
  readonly #admission: Admission;
  /** Handshakes that have not begun. */
  readonly #held = new Map<ClientId, StartTls>();
  #untold = 0;
  #toldAtMs = Number.NEGATIVE_INFINITY;
  #effects: Effect[] = [];

  constructor(core: GatedCore, settings: AdmissionSettings) {
    this.#core = core;
    this.#admission = new Admission(settings);
  }

  handle(event: ArbiterEvent, nowMs: number): readonly Effect[] {
    this.#effects = [];
    if (event.kind === 'connected') this.#onConnected(event, nowMs);
    else this.#pass(event, nowMs);
    if (event.kind === 'secured') this.#admission.secured(event.client);
    if (event.kind === 'tick') this.#onTick(nowMs);
    for (const client of this.#admission.takeTurns(nowMs)) {
      const held = this.#held.get(client);
      this.#held.delete(client);
      if (held !== undefined) this.#effects.push(held);
    }
    return this.#effects;
  }

  nextDeadlineMs(): number | undefined {
    return earlier(this.#core.nextDeadlineMs(), this.#admission.nextDeadlineMs());
  }

  counts(nowMs: number): AdmissionCounts {
    return this.#admission.counts(nowMs);
  }

  #onConnected(event: ArbiterEvent & { readonly kind: 'connected' }, nowMs: number): void {
    const { client, address } = event;
    const verdict = this.#admission.admit(client, address, nowMs);
    if (!verdict.isAdmitted) {
      this.#tell(client, address, verdict.why, nowMs);
      this.#effects.push({ kind: 'close', on: client });
      return;
    }
    if (verdict.instead !== undefined) this.#dismiss(verdict.instead, 'shed', nowMs);
    this.#pass(event, nowMs);
  }

  #onTick(nowMs: number): void {
    for (const client of this.#admission.takeOverdue(nowMs)) this.#dismiss(client, 'deadline', nowMs);
  }

  #dismiss(client: ClientId, why: keyof typeof LEFT_BECAUSE, nowMs: number): void {
    this.#tell(client, undefined, why, nowMs);
    this.#effects.push({ kind: 'close', on: client });
    this.#pass({ kind: 'disconnected', client, reason: LEFT_BECAUSE[why] }, nowMs);
  }

  #pass(event: ArbiterEvent, nowMs: number): void {
    for (const effect of this.#core.handle(event, nowMs)) {
      if (effect.kind === 'startTls' && !this.#admission.wantsHandshake(effect.on, nowMs)) {
        // What comes meanwhile stays in the socket, for the handshake to read.
        this.#held.set(effect.on, effect);
        this.#effects.push({ kind: 'pauseReading', on: effect.on });
        continue;
      }
      if (effect.kind === 'report') {
        const { report } = effect;
        if (report.what === 'joined') this.#admission.joined(report.client);
        if (report.what === 'certificateRefused' || report.what === 'certificateRevoked') {
          this.#admission.failed(report.client);
        }
        if (report.what === 'left') this.#forget(report.client, nowMs);
      }
      this.#effects.push(effect);
      // Without a word of its own about it: a client over the arbiter's limit, or a cluster that failed.
      if (effect.kind === 'close') this.#forget(effect.on, nowMs);
    }
  }

  #forget(client: ClientId, nowMs: number): void {
    this.#held.delete(client);
    this.#admission.left(client, nowMs);
  }

  /** One line a minute stands for all: whoever is turned away can come as often as he likes. */
  #tell(client: ClientId, address: string | undefined, why: Dismissal, nowMs: number): void {
    this.#untold += 1;
    const isToldNow = nowMs - this.#toldAtMs >= TOLD_AGAIN_AFTER_MS;
    const dismissed = isToldNow ? this.#untold : undefined;
    if (isToldNow) {
      this.#untold = 0;
      this.#toldAtMs = nowMs;
    }
    this.#effects.push({
      kind: 'report',
      report: { what: 'dismissed', client, cluster: undefined, address, why, dismissed },
    });
  }
}
