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
  /** A line that the next one replaces, with the time that it stands; only a terminal shows it. */
  passing(text: string): void;
  /** Takes it away, for somebody else to write. */
  clear(): void;
}

/** It counts the seconds only when there are some. */
const TICK_MS = 1_000;
const RED = 31;
const COLOURS: Readonly<Record<string, number>> = { ok: 32, problem: RED, failed: RED, stuck: RED, note: 33 };

export function processLines(): LineSink {
  const terminal = process.stdout.isTTY === true;
  const coloured = terminal && (process.env['NO_COLOR'] ?? '') === '';
  let standing = false;
  let timer: NodeJS.Timeout | undefined;
  const clear = () => {
    clearInterval(timer);
    if (standing) process.stdout.write('\r\u001b[K');
    standing = false;
  };
  const show = (text: string, seconds: number) => {
    const [word = '', rest = ''] = [text.slice(0, LABEL_COLUMNS), text.slice(LABEL_COLUMNS)];
    const label = seconds < 2 ? word : `${seconds} s`.padEnd(LABEL_COLUMNS);
    process.stdout.write(`\r${`${label}${rest}`.slice(0, (process.stdout.columns ?? 80) - 1)}\u001b[K`);
    standing = true;
  };
  return {
    line(text) {
      clear();
      process.stdout.write(`${coloured ? withColour(text) : text}\n`);
    },
    passing(text) {
      if (!terminal) return;
      clear();
      const sinceMs = performance.now();
      show(text, 0);
      timer = setInterval(() => show(text, Math.floor((performance.now() - sinceMs) / TICK_MS)), TICK_MS);
      timer.unref();
    },
    clear,
  };
}

function withColour(text: string): string {
  const word = /^[a-z]+(?= )/.exec(text)?.[0] ?? '';
  const colour = COLOURS[word];
  const isLabel = colour !== undefined && text.charAt(LABEL_COLUMNS - 1) === ' ' && text.charAt(LABEL_COLUMNS) !== ' ';
  return isLabel ? `\u001b[${colour}m${word}\u001b[0m${text.slice(word.length)}` : text;
}

export function reportLines(report: Report, sink: LineSink): void {
  const passing = passingText(report);
  if (passing !== undefined) sink.passing(passing);
  else for (const line of linesOf(report)) sink.line(line);
}

function passingText(report: Report): string | undefined {
  if (report.kind === 'busy') return `...      ${report.text}`;
  if (report.kind === 'begin') return label('...', report.step.title).join(' ');
  if (report.kind === 'undo') return label('undoing', report.step.undoTitle ?? '').join(' ');
  return undefined;
}

function linesOf(report: Report): string[] {
  switch (report.kind) {
    case 'say':
      return wrapped(report.text, '');
    case 'findings':
      return report.findings.flatMap((finding) => findingLines(finding, report.force));
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
    case 'busy':
    case 'begin':
    case 'undo':
      return [];
  }
}

function findingLines({ level, problem, remedy }: Finding, force: boolean): string[] {
  // What is accepted is said all the same, but nobody is told how to accept it.
  if (level === 'force' && force) return label('note', remedy.includes('--force') ? problem : `${problem} ${remedy}`);
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
