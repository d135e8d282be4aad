/** The time of day, for eyes and for machines. Everything that is measured uses a monotonic clock instead. */
import type { WallClock } from '../status/qdevice-facts.ts';

export function wallClock(nowMs: () => number = Date.now): WallClock {
  return {
    localBefore: (agoMs) => localText(new Date(nowMs() - agoMs)),
    isoBefore: (agoMs) => new Date(nowMs() - agoMs).toISOString(),
  };
}

function localText(time: Date): string {
  const two = (value: number) => String(value).padStart(2, '0');
  const date = `${time.getFullYear()}-${two(time.getMonth() + 1)}-${two(time.getDate())}`;
  return `${date}T${two(time.getHours())}:${two(time.getMinutes())}:${two(time.getSeconds())}`;
}
