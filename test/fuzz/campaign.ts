/** The search in one target: inputs that ran code no other had run are kept, and new ones are made from them. */
import { Chance } from '../../src/demo/random.ts';
import type { Coverage } from './coverage.ts';
import { findsOf, writeFind } from './finds.ts';
import { edited } from './mutate.ts';
import type { FuzzTarget } from './target.ts';
import type { Watchdog } from './watchdog.ts';

const EDITS_MAX = 8;
/** So many inputs that taking their coverage costs less than running them. */
const BATCH_MS = 200;
const SHRINK_TRIES_MAX = 2000;
/** What comes behind tells of this input alone. */
const MESSAGE_LENGTH_MAX = 40;
/** A reader that fails everywhere has told enough. */
const FINDS_MAX = 20;

export class Campaign {
  readonly target: FuzzTarget;
  calls = 0;
  spentMs = 0;
  slowestMs = 0;
  readonly finds = new Map<string, string>();
  readonly #corpus: Uint8Array[] = [];
  readonly #chance: Chance;
  readonly #coverage: Coverage;
  readonly #watchdog: Watchdog;

  constructor(target: FuzzTarget, seed: number, coverage: Coverage, watchdog: Watchdog) {
    this.target = target;
    this.#chance = new Chance(seed);
    this.#coverage = coverage;
    this.#watchdog = watchdog;
  }

  get kept(): number {
    return this.#corpus.length;
  }

  async search(ms: number): Promise<void> {
    const startMs = performance.now();
    if (this.#corpus.length === 0) await this.#begin();
    while (performance.now() < startMs + ms && this.finds.size < FINDS_MAX) await this.#batch();
    this.spentMs += performance.now() - startMs;
  }

  async #begin(): Promise<void> {
    this.#corpus.push(...this.target.seeds, ...findsOf(this.target.name).values());
    for (const seed of this.target.seeds) await this.#call(seed);
    this.#coverage.take(true);
  }

  async #batch(): Promise<void> {
    const inputs: Uint8Array[] = [];
    const untilMs = performance.now() + BATCH_MS;
    while (performance.now() < untilMs) {
      const input = this.#draw();
      inputs.push(input);
      await this.#call(input);
    }
    if (this.#coverage.take(false)) await this.#keepNews(inputs);
  }

  /** Halves the inputs until those are alone that ran something new. */
  async #keepNews(inputs: readonly Uint8Array[]): Promise<void> {
    for (const input of inputs) await this.#call(input);
    const [first] = inputs;
    if (first === undefined || !this.#coverage.take(inputs.length === 1)) return;
    if (inputs.length === 1) {
      this.#corpus.push(first);
      return;
    }
    const middle = inputs.length >> 1;
    await this.#keepNews(inputs.slice(0, middle));
    await this.#keepNews(inputs.slice(middle));
  }

  #draw(): Uint8Array {
    const chance = this.#chance;
    const edits = Array.from({ length: 1 + chance.below(EDITS_MAX) }, () => ({
      kind: chance.below(10),
      at: chance.below(65_536),
      value: chance.below(256),
    }));
    return edited(chance.oneOf(this.#corpus), edits, this.target.bytesMax, chance.oneOf(this.#corpus));
  }

  async #call(input: Uint8Array): Promise<void> {
    const startMs = performance.now();
    const error = await this.#failure(input);
    this.slowestMs = Math.max(this.slowestMs, performance.now() - startMs);
    this.calls += 1;
    if (error === undefined || this.finds.has(signature(error))) return;
    this.finds.set(signature(error), '');
    const path = writeFind(this.target.name, await this.#shrunk(input, signature(error)), signature(error));
    this.finds.set(signature(error), path);
    console.error(`${path}\n${error.stack}`);
  }

  async #failure(input: Uint8Array): Promise<Error | undefined> {
    this.#watchdog.begin(this.target, input);
    try {
      const done = this.target.run(input);
      if (done !== undefined) await done;
      return undefined;
    } catch (error) {
      return error instanceof Error ? error : new Error(`not an error was thrown: ${String(error)}`);
    } finally {
      this.#watchdog.end();
    }
  }

  /** Leaves out what does not matter for the failure. */
  async #shrunk(input: Uint8Array, wanted: string): Promise<Uint8Array> {
    let shortest = input;
    let tries = 0;
    for (let block = input.length >> 1; block > 0; block >>= 1) {
      for (let at = 0; at < shortest.length && tries < SHRINK_TRIES_MAX; ) {
        tries += 1;
        const without = Uint8Array.from([...shortest.subarray(0, at), ...shortest.subarray(at + block)]);
        const error = await this.#failure(without);
        if (error !== undefined && signature(error) === wanted) shortest = without;
        else at += block;
      }
    }
    return shortest;
  }
}

/** The kind of an error and where in our code it came up, or what a check of the target says: one find for each. */
function signature({ name, message, stack = '' }: Error): string {
  const places = [...stack.matchAll(/(src\/[\w/.-]+:\d+)/g)].slice(0, 2).map(([place]) => place);
  return `${name} ${places.length > 0 ? `at ${places.join(' < ')}` : message.slice(0, MESSAGE_LENGTH_MAX)}`;
}
