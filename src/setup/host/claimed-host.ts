/**
 * A host that one run has for itself. A claim, a file that names the run, keeps others away from it until that run is
 * over or undone, over a restart of the host as well. And each connection has a token of its own, written down on the
 * host: a script that was on its way in a connection that was lost may still come to be run long after, finds the token
 * of a later connection and does nothing. One that had begun before is waited for: scripts take turns by a lock.
 */
import { randomUUID } from 'node:crypto';
import { CLAIMS } from '../paths.ts';
import { type Host, HostLost, quoted, type RunOptions, ScriptFailed, type ScriptResult } from './host.ts';

export interface Claim {
  /** Below CLAIMS; what it is a claim of. */
  readonly file: string;
  /** Whose it is. A run that takes up the journal of another one has its name. */
  readonly run: string;
  /** The node where that run is, for people. */
  readonly from: string;
}

const TOKENS = '/run';
const SCRIPTS_LOCK = '/run/qdevice-setup-scripts.lock';
const LOCK_SECONDS_MAX = 50;
const HELD = 91;
const LATE = 92;
const BUSY = 93;

/** Somebody else is at work on that host. */
export class ClaimHeld extends Error {
  override readonly name = 'ClaimHeld';
  readonly host: string;
  /** The node where the other run is. */
  readonly from: string;

  constructor(host: string, from: string) {
    super(`${host} is claimed by a setup on ${from}`);
    this.host = host;
    this.from = from;
  }
}

export class ClaimedHost implements Host {
  readonly name: string;
  readonly #host: Host;
  readonly #claim: Claim;
  /** undefined: not claimed yet, or by a connection that is lost. */
  #token: string | undefined;

  constructor(host: Host, claim: Claim) {
    this.name = host.name;
    this.#host = host;
    this.#claim = claim;
  }

  /** Rejects with ClaimHeld where another run is at work. */
  async claim(): Promise<void> {
    const { file, run, from } = this.#claim;
    const token = randomUUID();
    const path = quoted(`${CLAIMS}/${file}`);
    const script = [
      `mkdir -p ${CLAIMS} || exit 1`,
      `if [ -s ${path} ]; then`,
      `  read -r run from <${path}; [ "$run" = ${quoted(run)} ] || { echo "$from"; exit ${HELD}; }`,
      'else',
      `  echo ${quoted(`${run} ${from}`)} >${path}.part && mv -f ${path}.part ${path} || exit 1`,
      'fi',
      `echo ${token} >${this.#tokenPath}`,
    ].join('\n');
    const result = await this.#host.run(inTurn(script));
    if (result.exitCode === HELD) throw new ClaimHeld(this.name, result.stdout.trim());
    if (result.exitCode !== 0) throw this.#failure('claiming the host for this setup', result);
    this.#token = token;
  }

  async run(script: string, options?: RunOptions): Promise<ScriptResult> {
    if (this.#token === undefined) await this.claim();
    const guard = `[ "$(cat ${this.#tokenPath} 2>/dev/null)" = ${this.#token} ] || exit ${LATE}`;
    const result = await this.#runOrLose(inTurn(`${guard}\n${script}`), options);
    if (result.exitCode === LATE || result.exitCode === BUSY) throw this.#failure('waiting for its turn', result);
    return result;
  }

  /** Gives the host free, after a last script. Nothing is done where another run has it. */
  async release(script: string): Promise<void> {
    const path = quoted(`${CLAIMS}/${this.#claim.file}`);
    const last = `{ ${script}\n} && rm -f ${path} ${path}.part ${this.#tokenPath} && { rmdir ${CLAIMS} 2>/dev/null; true; }`;
    try {
      const result = await this.run(last);
      if (result.exitCode !== 0) throw new ScriptFailed(this.name, 'tidying up', result);
      this.#token = undefined;
    } catch (error) {
      if (!(error instanceof ClaimHeld)) throw error;
    }
  }

  close(): Promise<void> {
    return this.#host.close();
  }

  async #runOrLose(script: string, options: RunOptions | undefined): Promise<ScriptResult> {
    try {
      return await this.#host.run(script, options);
    } catch (error) {
      if (error instanceof HostLost) this.#token = undefined;
      throw error;
    }
  }

  #failure(what: string, result: ScriptResult): ScriptFailed {
    const stderr =
      result.exitCode === BUSY
        ? `an earlier command is still at work there after ${LOCK_SECONDS_MAX} s`
        : result.exitCode === LATE
          ? 'a later connection of this setup has taken over'
          : result.stderr;
    return new ScriptFailed(this.name, what, { ...result, stderr });
  }

  get #tokenPath(): string {
    return quoted(`${TOKENS}/qdevice-setup-${this.#claim.file}`);
  }
}

/** What the script starts and leaves running must not have the lock. */
function inTurn(script: string): string {
  return [
    `exec 9>>${SCRIPTS_LOCK} || exit 1`,
    `! command -v flock >/dev/null || flock -w ${LOCK_SECONDS_MAX} 9 || exit ${BUSY}`,
    `(\n${script}\n) 9>&-`,
  ].join('\n');
}
