/**
 * The scenario files beside this module, with upstream's outcomes. Where vote_safety=strict has others, a file of the same
 * name below strict/ holds the same commands with those.
 */
import { existsSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import type { Case } from './script.ts';
import { parseScript } from './script.ts';

const HERE = new URL('./', import.meta.url);

export function scenarioFiles(): string[] {
  return readdirSync(HERE)
    .filter((file) => file.endsWith('.txt'))
    .sort();
}

export function readScenario(file: string): string {
  return readFileSync(new URL(file, HERE), 'utf8');
}

export function writeScenario(file: string, text: string): void {
  writeFileSync(new URL(file, HERE), text);
}

const strictFile = (file: string): URL => new URL(`strict/${file}`, HERE);

export function readStrict(file: string): string {
  return existsSync(strictFile(file)) ? readFileSync(strictFile(file), 'utf8') : readScenario(file);
}

/** Nothing is written where the outcomes are upstream's. */
export function writeStrict(file: string, text: string): void {
  if (text === readScenario(file)) rmSync(strictFile(file), { force: true });
  else writeFileSync(strictFile(file), text);
}

export function strictCases(): Case[] {
  return scenarioFiles().flatMap((file) => parseScript(file, readStrict(file)));
}

export function allCases(): Case[] {
  return scenarioFiles().flatMap((file) => parseScript(file, readScenario(file)));
}

/** Debian's daemon does not survive this case. */
export function killsUpstream(scenario: Case): boolean {
  return scenario.cluster['upstream'] === 'dies';
}

/** One daemon serves many cases, each with a cluster of its own. */
export function clusterNameOf(scenario: Case): string {
  return `${scenario.file.replace('.txt', '')}: ${scenario.title}`;
}
