/** What came of a scene and why, in sentences. The arbiter's reason is its own, as its status gives it. */
import { counted, nodesText } from '../status/text-layout.ts';
import type { Seen } from './check.ts';
import type { Outcome, Side } from './rules.ts';

export function explanation({ sides, winner, quorum }: Outcome, { arbiter }: Seen): string[] {
  const because = arbiter?.vote.because ?? undefined;
  const vote =
    because === undefined
      ? 'The arbiter is away, and its vote with it.'
      : winner.length === 0
        ? `Nobody gets the arbiter's vote: ${because}.`
        : `The partition of ${nodesText(winner)} gets the arbiter's vote: ${because}.`;
  return [vote, ...sides.map((side) => sideText(side, quorum))];
}

function sideText({ nodeIds, holdsVote, votes, quorate }: Side, quorum: number): string {
  const isOne = nodeIds.length === 1;
  const [goesOn, stops, has] = isOne ? ['goes on', 'stops', 'has'] : ['go on', 'stop', 'have'];
  const own = counted(nodeIds.length, 'vote');
  const count = holdsVote ? `${own} and the arbiter's make ${votes}` : `${isOne ? 'it' : 'they'} ${has} ${own}`;
  return `${capital(nodesText(nodeIds))} ${quorate ? goesOn : stops}: ${count}, and ${quorum} are needed.`;
}

function capital(text: string): string {
  return text.charAt(0).toUpperCase() + text.slice(1);
}
