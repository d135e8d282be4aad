/**
 * Plays the scenes one after the other and judges each: it has to come to what the rules say, to stay so while people
 * read, and at no instant may two partitions be quorate.
 */
import { setTimeout as pause } from 'node:timers/promises';
import { differences, doubleQuorum, type Seen } from './check.ts';
import type { Moment } from './picture.ts';
import type { Screen } from './screen.ts';
import { Stage } from './stage.ts';
import type { Scene } from './story.ts';
import { explanation } from './words.ts';

export type PlayResult =
  | { readonly kind: 'asTheRulesSay' | 'stopped' }
  | { readonly kind: 'wrong'; readonly why: string };

export interface PlayTimes {
  /** How long a scene's end has to stay as it is. */
  readonly holdMs: number;
  readonly sceneMsMax: number;
  readonly wholeMsMax: number;
}

export const PLAY_TIMES: PlayTimes = { holdMs: 2_200, sceneMsMax: 15_000, wholeMsMax: 52_000 };

const LOOK_EACH_MS = 20;

export async function play(
  scenes: readonly Scene[],
  screen: Screen,
  stop: AbortSignal,
  times: PlayTimes = PLAY_TIMES,
): Promise<PlayResult> {
  let why: string | undefined;
  const wrong = (reason: string): void => {
    why ??= reason;
  };
  const algorithm = scenes[0]?.world.algorithm;
  const stage = await Stage.open({ failed: wrong, changed: () => watch() }, algorithm);
  /** After every change on any node, and in between. */
  const watch = (): void => {
    const both = doubleQuorum(stage.nodesSeen());
    if (both !== undefined) wrong(both);
  };
  const isOver = (): boolean => why !== undefined || stop.aborted;
  const endMs = performance.now() + times.wholeMsMax;
  try {
    for (const [index, scene] of scenes.entries()) {
      const run = new SceneRun({ scene, number: index + 1, count: scenes.length }, () => stage.seen(), screen, times);
      await playScene(scene, run, stage, watch, () => isOver() || performance.now() > endMs);
      const name = `scene ${index + 1}, "${scene.title}"`;
      if (why !== undefined) return { kind: 'wrong', why: `In ${name}, ${why}.` };
      if (stop.aborted) return { kind: 'stopped' };
      if (!run.hasHeld) return { kind: 'wrong', why: `What follows in ${name}, did not come in time: ${run.missing}.` };
      run.end();
    }
    return { kind: 'asTheRulesSay' };
  } finally {
    screen.close();
    await stage.close();
  }
}

/** Until the scene's end has held, its time is up, or there is no use in going on. */
async function playScene(
  { change, world }: Scene,
  run: SceneRun,
  stage: Stage,
  watch: () => void,
  isOver: () => boolean,
): Promise<void> {
  const failure: { error?: unknown } = {};
  void stage.apply(change, world.nodeIds).then(
    () => run.begin(),
    (error: unknown) => {
      failure.error = error;
    },
  );
  while (!run.hasHeld && !run.isLate && !isOver()) {
    if ('error' in failure) throw failure.error;
    watch();
    run.look();
    await pause(LOOK_EACH_MS);
  }
}

/** From the change to an end that has stayed long enough. */
class SceneRun {
  readonly #showing: Pick<Moment, 'scene' | 'number' | 'count'>;
  readonly #seen: () => Seen;
  readonly #screen: Screen;
  readonly #times: PlayTimes;
  readonly #lateAtMs: number;
  /** Before the change has happened everything may still look as it should. */
  #hasBegun = false;
  #settledAtMs: number | undefined;
  #differences: readonly string[] = [];

  constructor(showing: Pick<Moment, 'scene' | 'number' | 'count'>, seen: () => Seen, screen: Screen, times: PlayTimes) {
    this.#showing = showing;
    this.#seen = seen;
    this.#screen = screen;
    this.#times = times;
    this.#lateAtMs = performance.now() + times.sceneMsMax;
  }

  begin(): void {
    this.#hasBegun = true;
  }

  look(): void {
    const seen = this.#seen();
    this.#differences = differences(this.#showing.scene.outcome, seen);
    const isSettled = this.#hasBegun && this.#differences.length === 0;
    this.#settledAtMs = isSettled ? (this.#settledAtMs ?? performance.now()) : undefined;
    this.#screen.show(this.#moment(seen, isSettled));
  }

  get hasHeld(): boolean {
    return this.#settledAtMs !== undefined && performance.now() - this.#settledAtMs >= this.#times.holdMs;
  }

  get isLate(): boolean {
    return performance.now() >= this.#lateAtMs;
  }

  /** What is not as it should be, at most a few of it. */
  get missing(): string {
    return this.#differences.length === 0
      ? 'it did not stay as it should be'
      : this.#differences.slice(0, 3).join('; ');
  }

  end(): void {
    this.#screen.end(this.#moment(this.#seen(), true));
  }

  #moment(seen: Seen, isSettled: boolean): Moment {
    const verdict = isSettled ? explanation(this.#showing.scene, seen) : [];
    return { ...this.#showing, seen, verdict };
  }
}
