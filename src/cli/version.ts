/** The version of this package, from its package.json two levels up, in `src` and in `dist` alike. */
import { readFileSync } from 'node:fs';

export function packageVersion(): string {
  const described: unknown = JSON.parse(readFileSync(new URL('../../package.json', import.meta.url), 'utf8'));
  if (typeof described !== 'object' || described === null || !('version' in described)) return 'unknown';
  return String(described.version);
}
