/** Scratch directories, and the real tools: openssl, NSS, and upstream's scripts pointed at a scratch directory. */
import assert from 'node:assert/strict';
import { type SpawnSyncReturns, spawnSync } from 'node:child_process';
import { chmodSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after } from 'node:test';
import { OperatorError } from '../../src/runtime/errors.ts';

const TOOL_TIMEOUT_MS = 60_000;

/** Gone after the test file has run. Others may pass through, so that a test can try as another user. */
export function scratchDirectory(name: string): string {
  const directory = mkdtempSync(join(tmpdir(), `qdevice-${name}-`));
  chmodSync(directory, 0o755);
  after(() => rmSync(directory, { recursive: true, force: true }));
  return directory;
}

export function runTool(tool: string, args: readonly string[], input = ''): SpawnSyncReturns<string> {
  const env = { ...process.env, LC_ALL: 'C' };
  const done = spawnSync(tool, args, { encoding: 'utf8', input, timeout: TOOL_TIMEOUT_MS, env });
  assert.equal(done.error, undefined, `${tool} cannot be run`);
  return done;
}

/** What the tool prints, which must succeed. */
export function output(tool: string, args: readonly string[], input = ''): string {
  const done = runTool(tool, args, input);
  assert.equal(done.status, 0, `${tool} ${args.join(' ')}: ${done.stderr}${done.stdout}`);
  return done.stdout;
}

/** Upstream's arbiter script with its files below `configDir`, which is made. */
export function upstreamArbiterScript(scratch: string, configDir: string): string {
  mkdirSync(configDir, { recursive: true });
  return pointElsewhere('/usr/bin/corosync-qnetd-certutil', scratch, [
    [/^CONFIG_DIR=.*$/m, `CONFIG_DIR="${configDir}"`],
  ]);
}

/** Upstream's node script with its files below `baseDir`, which is made. */
export function upstreamNodeScript(scratch: string, baseDir: string): string {
  mkdirSync(baseDir, { recursive: true });
  return pointElsewhere('/usr/sbin/corosync-qdevice-net-certutil', scratch, [
    [/^BASE_DIR=.*$/m, `BASE_DIR="${baseDir}"`],
  ]);
}

/** Every file of a directory with its bytes and mode. */
export function contentOf(directory: string): Record<string, string> {
  const names = readdirSync(directory).sort();
  return Object.fromEntries(names.map((name) => [name, readFileSync(join(directory, name), 'base64')]));
}

export async function rejectsOperator(work: Promise<unknown>, ...patterns: readonly RegExp[]): Promise<OperatorError> {
  const error: unknown = await work.then(
    () => assert.fail('it went through'),
    (reason: unknown) => reason,
  );
  assert.ok(error instanceof OperatorError, `not an operator's error: ${String(error)}`);
  for (const pattern of patterns) assert.match(error.message, pattern);
  return error;
}

/** Runs the work with the rights of an ordinary user: its own, or as root those of nobody. */
export async function asOrdinaryUser<T>(work: () => Promise<T>): Promise<T> {
  if (process.geteuid?.() !== 0) return await work();
  process.setegid?.(65534);
  process.seteuid?.(65534);
  try {
    return await work();
  } finally {
    process.seteuid?.(0);
    process.setegid?.(0);
  }
}

function pointElsewhere(script: string, scratch: string, changes: readonly (readonly [RegExp, string])[]): string {
  let text = readFileSync(script, 'utf8');
  for (const [pattern, replacement] of changes) {
    assert.match(text, pattern);
    text = text.replace(pattern, replacement);
  }
  const path = join(mkdtempSync(join(scratch, 'script-')), 'certutil');
  writeFileSync(path, text);
  chmodSync(path, 0o755);
  return path;
}
