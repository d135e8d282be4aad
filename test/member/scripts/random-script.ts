/**
 * Scripts drawn from a seed, for holding our core against Debian's daemon. They leave out what hangs on the time of day: an
 * arbiter that never decides, whose device is forgotten some time later.
 */
import { type Case, parseScript } from '../../scenarios/script.ts';

const ALGORITHMS = ['ffsplit', 'lms', 'lms wait-for-all=on', '2nodelms', 'test'];
const COMMANDS_MIN = 6;
const COMMANDS_MAX = 12;

export function randomScript(seed: number): Case {
  const chance = new Chance(seed);
  const lines = ['start', `answers ${chance.oneOf(['ack', 'nack'])}`];
  let peerRuns = false;
  const movePeer = (): string => {
    peerRuns = !peerRuns;
    return `peer ${peerRuns ? 'joins' : 'leaves'}`;
  };
  if (chance.below(2) === 0) lines.push(movePeer());
  lines.push('listen');
  let isThere = true;
  const count = COMMANDS_MIN + chance.below(COMMANDS_MAX - COMMANDS_MIN + 1);
  for (let made = 0; made < count; made += 1) {
    const draw = chance.below(12);
    if (draw === 0) lines.push(movePeer());
    else if (!isThere) {
      lines.push(draw < 6 ? 'wait 5000' : 'listen');
      isThere = draw >= 6;
    } else if (draw < 6)
      lines.push(`vote ${chance.oneOf(['ack', 'nack', 'noChange'])}${chance.below(4) === 0 ? ' other-ring' : ''}`);
    else if (draw < 8) lines.push(`answers ${chance.oneOf(['ack', 'nack'])}`);
    else if (draw < 9) lines.push('close');
    else if (draw < 11) {
      lines.push('gone');
      isThere = false;
    } else lines.push('wait 7000');
  }
  if (isThere && chance.below(3) === 0) lines.push('error 14');
  const title = `== seed ${seed}\ncluster algorithm=${chance.oneOf(ALGORITHMS)} safety=upstream`;
  const [scenario] = parseScript(`seed ${seed}`, [title, ...lines].join('\n'));
  if (scenario === undefined) throw new Error('a script is one case');
  return scenario;
}

/** mulberry32: small, and the same everywhere. */
class Chance {
  #state: number;

  constructor(seed: number) {
    this.#state = seed >>> 0;
  }

  below(limit: number): number {
    this.#state = (this.#state + 0x6d2b_79f5) >>> 0;
    let mixed = Math.imul(this.#state ^ (this.#state >>> 15), this.#state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return Math.floor((((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32) * limit);
  }

  oneOf<T>(choices: readonly [T, ...T[]] | readonly T[]): T {
    const choice = choices[this.below(choices.length)];
    if (choice === undefined) throw new Error('nothing to choose from');
    return choice;
  }
}
