/** The demo runs where corosync is not installed: nothing that it loads may ask for corosync's libraries. */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';

const START = new URL('../../src/cli/bin/qdevice-demo.ts', import.meta.url);
/** Types vanish; everything else is loaded, at once or later. */
const IMPORT = /^(?:import|export) (?!type )[^;]*? from '([^']+)'|^import '([^']+)'|\bimport\('([^']+)'\)/gm;

function loadedFrom(start: URL): Set<string> {
  const loaded = new Set<string>();
  const waiting = [start];
  for (let file = waiting.pop(); file !== undefined; file = waiting.pop()) {
    if (loaded.has(file.href)) continue;
    loaded.add(file.href);
    for (const [, from, bare, later] of readFileSync(file, 'utf8').matchAll(IMPORT)) {
      const name = from ?? bare ?? later ?? '';
      if (name.startsWith('.')) waiting.push(new URL(name, file));
      else loaded.add(name);
    }
  }
  return loaded;
}

test('the demo loads neither koffi nor what uses it', () => {
  const loaded = loadedFrom(START);
  assert.ok([...loaded].some((name) => name.endsWith('/src/corosync/twin/cluster.ts')));
  assert.ok([...loaded].some((name) => name.endsWith('/src/qnetd/service.ts')));
  for (const name of loaded) assert.doesNotMatch(name, /^koffi$|\/corosync\/(?:library|connect)\.ts$/);
  const real = loadedFrom(new URL('../../src/corosync/connect.ts', import.meta.url));
  assert.ok(real.has('koffi'), 'this test can see it');
});
