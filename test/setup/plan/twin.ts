/** Nodes and an arbiter in memory, behind the ports of the steps; any call of theirs can be made to fail. */
import type { QuorumView } from '../../../src/setup/facts/quorum-view.ts';
import { ClaimHeld } from '../../../src/setup/host/claimed-host.ts';
import { HostLost } from '../../../src/setup/host/host.ts';
import type { Journal, JournalStore } from '../../../src/setup/plan/journal.ts';
import type { ArbiterPort, NodePort, UnitState } from '../../../src/setup/plan/ports.ts';
import type { Clock } from '../../../src/setup/plan/steps.ts';

/** What a run may change, and undoing must give back. */
interface NodeState {
  store: string | undefined;
  keptStore: string | undefined;
  conf: string;
  keptConf: string | undefined;
  unit: UnitState;
  /** The configuration that its daemon runs by. */
  startedWith?: string | undefined;
}

interface ArbiterState {
  authority: string | undefined;
  unit: UnitState;
  records: Map<string, string>;
}

export class TwinWorld {
  readonly nodes = new Map<string, NodeState>();
  /** Who has claimed what. */
  readonly claims = new Map<string, string>();
  readonly arbiter: ArbiterState = { authority: 'CA', unit: { enabled: true, active: true }, records: new Map() };
  /** What each corosync runs by. */
  running = new Map<string, string>();
  calls: string[] = [];
  /** The number of the call that fails, counted from 0; -1: none. It fails once. */
  failAt = -1;
  /** From this call on a host does not answer any more. */
  lostFrom: { readonly host: string; readonly call: number } | undefined;
  lostHost: string | undefined;
  journal: Journal | undefined;

  constructor(names: readonly string[], conf: string) {
    for (const name of names) {
      const unit = { enabled: false, active: false };
      this.nodes.set(name, { store: undefined, keptStore: undefined, conf, keptConf: undefined, unit });
      this.running.set(name, conf);
    }
  }

  /** Everything but what is kept for undoing. */
  visible(): unknown {
    const nodes = [...this.nodes].map(([name, { store, conf, unit }]) => [
      name,
      store,
      conf,
      unit,
      this.running.get(name),
    ]);
    return structuredClone({ nodes, arbiter: this.arbiter });
  }

  kept(): readonly string[] {
    return [...this.nodes].flatMap(([name, { keptStore, keptConf }]) =>
      keptStore === undefined && keptConf === undefined ? [] : [name],
    );
  }

  state(name: string): NodeState {
    const state = this.nodes.get(name);
    if (state === undefined) throw new Error(`no node ${name}`);
    return state;
  }

  claim(host: string, run: string): void {
    const holder = this.claims.get(host) ?? run;
    if (holder !== run) throw new ClaimHeld(host, holder);
    this.claims.set(host, run);
  }

  /** False: another run has it. */
  giveUp(host: string, run: string): boolean {
    const holder = this.claims.get(host) ?? run;
    if (holder === run) this.claims.delete(host);
    return holder === run;
  }

  async call<T>(host: string, name: string, work: () => T): Promise<T> {
    const number = this.calls.length;
    this.calls.push(`${host} ${name}`);
    await Promise.resolve();
    if (number === this.lostFrom?.call) this.lostHost = this.lostFrom.host;
    if (host === this.lostHost) throw new HostLost(host, 'gone');
    if (number === this.failAt) throw new HostLost(host, 'made to fail');
    return work();
  }

  journalStore(): JournalStore {
    return {
      write: async (journal) => {
        this.journal = structuredClone(journal);
      },
      remove: async () => {
        this.journal = undefined;
      },
    };
  }
}

export function twinClock(): Clock {
  let nowMs = 0;
  return {
    nowMs: () => nowMs,
    pause: async (ms) => {
      nowMs += ms;
    },
  };
}

export function twinNode(world: TwinWorld, name: string, run: string): NodePort {
  const call = <T>(what: string, work: (state: NodeState) => T) =>
    world.call(name, what, () => work(world.state(name)));
  return {
    name,
    claim: () => call('claim', () => world.claim(name, run)),
    release: () =>
      call('release', (node) => {
        if (!world.giveUp(name, run)) return;
        node.keptStore = undefined;
        node.keptConf = undefined;
      }),
    hasStore: () => call('hasStore', (node) => node.store !== undefined),
    keepStore: () =>
      call('keepStore', (node) => {
        node.keptStore ??= node.store;
      }),
    removeStore: () =>
      call('removeStore', (node) => {
        node.store = undefined;
      }),
    restoreStore: (existed) =>
      call('restoreStore', (node) => {
        node.store = existed ? (node.keptStore ?? node.store) : undefined;
        node.keptStore = undefined;
      }),
    makeRequest: () =>
      call('makeRequest', (node) => {
        node.store = 'key';
        return new TextEncoder().encode(`request of ${name}`);
      }),
    importCertificate: (certificate) =>
      call('importCertificate', (node) => {
        node.store = new TextDecoder().decode(certificate);
      }),
    vouch: (_request, store) =>
      call('vouch', (node) => {
        const held = store === 'inUse' ? node.store : node.keptStore;
        return held?.startsWith('certificate') === true ? new TextEncoder().encode(`word of ${held}`) : undefined;
      }),
    readConf: () => call('readConf', (node) => node.conf),
    replaceConf: (expected, text) =>
      call('replaceConf', (node) => {
        if (node.conf === text) return;
        if (node.conf !== expected) throw new Error('changed');
        node.keptConf ??= node.conf;
        node.conf = text;
      }),
    restoreConf: (replacedBy) =>
      call('restoreConf', (node) => {
        if (node.keptConf === undefined) return;
        if (node.conf !== replacedBy && node.conf !== node.keptConf) throw new Error('changed');
        node.conf = node.keptConf;
        node.keptConf = undefined;
      }),
    reload: () =>
      call('reload', () => {
        for (const [other, { conf }] of world.nodes) world.running.set(other, conf);
      }),
    runningVersion: () => call('runningVersion', () => versionIn(world.running.get(name))),
    deviceUnit: () => call('deviceUnit', (node) => node.unit),
    setDeviceUnit: (action) =>
      call(action, (node) => {
        if (action === 'enable' || action === 'disable') node.unit = { ...node.unit, enabled: action === 'enable' };
        else node.unit = { ...node.unit, active: action === 'restart' };
        if (action === 'restart') node.startedWith = node.conf;
        if (action === 'stop') node.startedWith = undefined;
      }),
    quorum: () => call('quorum', (node): QuorumView => view(node)),
    deviceState: () => call('deviceState', () => 'Connected'),
    reachesPort: () => call('reachesPort', () => 'ok'),
    forgetKept: () =>
      call('forgetKept', (node) => {
        node.keptStore = undefined;
        node.keptConf = undefined;
      }),
  };
}

export function twinArbiter(world: TwinWorld, run: string): ArbiterPort {
  const call = <T>(what: string, work: (state: ArbiterState) => T) =>
    world.call('arbiter', what, () => work(world.arbiter));
  const bytes = (text: string | undefined) => (text === undefined ? undefined : new TextEncoder().encode(text));
  return {
    name: 'arbiter',
    claim: () => call('claim', () => world.claim('arbiter', run)),
    release: () =>
      call('release', () => {
        world.giveUp('arbiter', run);
      }),
    authority: () => call('authority', (arbiter) => bytes(arbiter.authority)),
    makeAuthority: () =>
      call('makeAuthority', (arbiter) => {
        arbiter.authority ??= 'CA';
      }),
    hasStoreDirectory: () => call('hasStoreDirectory', () => true),
    removeAuthority: () =>
      call('removeAuthority', (arbiter) => {
        arbiter.authority = undefined;
      }),
    unit: () => call('unit', (arbiter) => arbiter.unit),
    setUnit: (action) =>
      call(action, (arbiter) => {
        if (action === 'enable' || action === 'disable')
          arbiter.unit = { ...arbiter.unit, enabled: action === 'enable' };
        else arbiter.unit = { ...arbiter.unit, active: action === 'start' };
      }),
    record: (cluster) => call('record', (arbiter) => arbiter.records.get(cluster)),
    restoreRecord: (cluster, certificate) =>
      call('restoreRecord', (arbiter) => {
        if (certificate === undefined) arbiter.records.delete(cluster);
        else arbiter.records.set(cluster, certificate);
      }),
    guardsNames: () => call('guardsNames', () => true),
    sign: (request, { clusterName: cluster, claim }) =>
      call('sign', (arbiter) => {
        const holder = arbiter.records.get(cluster);
        const word = claim.kind === 'endorsed' ? new TextDecoder().decode(claim.word) : claim.kind;
        if (
          holder !== undefined &&
          word !== 'replace' &&
          !holder.split('\n').some((each) => word === `word of ${each}`)
        ) {
          throw new Error(`${cluster} is taken`);
        }
        const certificate = `certificate for ${new TextDecoder().decode(request)}`;
        const others = holder === undefined || word === 'replace' ? [] : [holder];
        arbiter.records.set(cluster, [...others, certificate].join('\n'));
        return new TextEncoder().encode(certificate);
      }),
  };
}

function versionIn(conf: string | undefined): string | undefined {
  return /version (\d+)/.exec(conf ?? '')?.[1];
}

/** A vote needs a daemon that runs, a certificate, and a device in the configuration. */
function view(node: NodeState): QuorumView {
  const votes = node.unit.active && node.store?.startsWith('certificate') === true && node.conf.includes('device');
  return {
    nodeId: 1,
    quorate: true,
    expectedVotes: 3,
    totalVotes: 3,
    quorum: 2,
    members: [],
    device: votes ? 'A,V,NMW' : 'NR',
  };
}
