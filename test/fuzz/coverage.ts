/**
 * Which blocks of our own code have ever run, by V8's own counting. Taking the counts costs milliseconds, however little has run, so it
 * is done for many inputs at once, and again one by one only where something new was among them.
 */
import { type Profiler, Session } from 'node:inspector';

/** The code under test; what the harness itself runs through is no news. */
const OURS = new URL('../../src/', import.meta.url).href;

/** Which characters of one function have run: as many flags as it is long. */
type Painted = Uint8Array;

export class Coverage {
  readonly #session = new Session();
  readonly #painted = new Map<string, Painted>();
  #reached = 0;

  start(): void {
    this.#session.connect();
    this.#session.post('Profiler.enable');
    this.#session.post('Profiler.startPreciseCoverage', { callCount: true, detailed: true });
  }

  /** Characters of our source that have run. */
  get reached(): number {
    return this.#reached;
  }

  /** Has something run for the first time since the last call? With `keep` it is none the next time. */
  take(keep: boolean): boolean {
    let isNew = false;
    this.#session.post('Profiler.takePreciseCoverage', (error, { result }) => {
      if (error !== null) throw error;
      for (const { url, functions } of result) {
        if (!url.startsWith(OURS)) continue;
        for (const { ranges } of functions) isNew = this.#paint(url, ranges, keep) || isNew;
      }
    });
    return isNew;
  }

  stop(): void {
    this.#session.disconnect();
  }

  /** The first range is the whole function, each one behind it lies inside an earlier one and outweighs it. */
  #paint(url: string, ranges: readonly Profiler.CoverageRange[], keep: boolean): boolean {
    const [whole] = ranges;
    if (whole === undefined || whole.count === 0) return false;
    const key = `${url}:${whole.startOffset}`;
    const ran = new Uint8Array(whole.endOffset - whole.startOffset);
    for (const { count, startOffset, endOffset } of ranges) {
      ran.fill(count > 0 ? 1 : 0, startOffset - whole.startOffset, endOffset - whole.startOffset);
    }
    const before = this.#painted.get(key) ?? new Uint8Array(ran.length);
    const fresh = ran.reduce((sum, flag, at) => sum + (flag === 1 && before[at] === 0 ? 1 : 0), 0);
    if (keep && fresh > 0) {
      this.#painted.set(
        key,
        before.map((flag, at) => flag | (ran[at] ?? 0)),
      );
      this.#reached += fresh;
    }
    return fresh > 0;
  }
}
