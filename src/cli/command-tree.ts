/** A program with commands below it, as yargs reads them: `qnetd`, `qdevice`. */
import type { Argv } from 'yargs';
import yargs from 'yargs';
import { processOutput, reportMistake } from './output.ts';
import { packageVersion } from './version.ts';
import { failureOf, helpColumns } from './yargs-options.ts';

/** What a command calls when it has ended. */
export type Done = (exitCode: number) => void;

export interface CommandTree {
  readonly name: string;
  /** One sentence, for the top of `--help`. */
  readonly purpose: string;
  /** Declares every command and option. */
  readonly declare: (parser: Argv, done: Done) => void;
}

/** Runs the command that `args` name. Resolves when it is done, with its exit code; an operator's mistake is told and is one too. */
export async function runCommand({ name, purpose, declare }: CommandTree, args: readonly string[]): Promise<number> {
  let exitCode = 0;
  const parser = yargs([...args])
    .scriptName(name)
    .usage(`$0 COMMAND\n\n${purpose}`)
    .version(packageVersion())
    .wrap(helpColumns())
    .strict()
    .demandCommand(1, 1, 'No command was given.', 'More than one command was given.')
    .exitProcess(false)
    .fail((message: string | undefined, error: Error | undefined) => {
      throw failureOf(name, message, error);
    });
  declare(parser, (code) => {
    exitCode = code;
  });
  try {
    await parser.parseAsync();
    return exitCode;
  } catch (error) {
    return reportMistake(error, processOutput());
  }
}
