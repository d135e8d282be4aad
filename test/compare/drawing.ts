/**
 * Random scripts in the language of the scenario files: clusters that come up, split, merge, change their configuration
 * and their minds, with nodes that answer late, twice, wrongly or not at all, leave and return. One seed, one script.
 *
 * Left out is what Debian's daemon does not survive: a second INIT of a node that is in, and, with fifty-fifty split, a
 * node that leaves behind nothing but nodes without a configuration. Both have scenarios of their own.
 */
import { Chance } from '../../src/demo/random.ts';
import type { Cast, CastNode } from './cast.ts';
import { drawCast, isIn } from './cast.ts';

/** Long enough that no timer comes up unless a script shortens it. */
const LONG_HEARTBEAT_MS = 120_000;
/** Beyond a timer's time, for the arbiter to notice. */
const TIMER_MARGIN_MS = 20;
/** While a node waits, so that it does not take too long. */
const REPORTS_MAX = 4;
const STEPS_MIN = 8;
const STEPS_MAX = 40;

export interface DrawnScript {
  readonly algorithm: string;
  /** A scenario file with one case and no outcomes. */
  readonly lines: readonly string[];
}

/** `timerMs`: how long a node waits where a script lets its timer come up. */
export function drawScript(seed: number, timerMs: number): DrawnScript {
  const drawing = new Drawing(new Chance(seed), timerMs);
  return { algorithm: drawing.cast.algorithm, lines: drawing.whole(seed) };
}

/** One step of a story, with how often it comes compared with the others. */
type Step = readonly [weight: number, tell: () => void];

class Drawing {
  readonly #chance: Chance;
  readonly #timerMs: number;
  readonly cast: Cast;
  readonly #lines: string[] = [];
  #ringSeq = 4;

  constructor(chance: Chance, timerMs: number) {
    this.#chance = chance;
    this.#timerMs = timerMs;
    this.cast = drawCast(chance);
  }

  whole(seed: number): string[] {
    const { ids, algorithm, tieBreaker, keepActive } = this.cast;
    const options = [`algorithm=${algorithm}`, `tie-breaker=${tieBreaker}`, `heartbeat=${LONG_HEARTBEAT_MS}`];
    if (keepActive.length > 0) options.push(`keep-active=${keepActive.join(',')}`);
    this.#say(`== seed ${seed}`, `cluster nodes=${ids.join(',')} ${options.join(' ')}`);
    this.#bringUp();
    const steps = STEPS_MIN + this.#chance.below(STEPS_MAX - STEPS_MIN);
    while (this.#lines.length < steps + 2) this.#step();
    return this.#lines;
  }

  #say(...lines: readonly string[]): void {
    this.#lines.push(...lines);
  }

  #happens(percent: number): boolean {
    return this.#chance.below(100) < percent;
  }

  #bringUp(): void {
    if (this.#happens(50)) {
      this.#ringSeq = 8;
      this.#say('up');
      for (const node of this.cast.nodes) {
        Object.assign(node, { state: 'in', configured: true, ring: '1.8', members: this.cast.ids, pending: false });
      }
      return;
    }
    if (this.#happens(60)) this.#split();
    for (const node of this.#chance.shuffled(this.cast.nodes)) {
      if (this.#happens(85)) this.#join(node);
    }
  }

  #step(): void {
    const timers = this.cast.algorithm === 'lms' ? 15 : 0;
    const asks = this.cast.algorithm === 'ffsplit' ? 1 : 6;
    const steps: readonly Step[] = [
      [14, () => this.#split()],
      [30, () => this.#reportAll()],
      [20, () => this.#each('pending', (node) => this.#report(node))],
      [10, () => this.#anybody((node) => this.#say(`${node.label} quorum`))],
      [6, () => this.#oddMembership()],
      [8, () => this.#changeConfig()],
      [3, () => this.#anybody((node) => this.#config(node, 'config'))],
      [12, () => this.#anybody((node) => this.#say(`${node.label} heuristics ${this.#result()}`))],
      [asks, () => this.#anybody((node) => this.#say(`${node.label} ask-for-vote`))],
      [5, () => this.#anybody((node) => this.#say(`${node.label} keep-active ${this.#happens(60) ? 'on' : 'off'}`))],
      [14, () => this.#anybody((node) => this.#hold(node))],
      [12, () => this.#each('holding', (node) => this.#answer(node))],
      [9, () => this.#anybody((node) => this.#close(node))],
      [12, () => this.#each('out', (node) => this.#join(node))],
      [4, () => this.#anybody((node) => this.#refusedInit(node))],
      [timers, () => this.#letTimersComeUp()],
    ];
    const total = steps.reduce((sum, [weight]) => sum + weight, 0);
    let at = this.#chance.below(total);
    for (const [weight, tell] of steps) {
      at -= weight;
      if (at < 0) {
        tell();
        return;
      }
    }
  }

  #anybody(tell: (node: CastNode) => void): void {
    const present = this.cast.nodes.filter(isIn);
    if (present.length > 0) tell(this.#chance.oneOf(present));
  }

  #each(kind: 'pending' | 'holding' | 'out', tell: (node: CastNode) => void): void {
    const found = this.cast.nodes.filter((node) => (kind === 'out' ? !isIn(node) : isIn(node) && node[kind]));
    if (found.length > 0) tell(this.#chance.oneOf(found));
  }

  #result(): string {
    return this.#happens(50) ? 'pass' : 'fail';
  }

  /** What corosync does: the nodes find themselves in partitions anew, and have not said so yet. */
  #split(): void {
    this.#ringSeq += 4;
    for (const group of this.#groups()) {
      const members = group.map(({ id }) => id);
      const ring = `${members[0] ?? 0}.${this.#ringSeq}`;
      for (const node of group) Object.assign(node, { ring, members, pending: true });
    }
  }

  #groups(): CastNode[][] {
    const { nodes } = this.cast;
    if (this.#happens(40)) {
      const drawn = this.#happens(50) ? this.#chance.shuffled(nodes) : [...nodes];
      const half = drawn.splice(0, drawn.length >> 1);
      return [half.sort((a, b) => a.id - b.id), drawn.sort((a, b) => a.id - b.id)];
    }
    const groups = Array.from({ length: 1 + this.#chance.below(Math.min(3, nodes.length)) }, (): CastNode[] => []);
    for (const node of nodes) this.#chance.oneOf(groups).push(node);
    return groups;
  }

  #reportAll(): void {
    for (const node of this.#chance.shuffled(this.cast.nodes)) {
      if (isIn(node) && node.pending && this.#happens(90)) this.#report(node);
    }
  }

  #report(node: CastNode): void {
    this.#reportMembership(node);
    if (this.#happens(50)) this.#say(`${node.label} quorum`);
  }

  #reportMembership(node: CastNode): void {
    node.pending = false;
    this.#say(`${node.label} membership ${node.ring} [${node.members.join(',')}]${this.#perhapsResult()}`);
  }

  #perhapsResult(): string {
    return this.#happens(this.cast.algorithm === 'lms' ? 50 : 25) ? ` ${this.#result()}` : '';
  }

  /** Lists and rings that no corosync reports. */
  #oddMembership(): void {
    this.#anybody((node) => {
      const { ids } = this.cast;
      const lists = [[], [node.id], ids, [...node.members, 99], node.members.slice(1), [...node.members, node.id]];
      const ring = this.#chance.oneOf([
        node.ring,
        '0.0',
        `${node.id}.${this.#ringSeq}`,
        `${ids[0]}.18446744073709551615`,
      ]);
      this.#say(`${node.label} membership ${ring} [${this.#chance.oneOf(lists).join(',')}]${this.#perhapsResult()}`);
    });
  }

  #changeConfig(): void {
    const { ids } = this.cast;
    const lists = [ids, [...ids, 99], ids.slice(1), ids.filter(() => this.#happens(70))];
    this.cast.config = this.#chance.oneOf(lists);
    for (const node of this.#chance.shuffled(this.cast.nodes)) {
      if (isIn(node) && this.#happens(80)) this.#config(node, 'changed-config');
    }
  }

  #config(node: CastNode, kind: 'config' | 'changed-config'): void {
    const { config } = this.cast;
    if (config.includes(node.id)) node.configured = true;
    this.#say(`${node.label} ${kind} [${config.join(',')}]`);
  }

  #hold(node: CastNode): void {
    node.holding = true;
    this.#say(`${node.label} hold`);
  }

  /** What is owed, or any number: late, too early, twice. */
  #answer(node: CastNode): void {
    if (this.#happens(50)) {
      node.holding = false;
      this.#say(`${node.label} answer`);
    } else {
      this.#say(
        `${node.label} answer ${this.#chance.oneOf(['newest', 'newest-1', 'newest-1', 'newest-2', 'newest+1'])}`,
      );
    }
  }

  #close(node: CastNode): void {
    const others = this.cast.nodes.filter((other) => other !== node && isIn(other));
    const unconfigured = others.length > 0 && others.every(({ configured }) => !configured);
    if (unconfigured && this.cast.algorithm === 'ffsplit' && !this.cast.tieBreaker.startsWith('node:')) return;
    this.#say(`${node.label} close`);
    Object.assign(node, { state: 'out', configured: false, holding: false, pending: true });
  }

  /** As a node daemon does it, or only the beginning of it. */
  #join(node: CastNode): void {
    const { label, ring } = node;
    this.#say(`${label} init ${this.#happens(10) ? '0.0' : ring}`);
    Object.assign(node, { state: 'in', configured: false, pending: true });
    if (this.cast.keepActive.includes(node.id)) this.#say(`${label} keep-active on`);
    if (this.#happens(85)) this.#config(node, 'config');
    if (this.#happens(85)) this.#report(node);
  }

  /** From another connection beside a node that is in: it stays outside and may talk all it wants. */
  #refusedInit(node: CastNode): void {
    const label = `${node.id}z`;
    const algorithm = this.cast.algorithm === 'lms' ? 'test' : 'lms';
    const wrong = this.#chance.oneOf([
      '',
      ' tie-breaker=node:77',
      ` algorithm=${algorithm}`,
      ' algorithm=9',
      ' heartbeat=1',
    ]);
    this.#say(`${label} init ${node.ring}${wrong}`);
    if (this.#happens(50)) this.#say(`${label} membership ${node.ring} [${node.id}]`);
    this.#say(`${label} close`);
  }

  /** Somebody waits, mostly because the others of its partition have not reported; then they do, and its time is up. */
  #letTimersComeUp(): void {
    if (this.#happens(80)) this.#split();
    const present = this.#chance.shuffled(this.cast.nodes.filter(isIn)).slice(0, 1 + this.#chance.below(2));
    for (const { label } of present) this.#say(`${label} heartbeat ${4 * this.#timerMs}`);
    for (const node of present) {
      if (node.pending) this.#report(node);
      else this.#say(`${node.label} quorum`);
    }
    const others = this.#chance.shuffled(this.cast.nodes.filter((node) => isIn(node) && node.pending));
    const report = () => {
      for (const node of others.slice(0, REPORTS_MAX)) this.#reportMembership(node);
    };
    const happening: ReadonlyArray<() => void> = [
      report,
      report,
      report,
      () => this.#anybody((node) => this.#close(node)),
      () => this.#anybody((node) => this.#say(`${node.label} heuristics ${this.#result()}`)),
      () => undefined,
    ];
    this.#chance.oneOf(happening)();
    this.#say(`wait ${this.#timerMs + TIMER_MARGIN_MS}`);
    for (const node of present) {
      if (isIn(node)) this.#say(`${node.label} heartbeat ${LONG_HEARTBEAT_MS}`, `${node.label} quorum`);
    }
  }
}
