/**
 * `corosync-qdevice-net-certutil`, as pvecm, pcs, crmsh and people call it on nodes: upstream's switches, order of tests,
 * exit codes and lines on standard output. One thing differs: success is reported only when there was success.
 */
import { stat } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import {
  importNodeCertificate,
  importNodePkcs12,
  initialiseNode,
  isNodeInitialised,
  makeNodeRequest,
  NODE_DIRECTORY,
} from '../certs/node-store.ts';
import { hasStateFile, NOISE_FILE } from '../certs/state-files.ts';
import { clusterNameFault } from '../setup/rules/cluster-name.ts';
import { type NodeCertutilArguments, parseNodeCertutil } from './certutil-arguments.ts';
import { answerCall, type CertutilCall, EXIT_ARGUMENT, EXIT_FAILED } from './certutil-call.ts';
import { quickStart } from './certutil-quick.ts';
import { QDEVICE_CERTUTIL } from './manual/switches.ts';

type Chosen = Extract<NodeCertutilArguments, { kind: 'run' }>;

export async function nodeCertutil(call: CertutilCall): Promise<number> {
  const { output, program } = call;
  return await answerCall(call, parseNodeCertutil(call.args), QDEVICE_CERTUTIL, async (chosen) => {
    const directory = resolve(chosen.stateDir ?? NODE_DIRECTORY);
    const problem = (await argumentProblem(chosen)) ?? undefined;
    if (problem !== undefined) {
      output.err(problem);
      return EXIT_ARGUMENT;
    }
    if (chosen.operation === 'quickStart') return await quickStart(chosen, call);
    const isThere = await isNodeInitialised(directory);
    if (chosen.operation === 'init' ? isThere : !isThere) {
      output.err(
        isThere
          ? `${directory} already holds certificates. Delete it to start anew.`
          : `There are no certificates in ${directory}. Begin with ${program} -i.`,
      );
      return EXIT_FAILED;
    }
    return await run(chosen, directory, call);
  });
}

async function run(chosen: Chosen, directory: string, { output }: CertutilCall): Promise<number> {
  let notes: readonly string[] = [];
  switch (chosen.operation) {
    case 'init': {
      if (!(await exists(directory))) output.out(`Creating ${directory}`);
      output.out('Creating new key and cert db');
      const hasNoise = await hasStateFile(directory, NOISE_FILE);
      output.out(
        `${hasNoise ? 'Using existing noise file' : 'Creating new noise file'} ${join(directory, NOISE_FILE)}`,
      );
      output.out('Importing CA');
      notes = await initialiseNode(directory, chosen.file);
      break;
    }
    case 'request':
      output.out('Creating new certificate request');
      output.out(`Certificate request stored in ${await makeNodeRequest(directory, chosen.clusterName)}`);
      break;
    case 'importCertificate': {
      output.out('Importing signed cluster certificate');
      const imported = await importNodeCertificate(directory, chosen.file);
      notes = imported.notes;
      output.out('pk12util: PKCS12 EXPORT SUCCESSFUL');
      output.out(`Certificate stored in ${imported.pkcs12File}`);
      break;
    }
    case 'importPkcs12':
      output.out('Importing cluster certificate and key');
      notes = await importNodePkcs12(directory, chosen.file);
      output.out('pk12util: PKCS12 IMPORT SUCCESSFUL');
      break;
    case 'quickStart':
      break;
  }
  for (const note of notes) output.err(note);
  return 0;
}

/** In upstream's order: the file or the name first, then whatever lies on the disk. */
async function argumentProblem({ operation, file, clusterName, operands }: Chosen): Promise<string | undefined> {
  if (operation === 'request' || operation === 'quickStart') {
    if (clusterName === '') return 'The name of the cluster is missing. Give it with -n.';
    const fault = clusterNameFault(clusterName);
    if (fault !== undefined) {
      return `The cluster name ${JSON.stringify(clusterName)} ${fault}, which cannot be used in a certificate. Rename the cluster.`;
    }
    if (operation === 'request') return undefined;
    if (operands[0] === undefined) return 'The address of the arbiter is missing. Give it behind the options.';
    return operands[1] === undefined ? 'The nodes are missing. Give them behind the arbiter.' : undefined;
  }
  return (await exists(file)) ? undefined : `The file ${JSON.stringify(file)} cannot be opened. Name it with -c.`;
}

async function exists(path: string): Promise<boolean> {
  return await stat(path).then(
    () => true,
    () => false,
  );
}
