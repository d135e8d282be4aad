#!/usr/bin/env node
import { demo } from '../demo.ts';
import { processOutput } from '../output.ts';

const exitCode = await demo(process.argv.slice(2), processOutput());
// The show is over, whatever may still be open.
process.exit(exitCode);
