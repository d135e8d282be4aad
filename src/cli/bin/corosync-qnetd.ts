#!/usr/bin/env -S node --max-semi-space-size=1 --heap-growing-percent=10
import { finish } from '../command-result.ts';
import { corosyncQnetdCommandLine } from '../corosync-qnetd.ts';
import { processOutput, reportMistake } from '../output.ts';
import { assertServing, groupId } from '../qnetd-settings.ts';

process.title = 'corosync-qnetd';
const commandLine = corosyncQnetdCommandLine(process.argv.slice(2), groupId);
if (commandLine.kind === 'exit') {
  finish(commandLine.result);
} else {
  const output = processOutput();
  process.stderr.write(commandLine.warnings);
  try {
    assertServing(commandLine.options);
    const { runQnetd } = await import('../../qnetd/main.ts');
    process.exit(await runQnetd(commandLine.options));
  } catch (error) {
    process.exitCode = reportMistake(error, output);
  }
}
