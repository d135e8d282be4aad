/** What the system's ssh would do with a name, and which keys it has to log in with. */
import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { homedir } from 'node:os';

const MS_MAX = 10_000;

/** By its key words in lower case, of several the values; empty where there is no ssh, which the connection will tell. */
export function sshConfig(name: string): Promise<ReadonlyMap<string, readonly string[]>> {
  return new Promise((resolve) => {
    execFile('ssh', ['-G', '--', name], { timeout: MS_MAX }, (_error, stdout) => {
      const values = new Map<string, string[]>();
      for (const line of stdout.split('\n')) {
        const [key = '', value] = line.split(/ (.*)/s);
        if (value !== undefined && value !== 'none') values.set(key, [...(values.get(key) ?? []), value]);
      }
      resolve(values);
    });
  });
}

/** Files of the public keys that could be let in; undefined where an agent may have others. */
export async function publicKeys(name: string): Promise<string[] | undefined> {
  const files = (await sshConfig(name)).get('identityfile') ?? [];
  const found = files.map((file) => `${file.replace(/^~(?=\/)/, homedir())}.pub`).filter((file) => isPair(file));
  return found.length === 0 && process.env['SSH_AUTH_SOCK'] !== undefined ? undefined : found;
}

/** The private half counts: a public one can be made of it. */
function isPair(publicFile: string): boolean {
  return existsSync(publicFile.slice(0, -'.pub'.length));
}
