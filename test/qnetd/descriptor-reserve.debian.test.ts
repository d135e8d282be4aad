/** Connections that take every descriptor they can get, against the daemon as a process with few of them. */
import assert from 'node:assert/strict';
import { once } from 'node:events';
import net from 'node:net';
import { test } from 'node:test';
import { connectionsMaxOf, keepReserve, softLimitIn } from '../../src/qnetd/descriptor-reserve.ts';
import { askLocalSocket } from '../../src/runtime/local-socket.ts';
import { arrived, withReceiver } from '../runtime/notify-receiver.ts';
import { startDaemon } from './daemon.ts';
import { keptLog } from './rig.ts';

const FLOOD = 200;

test('the soft limit is read, and what it leaves for connections is never all of it nor nothing', () => {
  const header = 'Limit                     Soft Limit           Hard Limit           Units     \n';
  const line = (soft: string) =>
    `${header}Max open files            ${soft.padEnd(20)} 524288               files     \n`;
  assert.equal(softLimitIn(line('1024')), 1_024);
  assert.equal(softLimitIn(line('unlimited')), undefined);
  assert.equal(softLimitIn(''), undefined);
  assert.deepEqual(
    [64, 80, 1_024, 65_536].map((limit) => connectionsMaxOf(limit, 64)),
    [16, 20, 960, 65_472],
  );
});

test('refused connections are told at once, then counted for a minute', () => {
  const { lines, sink } = keptLog();
  const listener = net.createServer();
  let nowMs = 5;
  keepReserve(listener, { limit: 1_000, reserved: 64, log: sink, nowMs: () => nowMs });
  const refuse = (count: number) => {
    for (let at = 0; at < count; at += 1) listener.emit('drop');
  };
  refuse(300);
  nowMs += 59_999;
  refuse(1);
  assert.deepEqual(
    lines.map(({ fields }) => fields['refused']),
    [1],
  );
  nowMs += 1;
  refuse(2);
  assert.deepEqual(
    lines.map(({ fields }) => fields['refused']),
    [1, 301],
  );
});

for (const limit of [64, 80]) {
  test(`with ${limit} descriptors and ${FLOOD} idle connections the daemon lives and serves`, async (t) => {
    await withReceiver(async (socket, received) => {
      const daemon = await startDaemon(t, {
        wrapper: ['bash', '-c', `ulimit -n ${limit}; exec "$@"`, 'bash'],
        env: { ...process.env, NOTIFY_SOCKET: socket, WATCHDOG_USEC: '1000000' },
      });
      const member = await daemon.introduced();
      t.after(() => member.destroy());
      const idle: net.Socket[] = [];
      t.after(() => {
        for (const one of idle) one.destroy();
      });
      for (let at = 0; at < FLOOD; at += 1) {
        const one = net.connect({ port: daemon.options.port, host: '127.0.0.1' }).on('error', () => undefined);
        idle.push(one);
        await once(one, 'connect').catch(() => undefined);
      }
      await daemon.line(
        'connections refused, the rest of the open files is kept for the service itself; ' +
          'see who connects with: ss -tnp, or raise LimitNOFILE= of the unit (ulimit -n)',
      );
      received.length = 0;
      await arrived(received, 'WATCHDOG=1');
      received.length = 0;
      await arrived(received, 'WATCHDOG=1');
      const limits = { timeoutMs: 10_000, replyBytesMax: 1_000_000 };
      const { reply } = await askLocalSocket(daemon.options.localSocket.path, 'status\n', limits);
      assert.match(reply.toString('latin1'), /^OK\n/);
      member.send('echoRequest', { msgSeqNumber: 7 });
      assert.ok((await member.answer()) !== undefined, 'the client that was there is answered');
      daemon.child.kill('SIGTERM');
      assert.equal(await daemon.end(), 0, daemon.errors);
    });
  });
}
