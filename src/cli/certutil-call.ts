/** What both certutil commands are called with, and how they begin and fail. */
import type { Parsed } from './certutil-arguments.ts';
import { type SwitchTable, usageLines } from './manual/switches.ts';
import { type Output, reportMistake } from './output.ts';

export interface CertutilCall {
  readonly args: readonly string[];
  /** As the command was called, for messages that name it. */
  readonly program: string;
  readonly output: Output;
  /** For what the administrator should find later as well. */
  readonly tellLog?: (warning: string) => Promise<void>;
}

/** Upstream's exit codes: a file or name that is missing, and everything else. */
export const EXIT_ARGUMENT = 2;
export const EXIT_FAILED = 1;

/** `run` gets what was asked for; what it throws is an operator's mistake, told in a sentence, or a defect. */
export async function answerCall<Run>(
  { output, program }: CertutilCall,
  parsed: Parsed<Run>,
  table: SwitchTable,
  run: (chosen: Run) => Promise<number>,
): Promise<number> {
  if (parsed.kind === 'invalid') {
    output.err(parsed.problem);
    return EXIT_FAILED;
  }
  if (parsed.kind === 'usage') {
    for (const line of usageLines(table, program)) output.out(line);
    return 0;
  }
  try {
    return await run(parsed);
  } catch (error) {
    return reportMistake(error, output);
  }
}
