/**
 * Empty packages with the names of those whose place ours takes, for who asks dpkg for exactly these names: crmsh, in Debian's
 * version, refuses to go on where `dpkg-query --status corosync-qdevice` fails, and no Provides helps there. The epoch keeps
 * Debian's own package of that name, whatever its version, from replacing them in an upgrade.
 */
import { join } from 'node:path';
import { buildDeb } from './deb.ts';

export const EPOCH = '1';
const MEANINGS = { 'corosync-qnetd': 'the arbiter', 'corosync-qdevice': 'the daemon of a node' } as const;

/** Returns the paths of the packages. */
export async function namePackages(version: string, maintainer: string, epochS: number, outDirectory: string) {
  const names = Object.keys(MEANINGS) as (keyof typeof MEANINGS)[];
  return await Promise.all(
    names.map(async (name) => {
      const fields = {
        Package: name,
        Version: `${EPOCH}:${version}`,
        Architecture: 'all',
        Maintainer: maintainer,
        Section: 'admin',
        Priority: 'optional',
        Depends: `qdevice (= ${version})`,
        Description: [
          `${MEANINGS[name]} is in the package qdevice`,
          ' Empty. For programs that ask for a package of this name; crmsh is one.',
        ].join('\n'),
      };
      const path = join(outDirectory, `${name}_${version}_all.deb`);
      await buildDeb({ fields, entries: [], scripts: {}, conffiles: [], epochS }, path);
      return path;
    }),
  );
}
