/** The node on which setup was started. */
import type { Host, RunOptions, ScriptResult } from './host.ts';
import { runInShell } from './shell-process.ts';

export class LocalHost implements Host {
  readonly name: string;

  constructor(name: string) {
    this.name = name;
  }

  run(script: string, options: RunOptions = {}): Promise<ScriptResult> {
    return runInShell({ hostName: this.name, argv: ['sh'] }, script, options);
  }

  async close(): Promise<void> {
    // nothing is kept open
  }
}
