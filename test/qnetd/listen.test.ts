/** Where the service listens, and what an operator is told when it cannot. */
import assert from 'node:assert/strict';
import { once } from 'node:events';
import net from 'node:net';
import { type TestContext, test } from 'node:test';
import { type ListenOptions, listen } from '../../src/qnetd/listen.ts';
import { OperatorError } from '../../src/runtime/errors.ts';

const ANYWHERE: ListenOptions = { address: undefined, family: undefined, port: 0, backlog: 511 };

async function opened(t: TestContext, wishes: Partial<ListenOptions>): Promise<net.AddressInfo> {
  const server = await listen({ ...ANYWHERE, ...wishes }, (socket) => socket.destroy());
  t.after(() => server.close());
  const address = server.address();
  assert.ok(address !== null && typeof address === 'object');
  return address;
}

async function reaches(port: number, host: string): Promise<boolean> {
  const socket = net.connect({ port, host });
  const reached = await once(socket, 'connect').then(
    () => true,
    () => false,
  );
  socket.destroy();
  return reached;
}

test('by default and with IPv6 asked for, both families are served; with IPv4 asked for, that alone', async (t) => {
  for (const family of [undefined, 6] as const) {
    const { port } = await opened(t, { family });
    assert.deepEqual([await reaches(port, '127.0.0.1'), await reaches(port, '::1')], [true, true]);
  }
  const { port } = await opened(t, { family: 4 });
  assert.deepEqual([await reaches(port, '127.0.0.1'), await reaches(port, '::1')], [true, false]);
});

test('a name is resolved in the family that is wanted', async (t) => {
  assert.equal((await opened(t, { address: 'localhost', family: 4 })).address, '127.0.0.1');
  assert.equal((await opened(t, { address: '::1', family: 6 })).address, '::1');
});

const refusals: readonly (readonly [string, Partial<ListenOptions>, RegExp])[] = [
  [
    'an address of another machine',
    { address: '192.0.2.1' },
    /^192\.0\.2\.1 is not an address of this machine\. .*--listen/,
  ],
  ['an unknown name', { address: 'no.such.host.invalid' }, /'no\.such\.host\.invalid' is no address or known name\./],
  ['an address of the other family', { address: '127.0.0.1', family: 6 }, /with an IPv6 address\. .*--listen/],
];

for (const [what, wishes, says] of refusals) {
  test(`${what} is an operator's mistake`, async () => {
    await assert.rejects(
      listen({ ...ANYWHERE, ...wishes }, () => undefined),
      (error) => error instanceof OperatorError && says.test(error.message),
    );
  });
}

test('a port that is taken in IPv6 is not served in IPv4 alone instead', async (t) => {
  const other = net.createServer().listen({ port: 0, host: '::', ipv6Only: true });
  await once(other, 'listening');
  t.after(() => other.close());
  const address = other.address();
  assert.ok(address !== null && typeof address === 'object');
  await assert.rejects(
    listen({ ...ANYWHERE, port: address.port }, () => undefined),
    (error) => error instanceof OperatorError && /Another program listens on port \d+ .*--port/.test(error.message),
  );
});
