/**
 * Runs the steps of a lab test: do something to the hosts, wait until every node shows what the rules say, and check that on the
 * way there no two partitions were quorate at once. Prints how long each step took.
 */
import assert from 'node:assert/strict';
import type { Cluster } from './cluster.ts';
import type { Lab } from './lab.ts';
import { isWithoutHolder, leftOut } from './lost-grant.ts';
import { pictureLine } from './quorumtool.ts';
import { findDoubleQuorum } from './safety.ts';
import { until } from './wait.ts';

const STEP_DEADLINE_MS = 30_000;
/** Every step without a lost grant is over by then; with one it would never be. */
const LOST_GRANT_MS = 15_000;
/** Three readings of each node in a row: a picture that merely passes by is not an outcome. */
const HOLD_MS = 350;

/** Node by node the line its quorumtool must come to. */
export type Lines = ReadonlyMap<number, string>;

export interface Expectation {
  readonly cluster: Cluster;
  /** Several where upstream's outcome hangs on who reconnects first. */
  readonly oneOf: readonly Lines[];
}

export interface Step {
  readonly title: string;
  readonly act: () => Promise<unknown>;
  readonly expect: readonly Expectation[];
  /** Clusters that must show the same all the time, at every reading. */
  readonly undisturbed?: readonly Expectation[];
  /** A weakness known in upstream may show for so long; without it, not for an instant. */
  readonly doubleQuorumMsMax?: number;
}

export function expecting(cluster: Cluster, ...oneOf: readonly Lines[]): Expectation {
  return { cluster, oneOf };
}

export class Trial {
  readonly lab: Lab;
  readonly #name: string;
  readonly #startMs = performance.now();
  #broken: string | undefined;

  constructor(name: string, lab: Lab) {
    this.#name = `${name} (${lab.arbiter.program.name})`;
    this.lab = lab;
  }

  async step({ title, act, expect, undisturbed = [], doubleQuorumMsMax = 0 }: Step): Promise<void> {
    assert.equal(this.#broken, undefined, `the lab is in an unknown state since "${this.#broken}" failed`);
    this.#broken = title;
    for (const { cluster } of [...expect, ...undisturbed]) cluster.watch.take();
    const beganMs = performance.now();
    await act();
    const actedMs = performance.now();
    const sinceMs = Date.now();
    try {
      await this.#settle(title, expect, sinceMs);
    } catch (cause) {
      throw new Error(`${String(cause)}\n${await this.lab.describe()}`, { cause });
    }
    const doubleMs = Math.max(0, ...expect.map(({ cluster }) => doubleQuorumMs(cluster, title, doubleQuorumMsMax)));
    for (const { cluster, oneOf } of undisturbed) assertUndisturbed(cluster, title, oneOf);
    const settledMs = performance.now() - actedMs - HOLD_MS;
    const note = doubleMs > 0 ? `, two quorate partitions for ${Math.round(doubleMs)} ms (known in upstream)` : '';
    this.say(`${title}: acted ${seconds(actedMs - beganMs)}, settled ${seconds(settledMs)}${note}`);
    this.#broken = undefined;
  }

  /** A step that met upstream's lost grant is helped once, as an operator would; the outcome must be right all the same. */
  async #settle(title: string, expect: readonly Expectation[], sinceMs: number): Promise<void> {
    const settled = (deadlineMs: number): Promise<unknown> =>
      until(title, () => complaints(expect, sinceMs), { deadlineMs, holdMs: HOLD_MS });
    try {
      await settled(LOST_GRANT_MS);
    } catch (failure) {
      const list = await this.lab.arbiter.tool('-l', '-v');
      const stranded = expect.flatMap(({ cluster }) =>
        leftOut(list.stdout, cluster.name).map((node) => ({ cluster, node })),
      );
      // Where a node is a partition of its own, the lost grant leaves no holder beside it to tell it by.
      for (const { cluster, oneOf } of expect) {
        if (!isWithoutHolder(list.stdout, cluster.name)) continue;
        const waiting = cluster.nodeIds.filter((node) => oneOf[0]?.get(node)?.includes(`${node}:A,V`));
        stranded.push(...waiting.map((node) => ({ cluster, node })));
      }
      if (stranded.length === 0 && list.exitCode === 0) this.say(`${title}: not there yet, and no grant was lost`);
      for (const { cluster, node } of stranded) {
        this.say(`${title}: node ${node} was not told of its vote (known in upstream), its qdevice is restarted`);
        await cluster.stopQdevice(node, 'SIGTERM');
        await cluster.startQdevice(node);
      }
      await settled(STEP_DEADLINE_MS - LOST_GRANT_MS).catch((second: unknown) => {
        throw new Error(`${String(second)}\nbefore that: ${String(failure)}`, { cause: second });
      });
    }
  }

  say(text: string): void {
    console.log(`[${this.#name} +${seconds(performance.now() - this.#startMs)}] ${text}`);
  }
}

function complaints(expect: readonly Expectation[], sinceMs: number): string | undefined {
  const wrong = expect.flatMap(({ cluster, oneOf }) => {
    const problems = oneOf.map((lines) => mismatches(cluster, lines, sinceMs));
    return problems.some((list) => list.length === 0) ? [] : (problems[0] ?? []);
  });
  return wrong.length === 0 ? undefined : wrong.join('; ');
}

function mismatches(cluster: Cluster, lines: Lines, sinceMs: number): string[] {
  return cluster.nodeIds.flatMap((node) => {
    const seen = cluster.watch.line(node, sinceMs);
    const wanted = lines.get(node) ?? 'nothing known';
    return seen === wanted ? [] : [`${cluster.name} node ${node} shows "${seen}" instead of "${wanted}"`];
  });
}

function doubleQuorumMs(cluster: Cluster, title: string, allowedMs: number): number {
  const found = findDoubleQuorum(cluster.watch.take());
  const longestMs = Math.max(0, ...found.map(({ fromMs, toMs }) => toMs - fromMs));
  assert.ok(longestMs <= allowedMs, `${title}: two quorate partitions at once: ${JSON.stringify(found)}`);
  return longestMs;
}

function assertUndisturbed(cluster: Cluster, title: string, oneOf: readonly Lines[]): void {
  for (const { nodeId, reading } of cluster.watch.take()) {
    const seen = pictureLine(reading);
    const fine = oneOf.some((lines) => lines.get(nodeId) === seen);
    assert.ok(fine, `${title}: ${cluster.name} node ${nodeId} was disturbed and showed "${seen}"`);
  }
}

function seconds(ms: number): string {
  return `${(ms / 1000).toFixed(1)} s`;
}
