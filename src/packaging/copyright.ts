/** debian/copyright in its machine-readable form: ours, and what the libraries say of themselves. */
import type { Entry } from './tree.ts';

const MIT = `License: MIT
 Permission is hereby granted, free of charge, to any person obtaining a copy of
 this software and associated documentation files (the "Software"), to deal in
 the Software without restriction, including without limitation the rights to
 use, copy, modify, merge, publish, distribute, sublicense, and/or sell copies of
 the Software, and to permit persons to whom the Software is furnished to do so,
 subject to the following conditions:
 .
 The above copyright notice and this permission notice shall be included in all
 copies or substantial portions of the Software.
 .
 THE SOFTWARE IS PROVIDED "AS IS", WITHOUT WARRANTY OF ANY KIND, EXPRESS OR
 IMPLIED, INCLUDING BUT NOT LIMITED TO THE WARRANTIES OF MERCHANTABILITY, FITNESS
 FOR A PARTICULAR PURPOSE AND NONINFRINGEMENT. IN NO EVENT SHALL THE AUTHORS OR
 COPYRIGHT HOLDERS BE LIABLE FOR ANY CLAIM, DAMAGES OR OTHER LIABILITY, WHETHER
 IN AN ACTION OF CONTRACT, TORT OR OTHERWISE, ARISING FROM, OUT OF OR IN
 CONNECTION WITH THE SOFTWARE OR THE USE OR OTHER DEALINGS IN THE SOFTWARE.
`;

interface Manifest {
  readonly name?: string;
  readonly license?: unknown;
  readonly author?: unknown;
}

/** `modules` are the entries below `home`/node_modules. */
export function copyright(modules: readonly Entry[], home: string): string {
  const paragraphs = modules.flatMap((entry) => {
    if (entry.kind !== 'file' || !isManifest(entry.path)) return [];
    const manifest = JSON.parse(Buffer.from(entry.content).toString('utf8')) as Manifest;
    if (manifest.name === undefined || manifest.license === undefined) return [];
    const directory = entry.path.replace(/\/package\.json$/, '').slice(1);
    return [`Files: ${directory}/*\nCopyright: ${authorOf(manifest)}\nLicense: ${licenceName(manifest.license)}\n`];
  });
  const licences = new Set(paragraphs.map((paragraph) => /License: (.+)/.exec(paragraph)?.[1] ?? ''));
  const others = [...licences].filter((name) => name !== 'MIT').toSorted();
  return [
    'Format: https://www.debian.org/doc/packaging-manuals/copyright-format/1.0/\nUpstream-Name: qdevice\n',
    'Files: *\nCopyright: the authors of qdevice\nLicense: MIT\n',
    ...paragraphs.toSorted(),
    MIT,
    ...others.map(
      (name) =>
        `License: ${name}\n The text is in the LICENSE file of each library below /${home.slice(1)}/node_modules.\n`,
    ),
  ].join('\n');
}

/** Of a library itself, not of a folder in it. */
function isManifest(path: string): boolean {
  return /\/node_modules\/(@[^/]+\/)?[^/]+\/package\.json$/.test(path);
}

function authorOf({ name, author }: Manifest): string {
  if (typeof author === 'string') return author;
  if (typeof author === 'object' && author !== null && 'name' in author) return String(author.name);
  return `the authors of ${name}`;
}

/** Names as Debian has them; a choice is written with a small word. */
function licenceName(licence: unknown): string {
  return String(licence)
    .replaceAll(/[()]/g, '')
    .replaceAll(' OR ', ' or ')
    .replace('BSD-3-Clause', 'BSD-3-clause')
    .replace('GPL-2.0', 'GPL-2');
}
