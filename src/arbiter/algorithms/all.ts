import type { Algorithms } from '../clusters.ts';
import { ffsplit } from './ffsplit.ts';
import { lms } from './lms.ts';
import { testAlgorithm } from './test-algorithm.ts';
import { twoNodeLms } from './two-node-lms.ts';

export const ALGORITHMS: Algorithms = { test: testAlgorithm, ffsplit, twoNodeLms, lms };
