/** `qnetd init`: makes the authority and the server certificate, or imports them. Repeating it changes nothing. */
import { X509Certificate } from 'node:crypto';
import { join } from 'node:path';
import { loadOrCreateServerIdentity } from '../certs/identity.ts';
import { CA_EXPORT } from '../certs/state-files.ts';
import { type Output, reportMistake } from './output.ts';

export interface InitOptions {
  readonly stateDir: string;
  /** Of the server certificate; undefined: ten years. */
  readonly validDays?: number | undefined;
}

const WHAT_HAPPENED = {
  created: 'Made a new authority and server certificate in',
  imported: 'Imported the authority and server certificate of the NSS database in',
  loaded: 'The authority and server certificate are already in',
} as const;

export async function initCommand(options: InitOptions, output: Output): Promise<number> {
  try {
    const { identity, origin, notes } = await loadOrCreateServerIdentity(options.stateDir, options);
    output.out(`${WHAT_HAPPENED[origin]} ${options.stateDir}`);
    output.out(`Authority fingerprint (SHA-256): ${new X509Certificate(identity.caPem).fingerprint256}`);
    output.out(`Authority certificate for the nodes: ${join(options.stateDir, CA_EXPORT)}`);
    for (const note of notes) output.err(note);
    return 0;
  } catch (error) {
    return reportMistake(error, output);
  }
}
