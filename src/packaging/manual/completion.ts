/** Completion for bash, from what the commands declare. */
import type { DeclaredOption, DeclaredProgram } from '../../cli/manual/recorder.ts';
import type { SwitchTable } from '../../cli/manual/switches.ts';

const FILE_OPTIONS = ['--request', '--out', '--endorsement', '--state', '--run-dir', '--socket'];
const FILE_SWITCHES = ['-c', '-p', '--state'];

/** One file for all programs of a host; the names of the others are to link to it. */
export function bashCompletion(
  programs: Readonly<Record<string, DeclaredProgram>>,
  tables: readonly SwitchTable[],
): string {
  return [
    ...Object.entries(programs).flatMap(([name, program]) => [...commandFunction(name, program), '']),
    ...tables.flatMap((table) => [...switchFunction(table), '']),
  ].join('\n');
}

function commandFunction(name: string, { commands, options }: DeclaredProgram): string[] {
  const cases = commands.map(({ usage, operands, options: own }) => {
    const operandWords = operands.flatMap(({ choices }) => choices);
    const words = [...operandWords, ...[...own, ...options].flatMap(({ names }) => names)];
    return `        ${usage.split(' ')[0]}) words='${words.join(' ')}' ;;`;
  });
  const every = [...commands.flatMap(({ options: own }) => own), ...options];
  return [
    `_${name}() {`,
    '    local word=$2 before=$3 words',
    '    COMPREPLY=()',
    '    case $before in',
    ...valueCases(every),
    '    esac',
    '    if ((COMP_CWORD == 1)); then',
    `        mapfile -t COMPREPLY < <(compgen -W '${commands.map(({ usage }) => usage.split(' ')[0]).join(' ')} --help --version' -- "$word")`,
    '        return',
    '    fi',
    `    case \${COMP_WORDS[1]} in`,
    ...cases,
    '    esac',
    '    mapfile -t COMPREPLY < <(compgen -W "$words --help" -- "$word")',
    `} && complete -F _${name} ${name}`,
  ];
}

function valueCases(options: readonly DeclaredOption[]): string[] {
  const lines = new Map<string, string>();
  for (const { names, value, choices } of options) {
    const file = names.some((name) => FILE_OPTIONS.includes(name));
    const complete = choices.length > 0 ? `-W '${choices.join(' ')}'` : file ? '-f' : "-W ''";
    if (value !== undefined) lines.set(names.join('|'), complete);
  }
  return [...lines].map(
    ([names, complete]) => `        ${names}) mapfile -t COMPREPLY < <(compgen ${complete} -- "$word"); return ;;`,
  );
}

function switchFunction({ name, switches }: SwitchTable): string[] {
  const own = `_${name.replaceAll('-', '_')}`;
  const files = switches
    .map(({ letter }) => `-${letter}`)
    .filter(
      (one) =>
        FILE_SWITCHES.includes(one) && !(name === 'corosync-qnetd' || (name === 'corosync-qnetd-tool' && one === '-c')),
    );
  return [
    `${own}() {`,
    '    local word=$2 before=$3',
    '    COMPREPLY=()',
    ...(files.length === 0
      ? []
      : [
          '    case $before in',
          `        ${files.join('|')}) mapfile -t COMPREPLY < <(compgen -f -- "$word"); return ;;`,
          '    esac',
        ]),
    `    mapfile -t COMPREPLY < <(compgen -W '${switches.map(({ letter }) => `-${letter}`).join(' ')}' -- "$word")`,
    `} && complete -F ${own} ${name}`,
  ];
}
