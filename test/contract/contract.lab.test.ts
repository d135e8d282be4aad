/** Every row of the contract against installed packages. LAB_ROWS=D36,D64 runs only these. */
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { Site } from './site.ts';
import { CONTRACT } from './table.ts';

const wanted = process.env['LAB_ROWS']?.split(',');
const rows = CONTRACT.filter(({ id }) => wanted?.includes(id) ?? true);
assert.notEqual(rows.length, 0, 'no such row');

let site: Site | undefined;

before(async () => {
  site = await Site.create();
});

after(async () => {
  await site?.hosts.destroy();
});

for (const row of rows) {
  test(`${row.id}: ${row.requirement}`, async () => {
    assert.ok(site);
    await row.test(site);
  });
}
