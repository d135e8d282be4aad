/** `npm run demo`: a cluster and its arbiter in one process, split, healed and saved before one's eyes. */
import yargs from 'yargs';
import { SEED_MAX } from '../demo/random.ts';
import type { DemoAlgorithm } from '../demo/world.ts';
import { OperatorError } from '../runtime/errors.ts';
import { onSignals } from '../runtime/signals.ts';
import { type Output, reportMistake } from './output.ts';

export interface DemoChoice {
  readonly nodeCount: number;
  readonly seed: number | undefined;
  readonly algorithm: DemoAlgorithm;
}

interface Shown {
  readonly nodes: { readonly min: number; readonly max: number; readonly usual: number };
  /** Why no others. */
  readonly limits: string;
  /** What it is, in a sentence. */
  readonly about: string;
}

const SHOWN: Readonly<Record<DemoAlgorithm, Shown>> = {
  ffsplit: {
    nodes: { min: 2, max: 8, usual: 4 },
    limits: '',
    about: "ffsplit: the arbiter's one vote goes to one half of a split.",
  },
  lms: {
    nodes: { min: 2, max: 8, usual: 4 },
    limits: '',
    about: 'lms: the arbiter has so many votes that a last node can go on alone.',
  },
  '2nodelms': {
    nodes: { min: 2, max: 2, usual: 2 },
    limits: '2nodelms is for two nodes: leave --nodes out, or use --algorithm lms.',
    about: '2nodelms: of two nodes the last one goes on.',
  },
  test: {
    nodes: { min: 4, max: 8, usual: 4 },
    limits: 'test is shown with 4 to 8 nodes: with fewer both sides of a split would go on.',
    about:
      'test: everybody who asks gets the vote, both sides of a split too. It is for trying out connections, and shown ' +
      'with vote_safety=upstream; by default one side alone would have it.',
  },
};
const ALGORITHMS = ['ffsplit', 'lms', '2nodelms', 'test'] as const satisfies readonly DemoAlgorithm[];
const ALGORITHM_NAMES = 'ffsplit, lms, 2nodelms or test';
const NODES = SHOWN.ffsplit.nodes;
/** As a shell reports a program that ended by SIGINT. */
const STOPPED_EXIT_CODE = 130;

/** Resolves with the exit code when the show is over. */
export async function demo(args: readonly string[], output: Output): Promise<number> {
  try {
    const choice = await demoChoice(args);
    return choice === 'told' ? 0 : await playDemo(choice, output);
  } catch (error) {
    return reportMistake(error, output);
  }
}

/** `told`: the help was asked for and printed. */
export async function demoChoice(args: readonly string[]): Promise<DemoChoice | 'told'> {
  const text = (describe: string) => ({ type: 'string', requiresArg: true, describe }) as const;
  const parser = yargs([...args])
    .scriptName('npm run demo --')
    .usage('$0 [options]\n\nA cluster and its arbiter, split, healed and saved before your eyes.')
    .option('nodes', text('nodes of the cluster, 2 to 8; left out: 4, or 2 for 2nodelms'))
    .option('algorithm', text(`how the arbiter decides: ${ALGORITHM_NAMES}; left out: ffsplit`))
    .option('seed', text('a number that draws order, split and lost node; left out: always the same'))
    .version(false)
    .wrap(null)
    .strict()
    .exitProcess(false)
    .fail((message: string | undefined, error: Error | undefined) => {
      throw new OperatorError(sentence(message ?? String(error?.message)), 'See npm run demo -- --help.');
    });
  const chosen = await parser.parseAsync();
  if (chosen['help'] === true) return 'told';
  if (chosen._.length > 0) throw new OperatorError(`"${chosen._[0]}" is no option.`, 'See npm run demo -- --help.');
  const algorithm = algorithmCalled(lastOf(chosen.algorithm) ?? 'ffsplit');
  const { nodes, limits } = SHOWN[algorithm];
  const nodeCount = numberIn('--nodes', lastOf(chosen.nodes), NODES) ?? nodes.usual;
  if (nodeCount < nodes.min || nodeCount > nodes.max) throw new OperatorError(`--nodes is "${nodeCount}".`, limits);
  return {
    nodeCount,
    algorithm,
    seed: numberIn('--seed', lastOf(chosen.seed), { min: 0, max: SEED_MAX }),
  };
}

async function playDemo({ nodeCount, seed, algorithm }: DemoChoice, output: Output): Promise<number> {
  const { play } = await import('../demo/play.ts');
  const { screenFor } = await import('../demo/screen.ts');
  const { storyOf } = await import('../demo/story.ts');
  const stop = new AbortController();
  const forget = onSignals({ stop: () => stop.abort(), reload: () => stop.abort() });
  const { stdout, env: environment } = process;
  const terminal = stdout.isTTY ? { columns: stdout.columns, rows: stdout.rows } : undefined;
  const screen = screenFor({ write: (text) => stdout.write(text), environment, terminal });
  const beganMs = performance.now();
  try {
    screen.say(
      `An arbiter and ${nodeCount} nodes in one process, over TLS; corosync is an embedded stand-in. ` +
        "Nodes that count the arbiter's vote are marked.",
    );
    screen.say(SHOWN[algorithm].about);
    const result = await play(storyOf(nodeCount, seed, algorithm), screen, stop.signal);
    if (result.kind === 'wrong') {
      output.err(`${result.why} This is a defect of this program: please report it with the lines above.`);
      return 1;
    }
    if (result.kind === 'stopped') {
      output.err('Stopped; everything is taken down again.');
      return STOPPED_EXIT_CODE;
    }
    const seconds = Math.round((performance.now() - beganMs) / 1_000);
    screen.say(`Every scene ended as the rules say; never were two partitions quorate. (${seconds} s)`);
    return 0;
  } finally {
    forget();
  }
}

function algorithmCalled(name: string): DemoAlgorithm {
  const known = ALGORITHMS.find((algorithm) => algorithm === name);
  if (known !== undefined) return known;
  throw new OperatorError(`"${name}" is no algorithm.`, `Use ${ALGORITHM_NAMES}.`);
}

function numberIn(name: string, text: string | undefined, { min, max }: { min: number; max: number }) {
  if (text === undefined) return undefined;
  const read = /^\d{1,10}$/.test(text) ? Number(text) : Number.NaN;
  if (read >= min && read <= max) return read;
  throw new OperatorError(`${name} is ${text === '' ? 'empty' : `"${text}"`}.`, `Give a number from ${min} to ${max}.`);
}

/** An option that is given twice is a list, whatever its type says. */
function lastOf(value: string | readonly string[] | undefined): string | undefined {
  return typeof value === 'string' ? value : value?.at(-1);
}

function sentence(message: string): string {
  const line = message.trim().replaceAll(/\s*\n\s*/g, ' ');
  return /[.!?]$/.test(line) ? line : `${line}.`;
}
