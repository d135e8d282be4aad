/** The arbiter's machine, by scripts on it and upstream's or our commands under upstream's names. */
import { type Host, quoted, runOrThrow } from '../host/host.ts';
import { ARBITER_AUTHORITY, ARBITER_CERTUTIL, ARBITER_STORE, ARBITER_UNIT } from '../paths.ts';
import type { ArbiterPort, UnitState } from '../plan/ports.ts';

const CERTUTIL_MS_MAX = 180_000;

export class ShellArbiter implements ArbiterPort {
  readonly name: string;
  readonly #host: Host;
  /** Every signing of a name writes the same file, so one goes after the other. */
  #signing: Promise<unknown> = Promise.resolve();

  constructor(host: Host) {
    this.name = host.name;
    this.#host = host;
  }

  async authority(): Promise<Uint8Array | undefined> {
    const { exitCode, stdout } = await this.#host.run(`[ -s ${ARBITER_AUTHORITY} ] && cat ${ARBITER_AUTHORITY}`);
    return exitCode === 0 ? Buffer.from(stdout, 'latin1') : undefined;
  }

  hasStoreDirectory(): Promise<boolean> {
    return this.#holds(`[ -d ${ARBITER_STORE} ]`);
  }

  async makeAuthority(): Promise<void> {
    const script = `[ -s ${ARBITER_AUTHORITY} ] || { mkdir -p /etc/corosync/qnetd && ${ARBITER_CERTUTIL} -i; }`;
    await this.#do('making the certificate authority', script);
  }

  async removeAuthority(keepDirectory: boolean): Promise<void> {
    const empty = `find ${ARBITER_STORE} -mindepth 1 -delete`;
    const script = keepDirectory ? empty : `rm -rf ${ARBITER_STORE}`;
    await this.#do('removing the certificate authority', `[ ! -d ${ARBITER_STORE} ] || ${script}`);
  }

  async unit(): Promise<UnitState> {
    return {
      enabled: await this.#holds(`systemctl is-enabled ${ARBITER_UNIT}`),
      active: await this.#holds(`systemctl is-active ${ARBITER_UNIT}`),
    };
  }

  async setUnit(action: 'enable' | 'disable' | 'start' | 'stop'): Promise<void> {
    const script = `systemctl ${action} ${ARBITER_UNIT}`;
    await this.#do(script, script);
  }

  async record(clusterName: string): Promise<string | undefined> {
    const file = recordOf(clusterName);
    const { exitCode, stdout } = await this.#host.run(`[ -e ${file} ] && cat ${file}`);
    return exitCode === 0 ? Buffer.from(stdout, 'latin1').toString('base64') : undefined;
  }

  async restoreRecord(clusterName: string, certificate: string | undefined): Promise<void> {
    const file = recordOf(clusterName);
    const forget = [
      // Ours keeps more of a name than this file; upstream's has no such command.
      `if command -v qnetd >/dev/null 2>&1; then qnetd certs forget --cluster ${quoted(clusterName)} >/dev/null 2>&1; fi`,
      `rm -f ${file}`,
    ].join('\n');
    if (certificate === undefined) return await this.#do('forgetting the certificates', forget);
    const script = `[ "$(base64 <${file} 2>/dev/null | tr -d '\\n')" = ${quoted(certificate)} ] || { rm -f ${file}; umask 027; input >${file}; }`;
    await this.#do('restoring the certificate', script, Buffer.from(certificate, 'base64'));
  }

  sign(request: Uint8Array, clusterName: string): Promise<Uint8Array> {
    const signed = this.#signing.then(() => this.#sign(request, clusterName));
    this.#signing = signed.catch(() => undefined);
    return signed;
  }

  async #sign(request: Uint8Array, clusterName: string): Promise<Uint8Array> {
    const file = recordOf(clusterName);
    const script = [
      'd=$(mktemp -d) || exit 1; trap \'rm -rf "$d"\' EXIT',
      'input >"$d/qdevice-net-node.crq"',
      `rm -f ${file}`, // upstream's tool reports success without a certificate as well
      `${ARBITER_CERTUTIL} -s -c "$d/qdevice-net-node.crq" -n ${quoted(clusterName)} >&2 || exit 1`,
      `[ -s ${file} ] && cat ${file}`,
    ].join('\n');
    const options = { input: request, timeoutMs: CERTUTIL_MS_MAX };
    return Buffer.from(await runOrThrow(this.#host, 'signing the certificate', script, options), 'latin1');
  }

  async #holds(condition: string): Promise<boolean> {
    return (await this.#host.run(condition)).exitCode === 0;
  }

  async #do(what: string, script: string, input?: Uint8Array): Promise<void> {
    const options = input === undefined ? { timeoutMs: CERTUTIL_MS_MAX } : { input, timeoutMs: CERTUTIL_MS_MAX };
    await runOrThrow(this.#host, what, script, options);
  }
}

function recordOf(clusterName: string): string {
  return quoted(`${ARBITER_STORE}/cluster-${clusterName}.crt`);
}
