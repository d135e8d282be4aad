/** The reference is bash's own getopts, run on the same arguments. */
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { test } from 'node:test';
import fc from 'fast-check';
import { parseNodeCertutil, parseQnetdCertutil } from '../../src/cli/certutil-arguments.ts';

const SHELL = `
while getopts ":Ghisc:n:" letter; do
  case $letter in
    i) operation=init ;; s) operation=sign ;; G) group=no ;;
    c) file=$OPTARG ;; n) name=$OPTARG ;;
    h) printf 'usage'; exit ;;
    *) printf 'invalid -%s' "$OPTARG"; exit ;;
  esac
done
[ -z "$operation" ] && printf 'usage' && exit
printf '%s|%s|%s|%s' "$operation" "$file" "$name" "$group"
`;

function shellReads(args: readonly string[]): string {
  const done = spawnSync('bash', ['-c', SHELL, 'bash', ...args], { encoding: 'utf8' });
  assert.equal(done.status, 0, done.stderr);
  return done.stdout;
}

function weRead(args: readonly string[]): string {
  const parsed = parseQnetdCertutil(args);
  if (parsed.kind === 'usage') return 'usage';
  if (parsed.kind === 'invalid') return `invalid ${/Option (-\S?)/.exec(parsed.problem)?.[1]}`;
  return [parsed.operation, parsed.file, parsed.clusterName, parsed.groupWritable ? '' : 'no'].join('|');
}

test('arguments are read as the shell reads them', () => {
  const word = fc.oneof(
    fc.constantFrom('-i', '-s', '-G', '-h', '-c', '-n', '-is', '-sG', '-x', '-', '--', '', 'file', '-nname', '-scfile'),
    fc.stringMatching(/^-[Ghiscnx:a?-]{1,3}$/),
  );
  fc.assert(
    fc.property(fc.array(word, { maxLength: 5 }), (args) => {
      fc.pre(!args.some((arg) => arg.startsWith('--') && arg.length > 2));
      assert.equal(weRead(args), shellReads(args));
    }),
    { numRuns: 300 },
  );
});

const NODE_SHELL = `
while getopts ":hiMmQrc:n:S:C:" letter; do
  case $letter in
    i) operation=init ;; r) operation=request ;; Q) operation=quickStart ;;
    M) operation=importCertificate ;; m) operation=importPkcs12 ;;
    c) file=$OPTARG ;; n) name=$OPTARG ;; S) ssh=$OPTARG ;; C) ;;
    h) printf 'usage'; exit ;;
    *) printf 'invalid -%s' "$OPTARG"; exit ;;
  esac
done
[ -z "$operation" ] && printf 'usage' && exit
shift $((OPTIND-1))
printf '%s|' "$operation" "$file" "$name" "\${ssh-ssh}" "$@"
`;

test("the node's command reads its own, and the operands behind them", () => {
  const word = fc.oneof(
    fc.constantFrom('-i', '-r', '-M', '-m', '-Q', '-c', '-n', '-S', '-C', '-Qn', 'x', '--', '-', '', 'host', '-nname'),
    fc.stringMatching(/^-[hiMmQrcnSCs:?]{1,3}$/),
  );
  fc.assert(
    fc.property(fc.array(word, { maxLength: 6 }), (args) => {
      const done = spawnSync('bash', ['-c', NODE_SHELL, 'bash', ...args], { encoding: 'utf8' });
      const parsed = parseNodeCertutil(args);
      const read = (): string => {
        if (parsed.kind === 'usage') return 'usage';
        if (parsed.kind === 'invalid') return `invalid ${/Option (-\S?)/.exec(parsed.problem)?.[1]}`;
        const { operation, file, clusterName, ssh, operands } = parsed;
        return [operation, file, clusterName, ssh, ...operands, ''].join('|');
      };
      assert.equal(read(), done.stdout);
    }),
    { numRuns: 200 },
  );
});

test('the state directory is an option of our own', () => {
  for (const args of [
    ['--state', 'dir', '-i'],
    ['--state=dir', '-i'],
    ['-i', '--state=elsewhere', '--state', 'dir'],
  ]) {
    const parsed = parseQnetdCertutil(args);
    assert.equal(parsed.kind === 'run' && parsed.stateDir, 'dir', args.join(' '));
  }
  const equals = parseQnetdCertutil(['-i', '--state=a=b']);
  assert.equal(equals.kind === 'run' && equals.stateDir, 'a=b');
  for (const args of [['--state'], ['--state='], ['--states', 'dir'], ['--help']]) {
    assert.equal(parseQnetdCertutil(args).kind, 'invalid', args.join(' '));
  }
});
