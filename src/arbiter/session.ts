/**
 * One connection before and after its node is known: what a message may do in which state, and the checks that come
 * before its content is looked at. Source: corosync-qnetd 3.0.3 as driven over the wire.
 */

import type { ReplyCode } from '../protocol/enums.ts';
import { MESSAGES, type MessageName } from '../protocol/messages.ts';
import type { ByteString } from '../protocol/values.ts';
import { certificateNamesCluster } from './certificate-name.ts';
import type { ClientId, PeerCertificate } from './events.ts';
import type { ArbiterSettings } from './settings.ts';

export interface Session {
  readonly client: ClientId;
  readonly address: string;
  readonly connectedAtMs: number;
  /** From the last PREINIT; undefined before the first. */
  readonly clusterName: ByteString | undefined;
  /** starting: the handshake runs, nothing can be read. */
  readonly tls: 'clear' | 'starting' | 'active';
  readonly certificate: PeerCertificate | undefined;
  /** The certificate has been found to name this cluster. */
  readonly verifiedFor: ByteString | undefined;
  readonly heartbeatMs: number;
  /** The cluster whose member it is since INIT; it stays there whatever later PREINITs say. */
  readonly cluster: ByteString | undefined;
}

/** Before INIT says otherwise a peer has this long, whatever the configured maximum. */
export const HEARTBEAT_MS_BEFORE_INIT = 120_000;

export function newSession(client: ClientId, address: string, nowMs: number): Session {
  return {
    client,
    address,
    connectedAtMs: nowMs,
    clusterName: undefined,
    tls: 'clear',
    certificate: undefined,
    verifiedFor: undefined,
    heartbeatMs: HEARTBEAT_MS_BEFORE_INIT,
    cluster: undefined,
  };
}

/** What has to have happened before a message means anything. INIT judges a missing PREINIT itself. */
const NEEDS: Partial<Record<MessageName, 'preinit' | 'init'>> = {
  startTls: 'preinit',
  setOption: 'init',
  echoRequest: 'init',
  nodeList: 'init',
  askForVote: 'init',
  voteInfoReply: 'init',
  heuristicsChange: 'init',
};

/** Said in the clear by everybody: it leads to TLS, or is refused whoever says it. */
const NEVER_TLS_CHECKED: ReadonlySet<MessageName> = new Set<MessageName>(['preinit', 'startTls']);

export type Verdict =
  | { readonly kind: 'pass'; readonly session: Session }
  | { readonly kind: 'refuse'; readonly code: ReplyCode }
  | { readonly kind: 'closeForCertificate' };

export function judge(session: Session, name: MessageName, settings: ArbiterSettings): Verdict {
  if (MESSAGES[name].from === 'server') return { kind: 'refuse', code: 'unexpectedMessage' };
  const checked = NEVER_TLS_CHECKED.has(name) ? pass(session) : checkTls(session, settings);
  if (checked.kind !== 'pass') return checked;
  const needed = NEEDS[name];
  if (needed === 'preinit' && session.clusterName === undefined) return { kind: 'refuse', code: 'preinitRequired' };
  if (needed === 'init' && session.cluster === undefined) return { kind: 'refuse', code: 'initRequired' };
  return checked;
}

const pass = (session: Session): Verdict => ({ kind: 'pass', session });

/**
 * With TLS merely supported a client that stays in the clear is asked for nothing, as upstream has it. Unlike upstream a
 * certificate counts for the name it was checked against and for no other; a member has passed and is not asked again.
 */
function checkTls(session: Session, settings: ArbiterSettings): Verdict {
  if (settings.tls === 'unsupported') return pass(session);
  if (session.tls !== 'active') {
    return settings.tls === 'required' ? { kind: 'refuse', code: 'tlsRequired' } : pass(session);
  }
  const { certificate, clusterName, verifiedFor } = session;
  if (!settings.clientCertRequired || session.cluster !== undefined) return pass(session);
  if (verifiedFor !== undefined && verifiedFor === clusterName) return pass(session);
  if (certificate === undefined || !certificateNamesCluster(certificate, clusterName ?? '')) {
    return { kind: 'closeForCertificate' };
  }
  return pass({ ...session, verifiedFor: clusterName });
}

/** The longest that upstream's timers reach; an interval beyond is refused like one out of range. */
const TIMER_MS_MAX = 18_000_000;

/** How long a client may be silent, undefined if no timer of upstream's could be set to it. */
export function deadPeerMs(heartbeatMs: number, settings: ArbiterSettings): number | undefined {
  const silenceMs = Math.trunc(settings.deadPeerHeartbeats * heartbeatMs);
  return silenceMs >= 1 && silenceMs <= TIMER_MS_MAX ? silenceMs : undefined;
}

/** Whether a client may announce this interval at INIT or by SET_OPTION. */
export function isHeartbeatAllowed(heartbeatMs: number, settings: ArbiterSettings): boolean {
  if (heartbeatMs < settings.heartbeatMsMin || heartbeatMs > settings.heartbeatMsMax) return false;
  return !settings.deadPeerDetection || deadPeerMs(heartbeatMs, settings) !== undefined;
}
