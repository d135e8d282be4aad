import assert from 'node:assert/strict';
import { test } from 'node:test';
import { RecordingServiceManager, SILENT_SERVICE_MANAGER, serviceManager } from '../../src/runtime/service-manager.ts';
import { arrived, withReceiver } from './notify-receiver.ts';

test('a real datagram socket receives READY, STATUS, WATCHDOG and STOPPING in the order told', async () => {
  await withReceiver(async (socket, received) => {
    const failures: string[] = [];
    const before = process.env['NOTIFY_SOCKET'];
    process.env['NOTIFY_SOCKET'] = socket;
    try {
      const systemd = serviceManager(process.env, process.pid, (problem) => failures.push(problem));
      await systemd.ready('Serving 2 clusters\nSTOPPING=1');
      await systemd.status('Serving 3 clusters');
      await systemd.alive();
      await systemd.stopping();
      await arrived(received, 'STOPPING=1');
    } finally {
      if (before === undefined) delete process.env['NOTIFY_SOCKET'];
      else process.env['NOTIFY_SOCKET'] = before;
    }
    assert.deepEqual(failures, []);
    const told = received.filter((line) => /^(READY|STATUS|WATCHDOG|STOPPING)=/.test(line));
    assert.deepEqual(told, [
      'READY=1',
      'STATUS=Serving 2 clusters STOPPING=1',
      'STATUS=Serving 3 clusters',
      'WATCHDOG=1',
      'STOPPING=1',
    ]);
    assert.ok(received.includes(`MAINPID=${process.pid}`), 'the daemon is named, not the helper process');
  });
});

test('a status that is outdated before its turn is left out', async () => {
  await withReceiver(async (socket, received) => {
    const before = process.env['NOTIFY_SOCKET'];
    process.env['NOTIFY_SOCKET'] = socket;
    try {
      const systemd = serviceManager(process.env, process.pid, assert.fail);
      const told = [systemd.ready('start'), ...['a', 'b', 'c', 'd'].map((text) => systemd.status(text))];
      await Promise.all(told);
      await systemd.stopping();
      await arrived(received, 'STOPPING=1');
    } finally {
      if (before === undefined) delete process.env['NOTIFY_SOCKET'];
      else process.env['NOTIFY_SOCKET'] = before;
    }
    assert.deepEqual(
      received.filter((line) => line.startsWith('STATUS=')),
      ['STATUS=start', 'STATUS=d'],
    );
  });
});

test('a socket that nobody reads fails quietly, and every method still resolves', async () => {
  const failures: string[] = [];
  const before = process.env['NOTIFY_SOCKET'];
  process.env['NOTIFY_SOCKET'] = '/nonexistent/notify';
  try {
    const systemd = serviceManager(process.env, process.pid, (problem) => failures.push(problem));
    await Promise.all([systemd.ready('up'), systemd.status('busy'), systemd.alive(), systemd.stopping()]);
  } finally {
    if (before === undefined) delete process.env['NOTIFY_SOCKET'];
    else process.env['NOTIFY_SOCKET'] = before;
  }
  assert.equal(failures.length, 4);
});

test('without a notify socket the silent twin answers', () => {
  assert.equal(serviceManager({}, 1, assert.fail), SILENT_SERVICE_MANAGER);
  assert.equal(serviceManager({ NOTIFY_SOCKET: '' }, 1, assert.fail), SILENT_SERVICE_MANAGER);
});

test('the watchdog is served at half its time, and only by the process it is meant for', () => {
  const interval = (environment: NodeJS.ProcessEnv) =>
    serviceManager({ NOTIFY_SOCKET: '/x', ...environment }, 7, assert.fail).watchdogIntervalMs;
  assert.equal(interval({ WATCHDOG_USEC: '30000000' }), 15_000);
  assert.equal(interval({ WATCHDOG_USEC: '30000000', WATCHDOG_PID: '7' }), 15_000);
  assert.equal(interval({ WATCHDOG_USEC: '30000000', WATCHDOG_PID: '8' }), undefined);
  assert.equal(interval({ WATCHDOG_USEC: '1' }), 1);
  for (const bad of ['', '0', '-5', 'x', '1e9']) assert.equal(interval({ WATCHDOG_USEC: bad }), undefined, bad);
});

test('the recording twin keeps the words systemd would get', async () => {
  const twin = new RecordingServiceManager(5);
  await twin.ready('a\nb');
  await twin.status('c');
  await twin.alive();
  await twin.stopping();
  assert.deepEqual(twin.told, ['READY=1', 'STATUS=a b', 'STATUS=c', 'WATCHDOG=1', 'STOPPING=1']);
  assert.equal(twin.watchdogIntervalMs, 5);
});
