/** Sets a page of the manual with the macros of man(7), which every viewer knows. */
import type { Page, Section } from './page.ts';

export interface Edition {
  readonly version: string;
  /** In seconds since 1970. */
  readonly dateS: number;
}

export function roff(page: Page, { version, dateS }: Edition): string {
  const day = new Date(dateS * 1000).toISOString().slice(0, 10);
  return [
    `.TH ${page.name.toUpperCase()} ${page.section} ${day} "qdevice ${version}" "Quorum devices"`,
    '.SH NAME',
    `${escaped(page.name)} \\- ${escaped(page.summary)}`,
    '.SH SYNOPSIS',
    ...page.synopsis.flatMap((line, at) => [...(at === 0 ? [] : ['.br']), `.B ${page.name}`, line_(line)]),
    ...page.sections.flatMap(sectionLines),
    '.SH SEE ALSO',
    page.seeAlso.map((name) => `\\fB${escaped(name).replace('(', '\\fR(')}`).join(',\n'),
    '',
  ].join('\n');
}

function sectionLines({ title, paragraphs = [], rows = [], example }: Section): string[] {
  return [
    `.SH ${/\s/.test(title) ? `"${title}"` : title}`,
    ...paragraphs.flatMap((paragraph, at) => [...(at === 0 ? [] : ['.PP']), line_(paragraph)]),
    ...rows.flatMap(({ term, text }) => ['.TP', `.B ${escaped(term)}`, line_(text)]),
    ...(example === undefined ? [] : ['.PP', '.nf', '.RS', ...example.map(line_), '.RE', '.fi']),
  ];
}

/** A line that begins like a request is none. */
function line_(text: string): string {
  const line = escaped(text);
  return /^[.']/.test(line) ? `\\&${line}` : line;
}

/** A hyphen that somebody may copy to a command line has to be the one of the keyboard. */
function escaped(text: string): string {
  return text.replaceAll('\\', '\\e').replaceAll('-', '\\-').replaceAll("'", '\\(aq').replaceAll('`', '\\(ga');
}
