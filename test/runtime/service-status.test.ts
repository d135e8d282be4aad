/** What the service manager hears while the service runs. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { RecordingServiceManager } from '../../src/runtime/service-manager.ts';
import { ServiceStatus } from '../../src/runtime/service-status.ts';

async function untilTold(manager: RecordingServiceManager, what: string): Promise<void> {
  for (let waits = 0; waits < 1_000 && !manager.told.includes(what); waits += 1) {
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
  assert.ok(manager.told.includes(what), `${what} in ${manager.told.join(' ')}`);
}

test('ready with its line, a new line when it changed, stopping', async () => {
  const manager = new RecordingServiceManager();
  let line = '0 clients';
  const status = new ServiceStatus({ manager, line: () => line, check: () => undefined });
  await status.ready();
  assert.deepEqual(manager.told, ['READY=1', 'STATUS=0 clients']);
  for (let clients = 1; clients <= 3; clients += 1) {
    line = `${clients} clients`;
    status.changed();
  }
  await untilTold(manager, 'STATUS=3 clients');
  await status.stopping();
  assert.deepEqual(manager.told.slice(2), ['STATUS=3 clients', 'STOPPING=1']);
});

test('each sign of life follows a check that the service works', async () => {
  const manager = new RecordingServiceManager(5);
  let checks = 0;
  const status = new ServiceStatus({
    manager,
    line: () => '',
    check: () => {
      checks += 1;
    },
  });
  await status.ready();
  await untilTold(manager, 'WATCHDOG=1');
  await status.stopping();
  assert.equal(manager.told.filter((told) => told === 'WATCHDOG=1').length, checks);
});
