/** The connections of one run: to every node, this one included, and to the arbiter if it is needed. */
import { setTimeout as pause } from 'node:timers/promises';
import type { ClusterConf, ConfNode } from './conf/cluster.ts';
import { Askpass } from './host/askpass.ts';
import { type Host, HostLost, type RunOptions, type ScriptResult } from './host/host.ts';
import { LocalHost } from './host/local-host.ts';
import { type Prompts, RememberedSecrets } from './host/prompts.ts';
import { SshFailure, type SshFailureKind } from './host/ssh-failure.ts';
import { SshHost, type SshTarget } from './host/ssh-host.ts';
import { nameOf } from './node-names.ts';
import { nodeTarget } from './ssh-targets.ts';

export interface SessionNode {
  readonly conf: ConfNode;
  readonly name: string;
  readonly isLocal: boolean;
  readonly host: Host | undefined;
  readonly failure: SshFailure | undefined;
}

export interface SessionOptions {
  readonly prompts: Prompts;
  /** On nodes, instead of root. */
  readonly user: string | undefined;
}

export class Session {
  readonly nodes: readonly SessionNode[];
  readonly #services: { readonly askpass: Askpass; readonly secrets: RememberedSecrets };
  readonly #open: Host[];

  private constructor(nodes: readonly SessionNode[], services: Session['services'], open: Host[]) {
    this.nodes = nodes;
    this.#services = services;
    this.#open = open;
  }

  /** Nodes that cannot be reached are in it as well, with the reason. */
  static async open(conf: ClusterConf, here: ConfNode | undefined, options: SessionOptions): Promise<Session> {
    const askpass = await Askpass.open();
    const services = { askpass, secrets: new RememberedSecrets(options.prompts) };
    const nodes = await Promise.all(
      conf.nodes.map(async (node): Promise<SessionNode> => {
        const common = { conf: node, name: nameOf(node), isLocal: node === here };
        if (common.isLocal) return { ...common, host: new LocalHost(common.name), failure: undefined };
        return { ...common, ...(await connected(await nodeTarget(node, options.user), services)) };
      }),
    );
    const open = nodes.flatMap(({ host }) => (host === undefined ? [] : [host]));
    return new Session(nodes, services, open);
  }

  get services() {
    return this.#services;
  }

  /** Rejects with SshFailure. */
  async connect(target: SshTarget): Promise<Host> {
    const { host, failure } = await connected(target, this.#services);
    if (host === undefined) throw failure;
    this.#open.push(host);
    return host;
  }

  async close(): Promise<void> {
    await Promise.all(this.#open.map((host) => host.close()));
    await this.#services.askpass.close();
  }
}

async function connected(
  target: SshTarget,
  services: Session['services'],
): Promise<{ host: Host | undefined; failure: SshFailure | undefined }> {
  const host = new SshHost(target, services);
  try {
    await host.connect();
    return { host: new ReconnectingHost(host), failure: undefined };
  } catch (error) {
    await host.close();
    if (error instanceof SshFailure) return { host: undefined, failure: error };
    if (!(error instanceof HostLost)) throw error;
    return { host: undefined, failure: new SshFailure(target.name, 'noShell', error.reason) };
  }
}

/** A network that is gone for a moment: whoever puts things back waits for it so long, once. */
const NETWORK_MS_MAX = 30_000;
const RETRY_MS = 1_000;
const PASSING: readonly SshFailureKind[] = ['timeout', 'refused', 'other'];

/** A script that was lost is lost; the next one, which puts things back, gets a new connection. */
class ReconnectingHost implements Host {
  readonly name: string;
  readonly #host: SshHost;
  #lost = false;
  #isPatient = true;

  constructor(host: SshHost) {
    this.name = host.name;
    this.#host = host;
  }

  async run(script: string, options?: RunOptions): Promise<ScriptResult> {
    if (this.#lost) {
      await this.#reconnect();
      this.#lost = false;
    }
    try {
      return await this.#host.run(script, options);
    } catch (error) {
      this.#lost = true;
      throw error;
    }
  }

  close(): Promise<void> {
    return this.#host.close();
  }

  async #reconnect(): Promise<void> {
    const untilMs = performance.now() + (this.#isPatient ? NETWORK_MS_MAX : 0);
    for (;;) {
      try {
        await this.#host.connect();
        this.#isPatient = true;
        return;
      } catch (error) {
        const passes = error instanceof HostLost || (error instanceof SshFailure && PASSING.includes(error.kind));
        if (!passes) throw error;
        if (performance.now() > untilMs) {
          this.#isPatient = false;
          throw error;
        }
      }
      await pause(RETRY_MS);
    }
  }
}
