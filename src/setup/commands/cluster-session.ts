/** The beginning of every command: this node, its corosync.conf, a run that was cut off, and connections to all nodes. */
import { hostname } from 'node:os';
import { OperatorError } from '../../runtime/errors.ts';
import { type LockFile, takeLockFile } from '../../runtime/lock-file.ts';
import { type ClusterConf, readCluster } from '../conf/cluster.ts';
import { type ConfDocument, ConfError, parseConf } from '../conf/document.ts';
import { gatherNodeFacts, type NodeFacts } from '../facts/node-facts.ts';
import { ClaimedHost } from '../host/claimed-host.ts';
import { LocalHost } from '../host/local-host.ts';
import type { Prompts } from '../host/prompts.ts';
import { localNode, nameOf } from '../node-names.ts';
import { COROSYNC_CONF, NODE_CLAIM, PVE_COROSYNC_CONF } from '../paths.ts';
import type { NodePort } from '../plan/ports.ts';
import { BEFORE } from '../rules/sentences.ts';
import { Session } from '../session.ts';
import { ShellNode } from '../shell/shell-node.ts';

export interface CommonOptions {
  readonly user: string | undefined;
  readonly prompts: Prompts;
  readonly signal: AbortSignal;
}

export interface ClusterSession {
  readonly facts: NodeFacts;
  readonly name: string;
  readonly confFile: string;
  readonly confText: string;
  readonly document: ConfDocument;
  readonly conf: ClusterConf;
  readonly session: Session;
  close(): Promise<void>;
}

const LOCK = '/run/qdevice-setup.lock';

export async function openCluster(options: CommonOptions, access: 'change' | 'look'): Promise<ClusterSession> {
  if (process.getuid?.() !== 0) {
    throw new OperatorError('This needs the rights of root on this node.', 'Run it as root, or by sudo.');
  }
  const lock = access === 'change' ? await takeLock() : undefined;
  try {
    const facts = await gatherNodeFacts(new LocalHost('this node'), undefined);
    const confFile = facts.isProxmox ? PVE_COROSYNC_CONF : COROSYNC_CONF;
    if (facts.conf === undefined) {
      const bytes = facts.confBytes;
      const node = hostname();
      throw asError(
        bytes === undefined ? BEFORE.F2({ file: confFile }) : BEFORE.F2size({ file: confFile, bytes, node }),
      );
    }
    const { document, conf } = read(facts.conf, confFile);
    const here = localNode(conf.nodes, facts.quorum?.nodeId, facts.addresses);
    if (here === undefined) {
      throw new OperatorError(`This machine is not among the nodes of ${confFile}.`, 'Run this on a cluster member.');
    }
    const session = await Session.open(conf, here, options);
    const close = async () => {
      await session.close();
      await lock?.release();
    };
    return { facts, name: nameOf(here), confFile, confText: facts.conf, document, conf, session, close };
  } catch (error) {
    await lock?.release();
    throw error;
  }
}

/** Those that were reached, for the run of that name. This one is the first: it is the one that writes on Proxmox VE. */
export function nodePorts({ session, facts, name }: ClusterSession, run: string): NodePort[] {
  const claim = { file: NODE_CLAIM, run, from: name };
  const sorted = session.nodes.toSorted((a, b) => Number(b.isLocal) - Number(a.isLocal));
  return sorted.flatMap(({ host, isLocal }) => {
    const role = facts.isProxmox ? (isLocal ? 'writer' : 'reader') : undefined;
    return host === undefined ? [] : [new ShellNode(new ClaimedHost(host, claim), role)];
  });
}

export function asError({ problem, remedy }: { readonly problem: string; readonly remedy: string }): OperatorError {
  return new OperatorError(problem, remedy);
}

function read(text: string, file: string): { document: ConfDocument; conf: ClusterConf } {
  try {
    const document = parseConf(text);
    return { document, conf: readCluster(document) };
  } catch (error) {
    if (!(error instanceof ConfError)) throw error;
    throw asError(BEFORE.F2broken({ file, line: error.line, problem: error.problem }));
  }
}

async function takeLock(): Promise<LockFile> {
  try {
    return await takeLockFile(LOCK, process.pid);
  } catch (error) {
    if (!(error instanceof OperatorError)) throw error;
    throw new OperatorError('Another setup is at work on this node.', 'Wait for it to end, then retry.', 1, {
      cause: error,
    });
  }
}
