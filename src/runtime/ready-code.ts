/**
 * A daemon that idles for weeks has to be quick at the one moment that counts. V8 compiles what runs often; what runs once a
 * month it interprets, and it throws away even the bytecode of what has not run for a while. What a
 * cut costs with and without these settings: test/bench/cut.ts.
 */
import { setFlagsFromString } from 'node:v8';

const FLAGS = ['--no-flush-bytecode', '--always-sparkplug', '--no-lazy-feedback-allocation'];

/** To be called before the code in question runs for the first time. */
export function keepCodeReady(): void {
  for (const flag of FLAGS) setFlagsFromString(flag);
}
