/** The steps for keys and certificates: each node has its own, and its cluster vouches for it before the arbiter. */
import type { ArbiterPort, Claim, NodePort } from './ports.ts';
import { type Before, onAll, type Step, StepProblem } from './step.ts';

export interface CertificateOrder {
  readonly clusterName: string;
  readonly validDays: number | undefined;
  /** The name is taken from whoever has it. */
  readonly takesNameOver: boolean;
}

export interface WhoGetsThem {
  readonly nodes: readonly NodePort[];
  /** Nodes that keep their certificate, and can vouch by it. */
  readonly others: readonly NodePort[];
  readonly whose: string;
}

interface Request {
  readonly node: NodePort;
  readonly request: Uint8Array;
}

const FREE: Claim = { kind: 'free' };

/** The first to be signed registers the name, or shows that it is theirs; it then vouches for the others. */
export function certificates(who: WhoGetsThem, arbiter: ArbiterPort, order: CertificateOrder): Step {
  const { nodes, whose } = who;
  const { clusterName, validDays } = order;
  const take = async ({ node, request }: Request, claim: Claim) =>
    await node.importCertificate(await arbiter.sign(request, { clusterName, claim, validDays }));
  return {
    ...onStores(nodes, whose),
    id: 'certificates',
    title: `${whose}: make a key and have its certificate signed by the arbiter`,
    run: async () => {
      const authority = await arbiter.authority();
      if (authority === undefined) {
        throw new StepProblem(`${arbiter.name} has no certificate authority.`, 'Run corosync-qnetd-certutil -i there.');
      }
      const requests = await onAll(nodes, async (node) => {
        await node.keepStore();
        return { node, request: await node.makeRequest(authority, clusterName) };
      });
      const [first, ...rest] = requests;
      if (first === undefined) return;
      const isGuarded = await arbiter.guardsNames();
      await take(first, isGuarded ? await firstClaim(first.request, who, order) : FREE);
      await onAll(rest, async (next) => await take(next, isGuarded ? await vouched(first.node, next.request) : FREE));
    },
  };
}

export function removeStores(nodes: readonly NodePort[]): Step {
  return {
    ...onStores(nodes, 'all nodes'),
    id: 'certificates',
    title: 'all nodes: delete key and certificates',
    run: async () => {
      await onAll(nodes, async (node) => {
        await node.keepStore();
        await node.removeStore();
      });
    },
  };
}

function onStores(nodes: readonly NodePort[], whose: string) {
  return {
    undoTitle: `${whose}: put the certificate store back as it was`,
    look: async () =>
      Object.fromEntries(await onAll(nodes, async (node) => [node.name, await node.hasStore()] as const)),
    undo: async (before: Before) => {
      await onAll(nodes, (node) => node.restoreStore(before[node.name] === true));
    },
  };
}

/** Any word will do: where the name is free it is not looked at. */
async function firstClaim(request: Uint8Array, who: WhoGetsThem, { takesNameOver }: CertificateOrder): Promise<Claim> {
  if (takesNameOver) return { kind: 'replace' };
  for (const other of who.others) {
    const word = await other.vouch(request, 'inUse');
    if (word !== undefined) return { kind: 'endorsed', word };
  }
  for (const node of who.nodes) {
    const word = await node.vouch(request, 'kept');
    if (word !== undefined) return { kind: 'endorsed', word };
  }
  return FREE;
}

async function vouched(by: NodePort, request: Uint8Array): Promise<Claim> {
  const word = await by.vouch(request, 'inUse');
  if (word !== undefined) return { kind: 'endorsed', word };
  throw new StepProblem(
    `${by.name} cannot vouch for the certificates of the other nodes.`,
    `Install openssl there, or the command qdevice.`,
  );
}
