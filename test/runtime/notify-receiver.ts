/** systemd's end of the notifications, as a program of its own. */
import assert from 'node:assert/strict';
import type { ChildProcess } from 'node:child_process';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';

/** systemd's side: prints each datagram as a line of JSON and drops the barrier's descriptor, as systemd does. */
const RECEIVER = `
import array, json, os, socket, sys
s = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
s.bind(sys.argv[1])
print('bound', flush=True)
while True:
    text, ancillary, _, _ = s.recvmsg(65536, 1024)
    for level, kind, body in ancillary:
        if level == socket.SOL_SOCKET and kind == socket.SCM_RIGHTS:
            for fd in array.array('i', body[:len(body) - len(body) % 4]):
                os.close(fd)
    print(json.dumps(text.decode()), flush=True)
`;

export async function withReceiver(use: (socket: string, received: string[]) => Promise<void>): Promise<void> {
  const dir = await mkdtemp(join(tmpdir(), 'notify-'));
  let receiver: ChildProcess | undefined;
  try {
    const socket = join(dir, 'notify');
    receiver = spawn('python3', ['-c', RECEIVER, socket], { stdio: ['ignore', 'pipe', 'inherit'] });
    assert.ok(receiver.stdout);
    const lines = createInterface({ input: receiver.stdout });
    const received: string[] = [];
    await once(lines, 'line');
    lines.on('line', (line) => received.push(...String(JSON.parse(line)).split('\n')));
    await use(socket, received);
  } finally {
    receiver?.kill();
    await rm(dir, { recursive: true });
  }
}

/** systemd-notify waits until its message was taken, so what is awaited has arrived, save for the pipe to us. */
export async function arrived(received: string[], assignment: string): Promise<void> {
  for (let tries = 0; tries < 200 && !received.includes(assignment); tries += 1) {
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
  assert.ok(received.includes(assignment), `${assignment} among ${JSON.stringify(received)}`);
}
