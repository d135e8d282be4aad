#!/usr/bin/env node
import { qdevice } from '../qdevice.ts';

const args = process.argv.slice(2);
const exitCode = await qdevice(args);
process.exitCode = exitCode;
// A daemon that has stopped is over, whatever may still be open; short commands end when their output is out.
if (args[0] === 'run') process.exit(exitCode);
