/** Who is asked when ssh or sudo wants to know something. */
export interface Prompts {
  /** undefined: there is nobody to ask. Not kept anywhere but in memory. */
  secret(question: string): Promise<string | undefined>;
  confirm(question: string): Promise<boolean>;
}

/**
 * One password is asked for once: nodes of a cluster trust each other with everything, so what opened one of them is
 * tried on the next; the arbiter's is never shown to a node, nor theirs to it.
 */
export class RememberedSecrets {
  readonly #prompts: Prompts;
  readonly #known = new Map<string, string>();
  readonly #tried = new Set<string>();
  #last: Promise<unknown> = Promise.resolve();

  constructor(prompts: Prompts) {
    this.#prompts = prompts;
  }

  /** `group` is who shares a password, `asker` the one that asks now and has to be answered anew the second time. */
  secret(group: string, asker: string, question: string): Promise<string | undefined> {
    // In turn: hosts are connected to at once, and the answer to the first may do for the second.
    const turn = this.#last.then(() => this.#secret(group, asker, question));
    this.#last = turn.catch(() => undefined);
    return turn;
  }

  async #secret(group: string, asker: string, question: string): Promise<string | undefined> {
    const known = this.#known.get(group);
    const key = `${group} ${asker}`;
    // A code of a second factor is good for once, and no password is the answer to the question for it.
    const isLasting = /pass(word|phrase)/i.test(question);
    if (!isLasting) return await this.#prompts.secret(question);
    if (known !== undefined && !this.#tried.has(key)) {
      this.#tried.add(key);
      return known;
    }
    const answer = await this.#prompts.secret(question);
    if (answer !== undefined) this.#known.set(group, answer);
    this.#tried.add(key);
    return answer;
  }

  confirm(question: string): Promise<boolean> {
    return this.#prompts.confirm(question);
  }
}
