#!/usr/bin/env node
import { certutil } from '../certutil-qnetd.ts';
import { processOutput } from '../output.ts';
import { tellSyslog } from '../tell-syslog.ts';

const [, program = 'corosync-qnetd-certutil', ...args] = process.argv;
const tellLog = (warning: string) => tellSyslog('corosync-qnetd-certutil', warning);
process.exitCode = await certutil({ args, program, output: processOutput(), tellLog });
