/** The whole show in this process, in a hurry: what goes wrong on the stage has to come out as such. */
import assert from 'node:assert/strict';
import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, afterEach, test } from 'node:test';
import type { Moment } from '../../src/demo/picture.ts';
import { PLAY_TIMES, play } from '../../src/demo/play.ts';
import type { Screen } from '../../src/demo/screen.ts';
import { type Scene, storyOf } from '../../src/demo/story.ts';

const HURRIED = { ...PLAY_TIMES, holdMs: 150 };

class KeptScreen implements Screen {
  readonly ended: Moment[] = [];
  readonly #onShow: (moment: Moment) => void;

  constructor(onShow: (moment: Moment) => void = () => undefined) {
    this.#onShow = onShow;
  }

  say(): void {
    throw new Error('nothing is said beside the scenes');
  }

  show(moment: Moment): void {
    this.#onShow(moment);
  }

  end(moment: Moment): void {
    this.ended.push(moment);
  }

  close(): void {
    return;
  }
}

function firstScenes(nodeCount: number, count: number): readonly Scene[] {
  return storyOf(nodeCount, undefined).slice(0, count);
}

const directory = mkdtempSync(join(tmpdir(), 'demo-play-'));
process.env['TMPDIR'] = directory;

afterEach(() => {
  const leftBehind = readdirSync(directory).filter((name) => name.startsWith('qdevice-demo-'));
  assert.deepEqual(leftBehind, []);
});

after(() => rmSync(directory, { recursive: true, force: true }));

test('a scene that ends otherwise than the rules say is wrong, in a sentence that says how', async () => {
  const scenes = firstScenes(2, 2).map((scene): Scene => {
    if (scene.change.kind !== 'split') return scene;
    // As if the arbiter had to prefer the other half.
    const [one, other] = scene.outcome.sides;
    assert.ok(one && other);
    const sides = [
      { ...other, nodeIds: one.nodeIds },
      { ...one, nodeIds: other.nodeIds },
    ];
    return { ...scene, outcome: { ...scene.outcome, sides, winner: other.nodeIds } };
  });
  const screen = new KeptScreen();
  const result = await play(scenes, screen, new AbortController().signal, { ...HURRIED, sceneMsMax: 4_000 });
  assert.ok(result.kind === 'wrong', result.kind);
  assert.match(result.why, /^What follows in scene 2, "One against one", did not come in time: node 1 counts a vote/);
  assert.equal(screen.ended.length, 1);
});

test('an end that does not come within the time of the whole show is wrong', async () => {
  const times = { ...HURRIED, wholeMsMax: 0 };
  const result = await play(firstScenes(2, 1), new KeptScreen(), new AbortController().signal, times);
  assert.equal(result.kind, 'wrong');
});

test('stopped while the parts are still starting, it takes them down again', async () => {
  const stop = new AbortController();
  const result = await play(firstScenes(3, 1), new KeptScreen(() => stop.abort()), stop.signal, HURRIED);
  assert.equal(result.kind, 'stopped');
});

test('a split with its reason, as the arbiter gives it', async () => {
  const screen = new KeptScreen();
  const result = await play(firstScenes(4, 2), screen, new AbortController().signal, HURRIED);
  assert.deepEqual(result, { kind: 'asTheRulesSay' });
  assert.deepEqual(screen.ended.at(-1)?.verdict, [
    "The partition of nodes 1 and 2 gets the arbiter's vote: it contains the tie-breaker node, of two equal halves (tie-breaker).",
    "Nodes 1 and 2 go on: 2 votes and the arbiter's make 3, and 3 are needed.",
    'Nodes 3 and 4 stop: they have 2 votes, and 3 are needed.',
  ]);
});
