/** Opens the listening socket: address family, name resolution, and an operator's text for every way it can fail. */
import { lookup } from 'node:dns/promises';
import { createServer, type Server, type Socket } from 'node:net';
import { codeOf } from '../runtime/error-text.ts';
import { OperatorError } from '../runtime/errors.ts';

export interface ListenOptions {
  /** Name or address as the operator gave it; undefined is every address. */
  readonly address: string | undefined;
  /** Undefined takes what the machine has; `[::]` also takes IPv4. */
  readonly family: 4 | 6 | undefined;
  readonly port: number;
  readonly backlog: number;
}

/** Idle time after which the kernel starts to ask whether the peer is still there, for settings without heartbeats. */
const KEEP_ALIVE_MS = 60_000;

/** Codes with which a machine says that it does not have an address, or no IPv6 at all. */
const NOT_HERE: readonly string[] = ['EAFNOSUPPORT', 'EADDRNOTAVAIL', 'EPROTONOSUPPORT'];

/** Listens on the first address that can be had; throws an OperatorError if there is none. */
export async function listen(options: ListenOptions, accept: (socket: Socket) => void): Promise<Server> {
  let failure: unknown;
  for (const host of await hostsOf(options)) {
    try {
      return await listenOn(host, options, accept);
    } catch (error) {
      failure = error;
      // Falling back to IPv4 is for machines without IPv6, not for a port that somebody else has.
      if (options.address === undefined && !NOT_HERE.includes(codeOf(error))) break;
    }
  }
  throw listenError(failure, options);
}

async function hostsOf(options: ListenOptions): Promise<readonly string[]> {
  if (options.address === undefined) {
    if (options.family === 4) return ['0.0.0.0'];
    return options.family === 6 ? ['::'] : ['::', '0.0.0.0'];
  }
  const found = await lookup(options.address, { all: true, family: options.family ?? 0, order: 'verbatim' }).then(
    // An address that is written out comes back whatever its family is.
    (addresses) => addresses.filter(({ family }) => options.family === undefined || family === options.family),
    () => [],
  );
  if (found.length > 0) return found.map(({ address }) => address);
  const kind = options.family === undefined ? '' : ` with an IPv${options.family} address`;
  throw new OperatorError(
    `The listen address '${options.address}' is no address or known name${kind}.`,
    'Give an address of this machine with --listen, or leave the option out to listen on all of them.',
  );
}

async function listenOn(host: string, options: ListenOptions, accept: (socket: Socket) => void): Promise<Server> {
  const server = createServer({ noDelay: true, keepAlive: true, keepAliveInitialDelay: KEEP_ALIVE_MS }, accept);
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen({ host, port: options.port, backlog: options.backlog, ipv6Only: false }, () => {
      server.off('error', reject);
      resolve();
    });
  });
  return server;
}

function listenError(error: unknown, options: ListenOptions): OperatorError {
  const place = `port ${options.port} of ${options.address ?? 'this machine'}`;
  const code = codeOf(error);
  const cause = { cause: error };
  if (code === 'EADDRINUSE') {
    const remedy = `See which one with: ss -ltnp sport = :${options.port}. Stop it or choose another port with --port.`;
    return new OperatorError(`Another program listens on ${place} already.`, remedy, 1, cause);
  }
  if (code === 'EACCES') {
    const remedy = 'Choose a port above 1023 with --port, or give the service CAP_NET_BIND_SERVICE.';
    return new OperatorError(`This user may not listen on ${place}.`, remedy, 1, cause);
  }
  if (NOT_HERE.includes(code)) {
    const remedy = 'Give an address that `ip address` shows with --listen, or leave the option out.';
    const problem =
      options.address === undefined
        ? 'This machine has no address of the family that is asked for.'
        : `${options.address} is not an address of this machine.`;
    return new OperatorError(problem, remedy, 1, cause);
  }
  return new OperatorError(
    `Listening on ${place} failed: ${error instanceof Error ? error.message : String(error)}.`,
    'Check the options --listen and --port.',
    1,
    cause,
  );
}
