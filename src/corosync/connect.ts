/** Finds corosync: the only way in for everybody outside this folder. */
import { setTimeout as pause } from 'node:timers/promises';
import { CmapConnection } from './cmap.ts';
import { CorosyncConnection } from './connection.ts';
import { CorosyncError, connectFailure } from './errors.ts';
import { type Libraries, loadLibraries } from './library.ts';
import type { Corosync } from './port.ts';
import { VotequorumConnection } from './votequorum.ts';

const RETRY_PAUSE_MS = 1000;

export interface ConnectOptions {
  /** How often to try again, once a second, while corosync is busy with its first synchronisation. */
  readonly maxTryAgain: number;
}

/** Both connections or none. Throws an `OperatorError` when corosync cannot be used. */
export async function connectCorosync({ maxTryAgain }: ConnectOptions): Promise<Corosync> {
  const libraries = loadLibraries();
  for (let triesLeft = maxTryAgain; ; triesLeft -= 1) {
    try {
      return open(libraries);
    } catch (error) {
      if (!(error instanceof CorosyncError)) throw error;
      if (error.reason !== 'tryAgain' || triesLeft <= 0) throw connectFailure(error);
    }
    await pause(RETRY_PAUSE_MS);
  }
}

function open(libraries: Libraries): Corosync {
  const cmap = CmapConnection.open(libraries);
  try {
    return new CorosyncConnection(libraries, VotequorumConnection.open(libraries), cmap);
  } catch (error) {
    cmap.close();
    throw error;
  }
}
