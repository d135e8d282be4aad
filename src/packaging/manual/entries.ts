/** Manual and completion as files of a host. */
import { gzipSync } from 'node:zlib';
import { type Entry, file, link } from '../tree.ts';
import { bashCompletion } from './completion.ts';
import { PROGRAMS, pages, TABLES } from './pages.ts';
import { type Edition, roff } from './roff.ts';

const COMPLETIONS = '/usr/share/bash-completion/completions';

export function manualEntries(edition: Edition): Entry[] {
  return pages().map((page) =>
    file(
      `/usr/share/man/man${page.section}/${page.name}.${page.section}.gz`,
      gzipSync(roff(page, edition), { level: 9 }),
    ),
  );
}

/** bash looks for a file under the name of the command. */
export function completionEntries(): Entry[] {
  const names = TABLES.map(({ name }) => name);
  return [
    file(`${COMPLETIONS}/qdevice`, bashCompletion(PROGRAMS, TABLES)),
    ...['qnetd', ...names].map((name) => link(`${COMPLETIONS}/${name}`, 'qdevice')),
  ];
}
