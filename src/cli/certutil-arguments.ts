/** Arguments of the two certutil commands. What stands first is judged first, as in upstream's scripts. */
import { readShellArguments } from './getopts.ts';

interface Chosen {
  /** Of -c. */
  readonly file: string;
  readonly clusterName: string;
  /** Undefined: upstream's place. */
  readonly stateDir: string | undefined;
}

export type Parsed<Run> =
  | { readonly kind: 'usage' }
  | { readonly kind: 'invalid'; readonly problem: string }
  | ({ readonly kind: 'run' } & Run);

export type QnetdCertutilArguments = Parsed<
  Chosen & { readonly operation: 'init' | 'sign'; readonly groupWritable: boolean }
>;

export type NodeOperation = 'init' | 'request' | 'importCertificate' | 'importPkcs12' | 'quickStart';

export type NodeCertutilArguments = Parsed<
  Chosen & {
    readonly operation: NodeOperation;
    /** The program to reach other hosts with, of -S. */
    readonly ssh: string;
    readonly operands: readonly string[];
  }
>;

export function parseQnetdCertutil(args: readonly string[]): QnetdCertutilArguments {
  let operation: 'init' | 'sign' | undefined;
  let groupWritable = true;
  const seen = readCommon(args, 'cn', (name) => {
    if (name === '-i') operation = 'init';
    else if (name === '-s') operation = 'sign';
    else if (name === '-G') groupWritable = false;
    else return false;
    return true;
  });
  if (seen.kind !== 'run') return seen;
  return operation === undefined ? { kind: 'usage' } : { ...seen, operation, groupWritable };
}

const NODE_OPERATIONS: Readonly<Record<string, NodeOperation>> = {
  '-i': 'init',
  '-r': 'request',
  '-M': 'importCertificate',
  '-m': 'importPkcs12',
  '-Q': 'quickStart',
};

export function parseNodeCertutil(args: readonly string[]): NodeCertutilArguments {
  let operation: NodeOperation | undefined;
  let ssh = 'ssh';
  const seen = readCommon(args, 'cnSC', (name, value) => {
    operation = NODE_OPERATIONS[name] ?? operation;
    if (name === '-S') ssh = value;
    // -C names a program to copy with; what is copied goes through the other one.
    return NODE_OPERATIONS[name] !== undefined || name === '-S' || name === '-C';
  });
  if (seen.kind !== 'run') return seen;
  return operation === undefined ? { kind: 'usage' } : { ...seen, operation, ssh };
}

function readCommon(
  args: readonly string[],
  lettersWithValue: string,
  take: (name: string, value: string) => boolean,
): Parsed<Chosen & { readonly operands: readonly string[] }> {
  let [file, clusterName] = ['', ''];
  let stateDir: string | undefined;
  const { options, operands } = readShellArguments(args, lettersWithValue);
  for (const { name, value, lacksValue } of options) {
    if (lacksValue) return { kind: 'invalid', problem: `Option ${name} needs a value. Try -h.` };
    if (name === '-h') return { kind: 'usage' };
    if (name === '-c') file = value;
    else if (name === '-n') clusterName = value;
    else if (name === '--state') stateDir = value;
    else if (!take(name, value)) return { kind: 'invalid', problem: `Option ${name} is not known. Try -h.` };
  }
  return { kind: 'run', file, clusterName, stateDir, operands };
}
