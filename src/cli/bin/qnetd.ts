#!/usr/bin/env -S node --max-semi-space-size=1 --heap-growing-percent=10
import { qnetd } from '../qnetd.ts';

const args = process.argv.slice(2);
const exitCode = await qnetd(args);
process.exitCode = exitCode;
// A service that has stopped is over, whatever may still be open; short commands end when their output is out.
if (args[0] === 'run') process.exit(exitCode);
