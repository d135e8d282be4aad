/** Answers the questions of ssh. It runs without a terminal, so every question comes here, host keys included. */
import { chmod, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createServer, type Server, type Socket } from 'node:net';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { quoted } from './host.ts';

/** undefined: no answer, ssh gives this way of logging in up. */
export type Answerer = (question: string) => Promise<string | undefined>;

const QUESTION_BYTES_MAX = 10_000;

/** A directory that only this user may enter: sockets of ssh and of the questions, and the program that asks. */
export class Askpass {
  readonly directory: string;
  readonly #servers = new Map<string, Server>();

  private constructor(directory: string) {
    this.directory = directory;
  }

  static async open(): Promise<Askpass> {
    const directory = await mkdtemp('/run/qdevice-ssh-'); // 0700 by its contract, and gone with the next boot
    const extension = import.meta.url.endsWith('.ts') ? 'ts' : 'js';
    const client = fileURLToPath(new URL(`./askpass-client.${extension}`, import.meta.url));
    const command = [process.execPath, ...process.execArgv, client].map(quoted).join(' ');
    const program = join(directory, 'ask');
    await writeFile(program, `#!/bin/sh\nexec ${command} "$@"\n`, { mode: 0o700 });
    await chmod(program, 0o700);
    return new Askpass(directory);
  }

  /** The environment of an ssh whose questions `answer` is to answer. */
  async environment(id: string, answer: Answerer): Promise<NodeJS.ProcessEnv> {
    const path = join(this.directory, `${id}.ask`);
    await this.forget(id);
    const server = createServer({ allowHalfOpen: true }, (socket) => converse(socket, answer));
    await new Promise<void>((resolve, reject) => server.once('error', reject).listen(path, resolve));
    this.#servers.set(id, server);
    const { SSH_ASKPASS_PROMPT: _, ...environment } = process.env;
    return {
      ...environment,
      SSH_ASKPASS: join(this.directory, 'ask'),
      SSH_ASKPASS_REQUIRE: 'force',
      QDEVICE_ASKPASS_SOCKET: path,
    };
  }

  async forget(id: string): Promise<void> {
    const server = this.#servers.get(id);
    if (server === undefined) return;
    this.#servers.delete(id);
    await new Promise((resolve) => server.close(resolve));
  }

  async close(): Promise<void> {
    for (const id of [...this.#servers.keys()]) await this.forget(id);
    await rm(this.directory, { recursive: true, force: true });
  }
}

function converse(socket: Socket, answer: Answerer): void {
  let question = '';
  socket.setEncoding('utf8').on('error', () => socket.destroy());
  socket.on('data', (text: string) => {
    question += text;
    if (question.length > QUESTION_BYTES_MAX) socket.destroy();
  });
  socket.on('end', () => {
    answer(question).then(
      (text) => socket.end(text === undefined ? '-' : `+${text}`),
      () => socket.end('-'),
    );
  });
}
