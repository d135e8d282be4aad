/** `qnetd sign`: signs the request of the named cluster, and of no other. */
import { signClusterCertificate } from '../certs/sign-cluster.ts';
import { type Output, reportMistake } from './output.ts';

export interface SignOptions {
  readonly stateDir: string;
  readonly cluster: string;
  readonly request: string;
  /** Undefined: `cluster-NAME.crt` in the state directory, where setup tools look for it. */
  readonly out: string | undefined;
}

export async function signCommand(options: SignOptions, output: Output): Promise<number> {
  try {
    const { certificateFile, notes } = await signClusterCertificate({
      stateDir: options.stateDir,
      clusterName: options.cluster,
      requestFile: options.request,
      ...(options.out === undefined ? {} : { outFile: options.out }),
      otherName: 'refuse',
    });
    output.out(`Certificate stored in ${certificateFile}`);
    for (const note of notes) output.err(note);
    return 0;
  } catch (error) {
    return reportMistake(error, output);
  }
}
