/** Signals that reach the daemon while it imports upstream's database, with a certutil that takes its time. */
import assert from 'node:assert/strict';
import { chmodSync, existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { before, type TestContext, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { output, scratchDirectory, upstreamArbiterScript } from '../certs/tools.ts';
import { type DaemonProcess, ownOptions, spawnDaemon } from './daemon.ts';

const scratch = scratchDirectory('import-signals');
const theirs = join(scratch, 'qnetd/nssdb');

before(() => {
  output(upstreamArbiterScript(scratch, join(scratch, 'qnetd')), ['-i', '-G']);
});

/** A daemon whose certutil has been called and waits until `go` is called. */
async function importing(
  t: TestContext,
  name: string,
): Promise<{ daemon: DaemonProcess; toolPid: number; go(): void }> {
  const tools = join(scratch, name);
  mkdirSync(tools);
  const [pidFile, gate] = [join(tools, 'pid'), join(tools, 'gate')];
  const script = `#!/bin/sh\necho $$ > ${pidFile}.new && mv ${pidFile}.new ${pidFile}\nfor i in $(seq 600); do [ -e ${gate} ] && exec /usr/bin/certutil "$@"; sleep 0.05; done\n`;
  writeFileSync(join(tools, 'certutil'), script);
  chmodSync(join(tools, 'certutil'), 0o755);
  const stateDir = join(tools, 'nssdb');
  output('cp', ['-r', theirs, stateDir]);
  const options = { ...(await ownOptions(t, { ownCertificates: true })), stateDir };
  const env = { ...process.env, PATH: `${tools}${delimiter}${process.env['PATH']}` };
  const daemon = spawnDaemon(t, options, { env });
  for (let tries = 0; tries < 600 && !existsSync(pidFile); tries += 1) await sleep(50);
  const toolPid = Number(readFileSync(pidFile, 'utf8'));
  return { daemon, toolPid, go: () => writeFileSync(gate, '') };
}

test('a reload during the import does not disturb it', async (t) => {
  const { daemon, go } = await importing(t, 'reload');
  daemon.child.kill('SIGHUP');
  await sleep(100);
  go();
  await daemon.line('serving');
  assert.ok(daemon.lines.some(({ msg }) => msg === 'certificate imported from the NSS database'));
});

test('a stop during the import ends in a clean exit, whether the tool gets the signal or not', async (t) => {
  const spared = await importing(t, 'stop');
  spared.daemon.child.kill('SIGTERM');
  await sleep(100);
  spared.go();
  assert.equal(await spared.daemon.end(), 0, spared.daemon.errors);
  const struck = await importing(t, 'stop-all');
  struck.daemon.child.kill('SIGTERM');
  await sleep(100);
  process.kill(struck.toolPid, 'SIGTERM');
  assert.equal(await struck.daemon.end(), 0, struck.daemon.errors);
});

test('a tool that was stopped is no reason to start a new authority', async (t) => {
  const { daemon, toolPid } = await importing(t, 'struck');
  process.kill(toolPid, 'SIGTERM');
  assert.equal(await daemon.end(), 1);
  assert.match(
    daemon.errors,
    /certutil, reading the database in .*, was stopped .* Start again: the database is as it was/,
  );
  assert.doesNotMatch(daemon.errors, /empty the directory|missing/);
});
