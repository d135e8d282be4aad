/** The shortest script that still shows a difference: lines are taken out in ever smaller pieces. */

/** Scripts tried at most; each is played on every arbiter. */
const TRIALS_MAX = 200;

/** The first `kept` lines stay. `stillFails` says whether a shorter script shows it as well. */
export async function shrink(
  lines: readonly string[],
  kept: number,
  stillFails: (lines: readonly string[]) => Promise<boolean>,
): Promise<string[]> {
  let shortest = [...lines];
  let trials = 0;
  for (let piece = Math.ceil((lines.length - kept) / 2); piece >= 1; ) {
    let shorter = false;
    for (let at = kept; at < shortest.length && trials < TRIALS_MAX; ) {
      const candidate = [...shortest.slice(0, at), ...shortest.slice(at + piece)];
      trials += 1;
      if (await stillFails(candidate)) {
        shortest = candidate;
        shorter = true;
      } else {
        at += piece;
      }
    }
    if (!shorter || piece > 1) piece = piece === 1 ? 0 : Math.ceil(piece / 2);
  }
  return shortest;
}
