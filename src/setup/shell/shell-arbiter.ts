/** The arbiter's machine, by scripts on it and upstream's or our commands under upstream's names. */
import { X509Certificate } from 'node:crypto';
import type { ClaimedHost } from '../host/claimed-host.ts';
import { quoted, runOrThrow } from '../host/host.ts';
import { ARBITER_AUTHORITY, ARBITER_CERTUTIL, ARBITER_STORE, ARBITER_UNIT, GUARDS_NAMES } from '../paths.ts';
import type { ArbiterPort, SigningOrder, UnitState } from '../plan/ports.ts';

const CERTUTIL_MS_MAX = 180_000;

export class ShellArbiter implements ArbiterPort {
  readonly name: string;
  readonly #host: ClaimedHost;
  #guardsNames: Promise<boolean> | undefined;
  /** Every signing of a name writes the same file, so one goes after the other. */
  #signing: Promise<unknown> = Promise.resolve();

  constructor(host: ClaimedHost) {
    this.name = host.name;
    this.#host = host;
  }

  claim(): Promise<void> {
    return this.#host.claim();
  }

  release(): Promise<void> {
    return this.#host.release('true');
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
    const files = await this.#filesOf(clusterName);
    return Object.keys(files).length === 0 ? undefined : JSON.stringify(files);
  }

  async restoreRecord(clusterName: string, record: string | undefined): Promise<void> {
    const before = recordFiles(record);
    const now = await this.#filesOf(clusterName);
    const gone = Object.keys(now).filter((name) => before[name] !== now[name]);
    const back = Object.keys(before).filter((name) => before[name] !== now[name]);
    const pathOf = (name: string) => quoted(`${ARBITER_STORE}/${name}`);
    if (gone.length > 0) await this.#do('forgetting certificates', `rm -f ${gone.map(pathOf).join(' ')}`);
    for (const name of back) {
      // As upstream's tool and ours make it: for the group of the directory to read.
      const script = `umask 027; input >${pathOf(name)} && chown --reference=${ARBITER_STORE} ${pathOf(name)}`;
      await this.#do('restoring a certificate', script, Buffer.from(before[name] ?? '', 'base64'));
    }
  }

  /**
   * What is on record for a cluster, as base64 by file name: the file of its name, and of ours one for each certificate,
   * whose name does not tell whose it is.
   */
  async #filesOf(clusterName: string): Promise<Record<string, string>> {
    const script = [
      `cd ${ARBITER_STORE} 2>/dev/null || exit 0`,
      `for f in ${quoted(recordName(clusterName))} issued-*.pem; do`,
      '  [ -f "$f" ] || continue',
      '  content=$(base64 <"$f") || exit 1',
      `  echo "$f=$(echo "$content" | tr -d '\\n')"`,
      'done',
    ].join('\n');
    const lines = (await runOrThrow(this.#host, 'reading the records of the arbiter', script)).split('\n');
    const files: Record<string, string> = {};
    for (const line of lines) {
      const [, name = '', content = ''] = /^(.*?\.(?:crt|pem))=(.*)$/.exec(line) ?? [];
      if (name === '' || (name.startsWith('issued-') && !isFor(content, clusterName))) continue;
      files[name] = content;
    }
    return files;
  }

  /** Ours, with its own command; under upstream's name it signs whatever it is given, as tools expect there. */
  guardsNames(): Promise<boolean> {
    this.#guardsNames ??= this.#holds(GUARDS_NAMES);
    return this.#guardsNames;
  }

  sign(request: Uint8Array, order: SigningOrder): Promise<Uint8Array> {
    const signed = this.#signing.then(() => this.#sign(request, order));
    this.#signing = signed.catch(() => undefined);
    return signed;
  }

  async #sign(request: Uint8Array, order: SigningOrder): Promise<Uint8Array> {
    const file = recordOf(order.clusterName);
    const script = [
      'd=$(mktemp -d) || exit 1; trap \'rm -rf "$d"\' EXIT',
      'input >"$d/qdevice-net-node.crq"',
      ...((await this.guardsNames()) ? signCommand(order) : upstreamSignCommand(order, file)),
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

function signCommand({ clusterName, claim, validDays }: SigningOrder): string[] {
  const word = claim.kind === 'endorsed' ? Buffer.from(claim.word).toString('base64') : undefined;
  const words = [
    `qnetd sign --state ${ARBITER_STORE} --cluster ${quoted(clusterName)} --request "$d/qdevice-net-node.crq"`,
    ...(validDays === undefined ? [] : [`--valid-days ${validDays}`]),
    ...(claim.kind === 'replace' ? ['--replace'] : []),
    ...(word === undefined ? [] : ['--endorsement "$d/word"']),
  ];
  return [
    ...(word === undefined ? [] : [`echo ${word} | base64 -d >"$d/word"`]),
    `${words.join(' ')} >/dev/null || exit 1`,
  ];
}

function upstreamSignCommand({ clusterName }: SigningOrder, file: string): string[] {
  return [
    `rm -f ${file}`, // upstream's tool reports success without a certificate as well
    `${ARBITER_CERTUTIL} -s -c "$d/qdevice-net-node.crq" -n ${quoted(clusterName)} >&2 || exit 1`,
  ];
}

function recordName(clusterName: string): string {
  return `cluster-${clusterName}.crt`;
}

function recordOf(clusterName: string): string {
  return quoted(`${ARBITER_STORE}/${recordName(clusterName)}`);
}

/** As `record` gave it. */
function recordFiles(record: string | undefined): Readonly<Record<string, string>> {
  const parsed: unknown = JSON.parse(record ?? '{}');
  const pairs = typeof parsed === 'object' && parsed !== null ? Object.entries(parsed) : [];
  return Object.fromEntries(pairs.map(([name, content]) => [name, String(content)]));
}

function isFor(base64: string, clusterName: string): boolean {
  try {
    const { subject } = new X509Certificate(Buffer.from(base64, 'base64'));
    return subject.split('\n').some((line) => line.toLowerCase() === `cn=${clusterName.toLowerCase()}`);
  } catch {
    return false;
  }
}
