/**
 * `qnetd health`, for whoever keeps the arbiter running: is it listening and deciding? What decides answers on the local
 * socket, so a frozen one is found by its silence; the port is asked as a node asks it, up to the first answer; and a
 * cluster whose vote is held because nothing can be written down is not decided for.
 */
import { connect } from 'node:net';
import { encodeMessage } from '../protocol/encode.ts';
import { FrameReader } from '../protocol/frame-reader.ts';
import { codeOf } from '../runtime/error-text.ts';
import { readStatusJson, type StatusDocument } from '../status/json.ts';
import { byteStringOf } from '../status/printable.ts';
import { askArbiter } from './ask-arbiter.ts';
import type { CommandResult } from './command-result.ts';

/** What container engines take: anything but 0 and 1 is reserved there. */
const EXIT = { healthy: 0, unhealthy: 1 } as const;
const FRAME_BYTES_MAX = 1_024;
/** No cluster can have this name: corosync refuses control characters. */
const CLUSTER_NAME = 'qnetd\thealth';

/** Of several sockets the first that somebody answers on. */
export async function qnetdHealth(paths: readonly string[], timeoutMs: number): Promise<CommandResult> {
  const answer = await askArbiter('snapshot\n', paths, timeoutMs);
  if (answer.kind === 'failed') return { ...answer.result, exitCode: EXIT.unhealthy };
  const status = answer.kind === 'ok' ? readStatusJson(answer.text) : undefined;
  if (status === undefined) return unhealthy(`its answer on ${answer.path} is not understood`);
  const undecided = status.clusters.find(({ vote }) => typeof vote.held?.recordFailure === 'string');
  if (undecided !== undefined) {
    return unhealthy(`nothing is decided for cluster ${undecided.name}: ${undecided.vote.held?.recordFailure}`);
  }
  const problem = await portProblem(status.server.address, timeoutMs);
  return problem === undefined ? healthy(status) : unhealthy(problem);
}

function healthy({ server, clusters }: StatusDocument): CommandResult {
  const counts = `clusters: ${clusters.length}, nodes: ${server.connectedClients}`;
  return {
    exitCode: EXIT.healthy,
    stdout: byteStringOf(`listening on ${server.address} and deciding; ${counts}\n`),
    stderr: '',
  };
}

function unhealthy(reason: string): CommandResult {
  return { exitCode: EXIT.unhealthy, stdout: '', stderr: byteStringOf(`The arbiter is not well: ${reason}.\n`) };
}

/** Undefined: the arbiter is behind the port, at one address of it at least. */
async function portProblem(address: string, timeoutMs: number): Promise<string | undefined> {
  const { hosts, port } = placeOf(address);
  let problem: string | undefined;
  for (const host of hosts) {
    problem = await problemAt(host, port, timeoutMs);
    if (problem === undefined) return undefined;
  }
  return problem;
}

/** One that turns the newcomer away, as it may when it is crowded, is there as well. */
function problemAt(host: string, port: number, timeoutMs: number): Promise<string | undefined> {
  return new Promise((resolve) => {
    const reader = new FrameReader(FRAME_BYTES_MAX);
    const socket = connect({ host, port });
    const end = (problem: string | undefined): void => {
      clearTimeout(timer);
      socket.destroy();
      resolve(problem);
    };
    const timer = setTimeout(() => end(`no answer on port ${port} within ${timeoutMs} ms`), timeoutMs);
    socket.on('connect', () => socket.write(encodeMessage('preinit', { msgSeqNumber: 1, clusterName: CLUSTER_NAME })));
    socket.on('data', (bytes) => {
      reader.push(bytes);
      const event = reader.next();
      if (event !== undefined)
        end(
          event.kind === 'frame' && event.name === 'preinitReply'
            ? undefined
            : `something else answers on port ${port}`,
        );
    });
    socket.on('end', () => end(undefined));
    socket.on('error', (error) =>
      end(codeOf(error) === 'ECONNRESET' ? undefined : `port ${port} cannot be reached (${codeOf(error)})`),
    );
  });
}

/** As the status has it: `*:5403`, or the listen address as given and the port. */
function placeOf(address: string): { readonly hosts: readonly string[]; readonly port: number } {
  const colon = address.lastIndexOf(':');
  const host = address.slice(0, colon).replace(/^\[(.*)\]$/, '$1');
  // By number, because a container need not know the name localhost.
  return { hosts: host === '*' ? ['127.0.0.1', '::1'] : [host], port: Number(address.slice(colon + 1)) };
}
