/** Waiting for a condition, never for a time: polls until nothing is complained about, or tells the last states seen. */
import { setTimeout as pause } from 'node:timers/promises';

const POLL_MS = 25;
const STATES_KEPT = 8;

export interface WaitOptions {
  readonly deadlineMs: number;
  /** How long the condition must hold without a break; 0: once is enough. */
  readonly holdMs?: number;
}

/** `complaint` gives what is still wrong, or undefined. Resolves to the milliseconds until the condition began to hold. */
export async function until(
  goal: string,
  complaint: () => string | undefined | Promise<string | undefined>,
  { deadlineMs, holdMs = 0 }: WaitOptions,
): Promise<number> {
  const states: string[] = [];
  const startMs = performance.now();
  let heldSinceMs: number | undefined;
  for (let nowMs = startMs; nowMs < startMs + deadlineMs; nowMs = performance.now()) {
    const wrong = await complaint();
    if (wrong === undefined) {
      heldSinceMs ??= nowMs;
      if (nowMs - heldSinceMs >= holdMs) return heldSinceMs - startMs;
    } else {
      heldSinceMs = undefined;
      remember(states, wrong, nowMs - startMs);
    }
    await pause(POLL_MS);
  }
  throw new Error(`not within ${deadlineMs} ms: ${goal}\nlast states:\n${states.join('\n')}`);
}

function remember(states: string[], state: string, afterMs: number): void {
  if (states.at(-1)?.endsWith(`: ${state}`) === true) return;
  states.push(`+${(afterMs / 1000).toFixed(1)} s: ${state}`);
  if (states.length > STATES_KEPT) states.shift();
}
