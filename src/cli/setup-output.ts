/** How setup and its sister commands tell what they do, in 80 columns, and how they end. */
import { wordsOf } from '../setup/commands/carry-out.ts';
import type { CommandOutcome, Report } from '../setup/commands/report.ts';
import type { Finding } from '../setup/rules/finding.ts';
import { wrapped } from '../status/text-layout.ts';

/** `stuck` has to be told from a failure that left everything as it was. */
const EXIT_CODES = { done: 0, planned: 0, refused: 1, undone: 1, stuck: 2 } as const;
const EXIT_STOPPED = 130;
const LABEL_COLUMNS = 9;
const LEVELS = { refuse: 'problem', force: 'problem', note: 'note' } as const;

export interface LineSink {
  /** A whole line. */
  line(text: string): void;
  /** A line that the next one replaces; only a terminal shows it. */
  passing(text: string): void;
}

export function processLines(): LineSink {
  const terminal = process.stdout.isTTY === true;
  let standing = false;
  return {
    line(text) {
      process.stdout.write(`${standing ? '\r\u001b[K' : ''}${text}\n`);
      standing = false;
    },
    passing(text) {
      if (!terminal) return;
      process.stdout.write(`${standing ? '\r\u001b[K' : ''}${text.slice(0, (process.stdout.columns ?? 80) - 1)}`);
      standing = true;
    },
  };
}

export function reportLines(report: Report, sink: LineSink): void {
  const passing = passingText(report);
  if (passing !== undefined) sink.passing(passing);
  else for (const line of linesOf(report)) sink.line(line);
}

function passingText(report: Report): string | undefined {
  if (report.kind === 'begin') return label('...', report.step.title).join(' ');
  if (report.kind === 'undo') return label('undoing', report.step.undoTitle ?? '').join(' ');
  return undefined;
}

function linesOf(report: Report): string[] {
  switch (report.kind) {
    case 'say':
      return wrapped(report.text, '');
    case 'findings':
      return report.findings.flatMap(findingLines);
    case 'done':
      return label('ok', report.step.title);
    case 'failed':
      return label('failed', report.step.title);
    case 'undone':
      return label('undone', report.step.undoTitle ?? '');
    case 'notUndone':
      return label('stuck', report.step.undoTitle ?? '');
    case 'notReleased': {
      const text = `${wordsOf(report.error).problem} The next qdevice setup, remove or sync tidies up there.`;
      return label('note', text);
    }
    case 'begin':
    case 'undo':
      return [];
  }
}

function findingLines({ level, problem, remedy }: Finding): string[] {
  const forced = level === 'force' && !remedy.includes('--force') ? ' (--force goes on all the same.)' : '';
  return label(LEVELS[level], `${problem} ${remedy}${forced}`);
}

export function endLines(outcome: CommandOutcome): string[] {
  if (outcome.outcome === 'planned') {
    const steps = outcome.steps.flatMap(({ title }, at) => label(`${at + 1}.`, title));
    return [...(steps.length > 0 ? ['Nothing was changed. It would:'] : ['Nothing to do.']), ...steps];
  }
  if (outcome.outcome === 'done') return wrapped(outcome.summary ?? 'Done.', '');
  const left = (outcome.notUndone ?? []).flatMap((text) => label('stuck', text));
  const told = `${outcome.problem ?? ''} ${outcome.remedy ?? ''}`.trim();
  const end = {
    refused: '',
    undone: 'Everything is as it was before.',
    stuck:
      'NOT everything is as it was before: see above. Once that is mended run qdevice setup or qdevice remove again: it undoes the rest.',
  }[outcome.outcome];
  return [...left, ...wrapped(told, ''), ...(end === '' ? [] : wrapped(end, ''))];
}

export function exitCodeOf({ outcome }: CommandOutcome, stopped: boolean): number {
  return outcome === 'undone' && stopped ? EXIT_STOPPED : EXIT_CODES[outcome];
}

function label(word: string, text: string): string[] {
  const lines = wrapped(text, ' '.repeat(LABEL_COLUMNS));
  return lines.map((text, at) => (at === 0 ? word.padEnd(LABEL_COLUMNS) + text.slice(LABEL_COLUMNS) : text));
}
