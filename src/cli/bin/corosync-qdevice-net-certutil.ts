#!/usr/bin/env node
import { nodeCertutil } from '../certutil-node.ts';
import { processOutput } from '../output.ts';

const [, program = 'corosync-qdevice-net-certutil', ...args] = process.argv;
process.exitCode = await nodeCertutil({ args, program, output: processOutput() });
