/**
 * Runs inside a host: connects to its corosync and does what it is told, one JSON line in, one JSON line out. Reports
 * what it hears as lines of their own, and on request how much processor time it has used.
 */
import { createInterface } from 'node:readline';
import { connectCorosync } from '../../src/corosync/connect.ts';
import type { Corosync } from '../../src/corosync/port.ts';
import { type Command, METHODS } from './agent-commands.ts';
import { measureLatency } from './agent-latency.ts';

let corosync: Corosync | undefined;

function say(line: Readonly<Record<string, unknown>>): void {
  const text = JSON.stringify(line, (_key, value) => (typeof value === 'bigint' ? `${value}n` : value));
  process.stdout.write(`${text}\n`);
}

async function obey([method, ...args]: readonly [string, ...unknown[]]): Promise<unknown> {
  if (method === 'connect') {
    corosync = await connectCorosync({ maxTryAgain: Number(args[0] ?? 10) });
    return undefined;
  }
  if (method === 'cpuMs') return process.cpuUsage().user / 1000 + process.cpuUsage().system / 1000;
  if (corosync === undefined) throw new Error('not connected');
  if (method === 'latency') return measureLatency(corosync, Number(args[0]));
  const run = METHODS[method as Command[0]];
  return await run(corosync, (heard) => say(heard), ...(args as [unknown, unknown, unknown]));
}

for await (const line of createInterface({ input: process.stdin })) {
  try {
    say({ reply: true, value: await obey(JSON.parse(line)) });
  } catch (error) {
    say({ reply: false, error: error instanceof Error ? `${error.name}: ${error.message}` : String(error) });
  }
}
corosync?.close();
