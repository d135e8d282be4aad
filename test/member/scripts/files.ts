/** The scripts beside this module. */
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { type Case, parseScript } from '../../scenarios/script.ts';

const HERE = new URL('./', import.meta.url);

export function scriptFiles(): string[] {
  return readdirSync(HERE)
    .filter((file) => file.endsWith('.txt'))
    .sort();
}

export function readScript(file: string): string {
  return readFileSync(new URL(file, HERE), 'utf8');
}

export function writeScript(file: string, text: string): void {
  writeFileSync(new URL(file, HERE), text);
}

export function allScripts(): Case[] {
  return scriptFiles().flatMap((file) => parseScript(file, readScript(file)));
}
