/** The drop-in contract, row by row. */
import { ANSWER_ROWS } from './answers.ts';
import { FILE_ROWS } from './files.ts';
import { PACKAGE_ROWS } from './packages.ts';
import { PROGRAM_ROWS } from './programs.ts';
import type { Row } from './row.ts';

export const CONTRACT: readonly Row[] = [...PROGRAM_ROWS, ...PACKAGE_ROWS, ...FILE_ROWS, ...ANSWER_ROWS];
