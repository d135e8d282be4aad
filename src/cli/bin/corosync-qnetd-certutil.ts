#!/usr/bin/env node
import { certutil } from '../certutil-qnetd.ts';
import { processOutput } from '../output.ts';

const [, program = 'corosync-qnetd-certutil', ...args] = process.argv;
process.exitCode = await certutil({ args, program, output: processOutput() });
