/** A process full of load nodes, told what to do over Node's own channel to its parent; one order at a time. */
import tls from 'node:tls';
import type { Answer, Order, Report } from './crowd.ts';
import { LoadNode, range, type Target } from './load-node.ts';

const BEAT_MS = 1;

let nodes: LoadNode[] = [];
let context: tls.SecureContext | undefined;
let echoes = 0;
let beats: NodeJS.Timeout | undefined;
let onJoined = (_node: number): void => undefined;
let onGranted = (_node: number): void => undefined;
let failures = 0;
let retries = 0;
let lastProblem = '';

process.on('message', ({ id, order }: { readonly id: number; readonly order: Order }) => {
  const report = (told: Report) => process.send?.(told);
  carryOut(order).then(
    (answer) => report({ id, answer }),
    (error: unknown) => report({ id, problem: error instanceof Error ? error.message : String(error) }),
  );
});
process.on('disconnect', () => process.exit(0));

async function carryOut(order: Order): Promise<Answer> {
  switch (order.kind) {
    case 'populate':
      context = tls.createSecureContext({ cert: order.cert, key: order.key });
      nodes = order.places.map(
        (place, index) =>
          new LoadNode(place, {
            joined: () => onJoined(index),
            granted: () => onGranted(index),
            echoed: () => {
              echoes += 1;
            },
            retried: () => {
              retries += 1;
            },
            failed: (problem) => {
              failures += 1;
              lastProblem = problem;
            },
          }),
      );
      return { kind: 'done' };
    case 'connect':
      return await connect(order);
    case 'introduce':
      return await untilGranted(
        nodes.map((_, index) => index),
        () => {
          for (const node of nodes) node.introduce(order.ringSeq);
        },
      );
    case 'split':
      return await split(order.ringSeq);
    case 'heal':
      return await untilGranted(
        nodes.map((_, index) => index),
        () => {
          for (const node of nodes) node.member(range(1, node.place.clusterSize), order.ringSeq);
        },
      );
    case 'beat':
      if (order.isAnnounced) for (const node of nodes) node.setHeartbeat(order.everyMs);
      startBeats(order.everyMs);
      return { kind: 'done' };
    case 'rest':
      clearInterval(beats);
      for (const node of nodes) node.setHeartbeat(order.heartbeatMs);
      return { kind: 'done' };
    case 'count':
      return { kind: 'counted', echoes, failures, retries, lastProblem };
    case 'drop':
      for (const node of nodes) node.destroy();
      onJoined = () => undefined;
      failures = 0;
      retries = 0;
      return { kind: 'done' };
  }
}

/** At most `parallel` nodes between TCP and INIT_REPLY at a time. */
async function connect({ port, heartbeatMs, parallel, ringSeq }: Order & { kind: 'connect' }): Promise<Answer> {
  if (context === undefined) throw new Error('nobody lives here yet');
  const to: Target = { port, heartbeatMs, context };
  const everybody = nodes.map((_, index) => index);
  let next = 0;
  const startNext = () => {
    const node = nodes[next];
    next += 1;
    node?.connect(to);
  };
  const startedMs = performance.now();
  if (ringSeq !== undefined) {
    onJoined = (index) => nodes[index]?.introduce(ringSeq);
    return await untilGranted(everybody, () => {
      for (const node of nodes) node.connect(to);
    });
  }
  await new Promise<void>((resolve) => {
    let joined = 0;
    onJoined = () => {
      joined += 1;
      startNext();
      if (joined === nodes.length) resolve();
    };
    for (let started = 0; started < Math.min(parallel, nodes.length); started += 1) startNext();
  });
  return { kind: 'took', ms: [performance.now() - startedMs] };
}

/** Per cluster: how long after `start` the last of its nodes that are to be granted was. */
async function untilGranted(winners: readonly number[], start: () => void): Promise<Answer> {
  const missing = new Map<string, number>();
  const clusterOf = (index: number) => nodes[index]?.place.cluster ?? '';
  for (const index of winners) missing.set(clusterOf(index), (missing.get(clusterOf(index)) ?? 0) + 1);
  const waiting = new Set(winners);
  const ms: number[] = [];
  const startedMs = performance.now();
  await new Promise<void>((resolve) => {
    onGranted = (index) => {
      if (!waiting.delete(index)) return;
      const cluster = clusterOf(index);
      const left = (missing.get(cluster) ?? 0) - 1;
      missing.set(cluster, left);
      if (left === 0) ms.push(performance.now() - startedMs);
      if (waiting.size === 0) resolve();
    };
    start();
  });
  return { kind: 'took', ms };
}

/** Every cluster falls into two halves; by the tie-breaker the one with the lowest node wins. */
function split(ringSeq: number): Promise<Answer> {
  const half = ({ place }: LoadNode) => Math.floor(place.clusterSize / 2);
  const isFirst = (node: LoadNode) => node.place.nodeId <= half(node);
  const winners = nodes.flatMap((node, index) => (isFirst(node) ? [index] : []));
  return untilGranted(winners, () => {
    for (const node of nodes) {
      node.member(isFirst(node) ? range(1, half(node)) : range(half(node) + 1, node.place.clusterSize), ringSeq);
    }
  });
}

/** Evenly over the interval, as the nodes of many clusters are. */
function startBeats(everyMs: number): void {
  clearInterval(beats);
  let sent = 0;
  const startedMs = performance.now();
  beats = setInterval(() => {
    const due = ((performance.now() - startedMs) / everyMs) * nodes.length;
    for (; sent < due; sent += 1) nodes[sent % nodes.length]?.heartbeat();
  }, BEAT_MS);
}
