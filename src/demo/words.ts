/** What came of a scene and why, in sentences. The arbiter's reason is its own, as its status gives it. */
import { counted, nodesText } from '../status/text-layout.ts';
import type { Seen } from './check.ts';
import { arbiterVotes, type Side } from './rules.ts';
import type { Scene } from './story.ts';

export function explanation({ outcome, world }: Pick<Scene, 'outcome' | 'world'>, { arbiter }: Seen): string[] {
  const { sides, winner, quorum } = outcome;
  const votes = arbiterVotes(world);
  const because = arbiter?.vote.because ?? undefined;
  const vote =
    because === undefined
      ? `The arbiter is away, and its ${votes > 1 ? `${votes} votes` : 'vote'} with it.`
      : winner.length === 0
        ? `Nobody gets the arbiter's vote: ${because}.`
        : sides.filter(({ holdsVote }) => holdsVote).length > 1
          ? `Every partition gets the arbiter's vote: ${because}.`
          : `The partition of ${nodesText(winner)} gets the arbiter's ${votes > 1 ? `${votes} votes` : 'vote'}: ${because}.`;
  return [vote, ...sides.map((side) => sideText(side, quorum, votes))];
}

function sideText({ nodeIds, holdsVote, votes, quorate }: Side, quorum: number, ofArbiter: number): string {
  const isOne = nodeIds.length === 1;
  const [goesOn, stops, has] = isOne ? ['goes on', 'stops', 'has'] : ['go on', 'stop', 'have'];
  const own = counted(nodeIds.length, 'vote');
  const count = holdsVote
    ? `${own} and the arbiter's${ofArbiter > 1 ? ` ${ofArbiter}` : ''} make ${votes}`
    : `${isOne ? 'it' : 'they'} ${has} ${own}`;
  return `${capital(nodesText(nodeIds))} ${quorate ? goesOn : stops}: ${count}, and ${quorum} are needed.`;
}

function capital(text: string): string {
  return text.charAt(0).toUpperCase() + text.slice(1);
}
