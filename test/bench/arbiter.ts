/** The two arbiters under load, side by side (see arbiter/): `npm run bench -- [--quick] [--only 40,500] [--plot FILE]`. */
import { parseArgs } from 'node:util';
import { bench } from './arbiter/bench.ts';

const { values } = parseArgs({
  options: {
    quick: { type: 'boolean', default: false },
    only: { type: 'string' },
    plot: { type: 'string' },
    ours: { type: 'boolean', default: false },
    profile: { type: 'string' },
  },
});
const isMet = await bench({
  isQuick: values.quick,
  only: values.only?.split(','),
  plotFile: values.plot,
  oursAlone: values.ours,
  profileDir: values.profile,
});
process.exit(isMet ? 0 : 1);
