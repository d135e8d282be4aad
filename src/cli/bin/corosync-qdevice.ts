#!/usr/bin/env node
import { finish } from '../command-result.ts';
import { processOutput, reportMistake } from '../output.ts';
import { qdeviceCommandLine } from '../qdevice-command-line.ts';
import { assertUsable } from '../qdevice-settings.ts';
import { groupId } from '../qnetd-settings.ts';

process.title = 'corosync-qdevice';
const commandLine = qdeviceCommandLine(process.argv.slice(2), groupId);
if (commandLine.kind === 'exit') {
  finish(commandLine.result);
} else {
  try {
    assertUsable(commandLine.options);
    const { runQdevice } = await import('../../qdevice/main.ts');
    process.exit(await runQdevice(commandLine.options));
  } catch (error) {
    process.exitCode = reportMistake(error, processOutput());
  }
}
