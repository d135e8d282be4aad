/**
 * What the log says of the core's reports: one line per change of state, a short constant message with the facts as
 * fields. An attempt that fails like the one before it is no change, however often it is made.
 */

import { DISCONNECT } from '../member/disconnect-reasons.ts';
import type { MemberReport, VoteCause } from '../member/effects.ts';
import { assertNever } from '../protocol/assert-never.ts';
import { type RingId, ringText } from '../protocol/values.ts';
import type { Level, LogSink } from '../runtime/log-aside.ts';

export type { LogSink };

type Fields = Readonly<Record<string, unknown>>;

interface LogLine {
  readonly level: Level;
  readonly message: string;
  readonly fields: Fields;
}

const CAUSE: Readonly<Record<VoteCause, string>> = {
  arbiter: 'decided by the arbiter',
  notConnected: 'no connection to the arbiter',
  newMembership: 'the arbiter has not judged the new membership yet',
  noAnswer: 'the arbiter did not decide in time',
  stopping: 'this daemon stops',
};

export class ReportLog {
  readonly #sink: LogSink;
  /** What the last attempt failed of; undefined after one that succeeded. */
  #failure: string | undefined;
  #repeats = 0;
  /** What heuristics failed of last; undefined after a run that passed. */
  #heuristicsFailure: string | undefined;

  constructor(sink: LogSink) {
    this.#sink = sink;
  }

  report(report: MemberReport): void {
    const { level, message, fields } = lineOf(report);
    this.#sink[this.#isRepeat(report) ? 'debug' : level](this.#withRepeats(report, fields), message);
    if (report.what === 'heuristics' && report.result !== 'fail') this.#heuristicsFailure = undefined;
    if (report.what === 'accepted') {
      this.#failure = undefined;
      this.#repeats = 0;
    }
  }

  /** A periodic run that fails like the one before it is no news either. */
  heuristicsFailed(command: string, reason: string): void {
    const failure = `${command} ${reason}`;
    this.#sink[failure === this.#heuristicsFailure ? 'debug' : 'warn']({ command, reason }, 'heuristics failed');
    this.#heuristicsFailure = failure;
  }

  #isRepeat(report: MemberReport): boolean {
    if (report.what === 'connecting') return this.#failure !== undefined;
    if (report.what !== 'disconnected') return false;
    // Times and clocks differ each time.
    const failure = `${report.reason} ${report.detail.replace(/\d+/g, '#')}`;
    const isRepeat = failure === this.#failure;
    this.#repeats = isRepeat ? this.#repeats + 1 : 0;
    this.#failure = failure;
    return isRepeat;
  }

  #withRepeats(report: MemberReport, fields: Fields): Fields {
    return report.what === 'accepted' && this.#repeats > 0 ? { ...fields, repeats: this.#repeats } : fields;
  }
}

function lineOf(report: MemberReport): LogLine {
  switch (report.what) {
    case 'connecting':
      return { level: 'info', message: 'connecting to the arbiter', fields: {} };
    case 'accepted':
      return { level: 'info', message: 'the arbiter accepted this node', fields: {} };
    case 'disconnected':
      return disconnectedLine(report);
    case 'vote': {
      const { vote, cause } = report;
      // Waiting for a word is no vote yet.
      const level = vote === 'ack' || vote === 'nack' ? 'info' : 'debug';
      return { level, message: 'vote', fields: { vote, cause: CAUSE[cause], ring: ringOrNone(report.ringId) } };
    }
    case 'staleVote': {
      const fields = { vote: report.vote, ring: ringOrNone(report.ringId) };
      return { level: 'debug', message: 'vote for another ring than the last one sent, not followed', fields };
    }
    case 'membership': {
      const fields = { ring: ringOrNone(report.ringId), members: report.nodeIds };
      return { level: 'info', message: 'new membership', fields };
    }
    case 'heuristics':
      return {
        level: report.result === 'fail' ? 'error' : report.result === 'pass' ? 'info' : 'debug',
        message: 'heuristics result changed',
        fields: { result: report.result },
      };
    case 'noAnswer': {
      const fields = { waitedMs: Math.round(report.waitedMs) };
      return { level: 'warn', message: 'the arbiter did not decide in time, the vote is withheld', fields };
    }
    default:
      return assertNever(report);
  }
}

function disconnectedLine({ reason, detail, retryInMs }: MemberReport & { readonly what: 'disconnected' }): LogLine {
  const { text, retry } = DISCONNECT[reason];
  const level = reason === 'stopped' || reason === 'settingsChanged' ? 'info' : retry ? 'warn' : 'error';
  const fields = {
    reason: text,
    ...(detail === '' ? {} : { detail }),
    ...(retryInMs === undefined ? {} : { retryInMs }),
  };
  return { level, message: retry ? 'not connected to the arbiter' : 'this daemon ends', fields };
}

function ringOrNone(ringId: RingId | undefined): string | undefined {
  return ringId && ringText(ringId);
}
