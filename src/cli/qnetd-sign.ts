/**
 * `qnetd sign`: signs the request of the named cluster, and of no other. A name that has a certificate is given to another
 * key only on the word of that cluster, or of the operator.
 */
import { type KnownName, signClusterCertificate } from '../certs/sign-cluster.ts';
import { type Output, reportMistake } from './output.ts';

export interface SignOptions {
  readonly stateDir: string;
  readonly cluster: string;
  readonly request: string;
  /** Undefined: `cluster-NAME.crt` in the state directory, where setup tools look for it. */
  readonly out: string | undefined;
  /** undefined: ten years. */
  readonly validDays: number | undefined;
  readonly endorsement: string | undefined;
  readonly replace: boolean;
}

export async function signCommand(options: SignOptions, output: Output): Promise<number> {
  try {
    const { certificateFile, notes } = await signClusterCertificate({
      stateDir: options.stateDir,
      clusterName: options.cluster,
      requestFile: options.request,
      ...(options.out === undefined ? {} : { outFile: options.out }),
      ...(options.validDays === undefined ? {} : { validDays: options.validDays }),
      ...knownName(options),
      otherName: 'refuse',
    });
    output.out(`Certificate stored in ${certificateFile}`);
    for (const note of notes) output.err(note);
    return 0;
  } catch (error) {
    return reportMistake(error, output);
  }
}

function knownName({ endorsement, replace }: SignOptions): { knownName?: KnownName } {
  if (replace) return { knownName: { kind: 'replace' } };
  return endorsement === undefined ? {} : { knownName: { kind: 'endorsed', file: endorsement } };
}
