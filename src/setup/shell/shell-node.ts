/** A node, by scripts on its host. */
import { createHash } from 'node:crypto';
import { type PortState, tryPort } from '../facts/port-state.ts';
import { type QuorumView, readQuorum } from '../facts/quorum-view.ts';
import type { ClaimedHost } from '../host/claimed-host.ts';
import { quoted, runOrThrow, ScriptFailed } from '../host/host.ts';
import { BEFORE, COROSYNC_CONF, DEVICE_DIRECTORY, NODE_CERTUTIL, NODE_STORE, NODE_UNIT } from '../paths.ts';
import type { NodePort, UnitState } from '../plan/ports.ts';
import { StepProblem } from '../plan/step.ts';
import {
  isProxmoxWriter,
  PROXMOX_FORGET,
  PROXMOX_REPLACE,
  PROXMOX_RESTORE,
  PROXMOX_WAIT,
  type ProxmoxRole,
} from './proxmox-conf.ts';
import { vouchScript } from './vouch-script.ts';

const KEPT_STORE = `${DEVICE_DIRECTORY}${BEFORE}`;
const KEPT_CONF = `${COROSYNC_CONF}${BEFORE}`;
const FORGET = `rm -rf ${KEPT_STORE} ${KEPT_STORE}.part ${KEPT_CONF}; ${PROXMOX_FORGET}`;
const CHANGED = 3;
/** Beyond what corosync waits for a device that does not vote, by its default or as it is configured. */
const RELOAD_SECONDS_MORE = 15;
const SYNC_MS = 30_000;
const RELOAD_MS_MAX = 180_000;
/** Making a key on a slow machine, and 600,000 rounds for the file that upstream's tool writes. */
const CERTUTIL_MS_MAX = 180_000;
const TEMPORARY_DIRECTORY = 'd=$(mktemp -d) || exit 1; trap \'rm -rf "$d"\' EXIT';

export class ShellNode implements NodePort {
  readonly name: string;
  readonly #host: ClaimedHost;
  readonly #proxmox: ProxmoxRole;

  constructor(host: ClaimedHost, proxmox: ProxmoxRole) {
    this.name = host.name;
    this.#host = host;
    this.#proxmox = proxmox;
  }

  claim(): Promise<void> {
    return this.#host.claim();
  }

  release(): Promise<void> {
    return this.#host.release(FORGET);
  }

  hasStore(): Promise<boolean> {
    return this.#holds(`[ -d ${DEVICE_DIRECTORY} ]`);
  }

  async keepStore(): Promise<void> {
    const [from, to] = [DEVICE_DIRECTORY, KEPT_STORE];
    const copy = `rm -rf ${to}.part && cp -a ${from} ${to}.part && mv ${to}.part ${to}`;
    await this.#do('keeping the certificate store', `[ ! -d ${from} ] || [ -d ${to} ] || { ${copy}; }`);
  }

  async removeStore(): Promise<void> {
    await this.#do('deleting the certificate store', `rm -rf ${NODE_STORE}`);
  }

  async restoreStore(existed: boolean): Promise<void> {
    const back = `[ ! -d ${KEPT_STORE} ] || { rm -rf ${DEVICE_DIRECTORY} && mv ${KEPT_STORE} ${DEVICE_DIRECTORY}; }`;
    await this.#do('restoring the certificate store', existed ? back : `rm -rf ${DEVICE_DIRECTORY}`);
  }

  async makeRequest(authority: Uint8Array, clusterName: string): Promise<Uint8Array> {
    const request = `${NODE_STORE}/qdevice-net-node.crq`;
    const script = [
      TEMPORARY_DIRECTORY,
      'input >"$d/qnetd-cacert.crt"',
      `rm -rf ${NODE_STORE}`,
      `${NODE_CERTUTIL} -i -c "$d/qnetd-cacert.crt" >&2 || exit 1`,
      `${NODE_CERTUTIL} -r -n ${quoted(clusterName)} >&2 || exit 1`,
      `[ -s ${request} ] && cat ${request}`, // upstream's tool reports success without a file as well
    ].join('\n');
    const options = { input: authority, timeoutMs: CERTUTIL_MS_MAX };
    return Buffer.from(await runOrThrow(this.#host, 'making the certificate request', script, options), 'latin1');
  }

  async importCertificate(certificate: Uint8Array): Promise<void> {
    const script = [
      TEMPORARY_DIRECTORY,
      'input >"$d/cluster.crt"',
      `${NODE_CERTUTIL} -M -c "$d/cluster.crt" >&2 || exit 1`,
      `[ -s ${NODE_STORE}/qdevice-net-node.p12 ]`,
    ].join('\n');
    await this.#do('importing the certificate', script, { input: certificate, timeoutMs: CERTUTIL_MS_MAX });
  }

  async vouch(request: Uint8Array, store: 'inUse' | 'kept'): Promise<Uint8Array | undefined> {
    const directory = store === 'inUse' ? NODE_STORE : NODE_STORE.replace(DEVICE_DIRECTORY, KEPT_STORE);
    const { exitCode, stdout } = await this.#host.run(vouchScript(directory), { input: request });
    return exitCode === 0 ? Buffer.from(stdout, 'latin1') : undefined;
  }

  readConf(): Promise<string> {
    return runOrThrow(this.#host, 'reading corosync.conf', `cat ${COROSYNC_CONF}`);
  }

  async replaceConf(expected: string, text: string): Promise<void> {
    if (this.#proxmox === 'reader') return await this.#do('waiting for corosync.conf', PROXMOX_WAIT);
    const sums = `want=${sha256(expected)} after=${sha256(text)}`;
    const script = `${sums}\n${isProxmoxWriter(this.#proxmox) ? PROXMOX_REPLACE : PLAIN_REPLACE}`;
    const result = await this.#host.run(script, { input: Buffer.from(text, 'latin1') });
    if (result.exitCode === CHANGED) {
      throw new StepProblem(`corosync.conf on ${this.name} was changed meanwhile.`, 'Start again.');
    }
    if (result.exitCode !== 0) {
      throw new StepProblem(
        `corosync.conf on ${this.name} cannot be replaced: ${result.stderr.trim()}.`,
        'Start again.',
      );
    }
  }

  async restoreConf(replacedBy: string): Promise<void> {
    if (this.#proxmox === 'reader') return await this.#do('waiting for corosync.conf', PROXMOX_WAIT);
    const script = `after=${sha256(replacedBy)}\n${isProxmoxWriter(this.#proxmox) ? PROXMOX_RESTORE : PLAIN_RESTORE}`;
    const result = await this.#host.run(script);
    if (result.exitCode === CHANGED) {
      const problem = `corosync.conf on ${this.name} was changed by somebody else, and is left as it is.`;
      throw new StepProblem(problem, `What it was before is in ${KEPT_CONF}: put that in place or delete it.`);
    }
    if (result.exitCode !== 0) throw new ScriptFailed(this.name, 'restoring corosync.conf', result);
  }

  async reload(): Promise<void> {
    await this.#do('loading corosync.conf', RELOAD, { timeoutMs: RELOAD_MS_MAX });
  }

  async runningVersion(): Promise<string | undefined> {
    const { stdout } = await this.#host.run('corosync-cmapctl -g totem.config_version');
    return /=\s*(\d+)/.exec(stdout)?.[1];
  }

  async deviceUnit(): Promise<UnitState> {
    return {
      enabled: await this.#holds(`systemctl is-enabled ${NODE_UNIT}`),
      active: await this.#holds(`systemctl is-active ${NODE_UNIT}`),
    };
  }

  async setDeviceUnit(action: 'enable' | 'disable' | 'restart' | 'stop'): Promise<void> {
    const script = `systemctl ${action} ${NODE_UNIT}`;
    await this.#do(script, script);
  }

  async quorum(): Promise<QuorumView | undefined> {
    return readQuorum((await this.#host.run('corosync-quorumtool -s')).stdout);
  }

  async deviceState(): Promise<string> {
    const { stdout } = await this.#host.run("corosync-qdevice-tool -s | sed -n 's/^State:[[:space:]]*//p'");
    return stdout.trim();
  }

  async reachesPort(address: string, port: number): Promise<PortState> {
    return await tryPort(this.#host, address, port);
  }

  async forgetKept(): Promise<void> {
    await this.#do('tidying up', FORGET);
  }

  async #holds(condition: string): Promise<boolean> {
    return (await this.#host.run(condition)).exitCode === 0;
  }

  async #do(what: string, script: string, options?: { input?: Uint8Array; timeoutMs?: number }): Promise<void> {
    await runOrThrow(this.#host, what, script, options);
  }
}

/**
 * While its membership changes corosync says that it has to be tried again; a daemon that is stopped in the middle of
 * it does not end its wait for the device.
 */
const RELOAD = [
  "wait=$(corosync-cmapctl -g quorum.device.sync_timeout 2>/dev/null | sed -n 's/.*= \\([0-9][0-9]*\\)$/\\1/p')",
  `max=$((\${wait:-${SYNC_MS}} / 1000 + ${RELOAD_SECONDS_MORE}))`,
  'i=0; until said=$(corosync-cfgtool -R 2>&1); do',
  '  case $said in *TRY_AGAIN*) ;; *) echo "$said" >&2; exit 1 ;; esac',
  `  i=$((i + 1)); [ $i -le $max ] || { echo "$said" >&2; exit 1; }`,
  '  sleep 1',
  'done',
].join('\n');

/** The new file has the old one's owner and mode, and is whole from the first moment. */
const PLAIN_REPLACE = [
  `f=${COROSYNC_CONF} kept=${KEPT_CONF}`,
  'is=$(sha256sum <"$f" | cut -d" " -f1)',
  '[ "$is" != "$after" ] || exit 0',
  `[ "$is" = "$want" ] || exit ${CHANGED}`,
  '[ -e "$kept" ] || { cp -p "$f" "$kept.part" && mv "$kept.part" "$kept"; } || exit 1',
  'new=$(mktemp "$f.XXXXXX") || exit 1; trap \'rm -f "$new"\' EXIT',
  'cp -p "$f" "$new" && input >"$new" && { sync "$new" 2>/dev/null || sync; } && mv -f "$new" "$f"',
].join('\n');

/** Only what this run has put there is taken back. */
const PLAIN_RESTORE = [
  `f=${COROSYNC_CONF} kept=${KEPT_CONF}`,
  '[ -e "$kept" ] || exit 0',
  'is=$(sha256sum <"$f" | cut -d" " -f1)',
  `[ "$is" = "$after" ] || cmp -s "$f" "$kept" || exit ${CHANGED}`,
  'mv -f "$kept" "$f"',
].join('\n');

function sha256(text: string): string {
  return createHash('sha256').update(text, 'latin1').digest('hex');
}
