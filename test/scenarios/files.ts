/** The scenario files beside this module. */
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
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
