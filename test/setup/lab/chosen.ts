/** For the wide tests: SETUP_LAB=wide runs them all, SETUP_LAB=NAME,... those of these names. */
import assert from 'node:assert/strict';
import type { CommandResult } from '../../lab/processes.ts';

const asked = process.env['SETUP_LAB'] ?? '';

export const isChosen = (name: string): boolean => asked === 'wide' || asked.split(',').includes(name);

export function succeeded({ exitCode, stdout, stderr }: CommandResult): string {
  assert.equal(exitCode, 0, stdout + stderr);
  return stdout;
}
