/** What the steps do to nodes and arbiter, in the words of the matter; scripts on hosts do it, or a twin in memory. */
import type { QuorumView } from '../facts/quorum-view.ts';

export interface UnitState {
  readonly enabled: boolean;
  readonly active: boolean;
}

/** What entitles a request to a name: that it is free, the word of its cluster, or the operator's. */
export type Claim =
  | { readonly kind: 'free' }
  | { readonly kind: 'endorsed'; readonly word: Uint8Array }
  | { readonly kind: 'replace' };

export interface SigningOrder {
  readonly clusterName: string;
  readonly claim: Claim;
  /** undefined: ten years. Upstream's arbiter gives 100 in any case. */
  readonly validDays: number | undefined;
}

/** Everything here may be asked for twice: what is done already stays done. */
export interface NodePort {
  readonly name: string;

  /** Keeps other runs away. Rejects where one is at work. */
  claim(): Promise<void>;
  /** Deletes what was kept and lets others in; does nothing where another run is at work. */
  release(): Promise<void>;

  hasStore(): Promise<boolean>;
  /** Copies the store aside, unless that was done before. */
  keepStore(): Promise<void>;
  removeStore(): Promise<void>;
  /** Puts back what was kept; `existed` false: there was nothing, so nothing stays. */
  restoreStore(existed: boolean): Promise<void>;
  /** A new key, made and kept on the node; gives the request for its certificate. */
  makeRequest(authority: Uint8Array, clusterName: string): Promise<Uint8Array>;
  importCertificate(certificate: Uint8Array): Promise<void>;
  /** The word of the cluster for a request, by the certificate in use or the one kept; undefined: there is none. */
  vouch(request: Uint8Array, store: 'inUse' | 'kept'): Promise<Uint8Array | undefined>;

  readConf(): Promise<string>;
  /** Refuses if the file is not `expected` any more, or the new text already. The one that was there is kept. */
  replaceConf(expected: string, text: string): Promise<void>;
  /** Puts back the one that was kept, if any; refuses if somebody has changed the one that replaced it. */
  restoreConf(replacedBy: string): Promise<void>;
  /** Every corosync of the cluster reads its file again. */
  reload(): Promise<void>;
  /** The version that the running corosync has, as it prints it. */
  runningVersion(): Promise<string | undefined>;

  deviceUnit(): Promise<UnitState>;
  setDeviceUnit(action: 'enable' | 'disable' | 'restart' | 'stop'): Promise<void>;

  quorum(): Promise<QuorumView | undefined>;
  /** What the daemon says of itself, in a line; '' if it does not answer. */
  deviceState(): Promise<string>;
  reachesPort(address: string, port: number): Promise<string>;
  /** Deletes what an older run has kept and nobody needs. */
  forgetKept(): Promise<void>;
}

export interface ArbiterPort {
  readonly name: string;

  /** As those of nodes, for the name of this cluster. */
  claim(): Promise<void>;
  release(): Promise<void>;

  authority(): Promise<Uint8Array | undefined>;
  makeAuthority(): Promise<void>;
  hasStoreDirectory(): Promise<boolean>;
  removeAuthority(keepDirectory: boolean): Promise<void>;
  unit(): Promise<UnitState>;
  setUnit(action: 'enable' | 'disable' | 'start' | 'stop'): Promise<void>;
  /** The certificate on record for a cluster, base64. */
  record(clusterName: string): Promise<string | undefined>;
  restoreRecord(clusterName: string, certificate: string | undefined): Promise<void>;
  /** Does it keep a name for the cluster that registered it? Upstream's signs whatever it is given. */
  guardsNames(): Promise<boolean>;
  sign(request: Uint8Array, order: SigningOrder): Promise<Uint8Array>;
}
