/** Steps and outcomes in which nobody is sent anything. */

import type { Vote } from '../../protocol/enums.ts';
import type { Cluster } from '../cluster.ts';
import type { Report } from '../reports.ts';
import type { Outcome, Step } from './algorithm.ts';

export function quietStep(cluster: Cluster, reports: readonly Report[] = []): Step {
  return { cluster, votes: [], reports };
}

export function quietOutcome(cluster: Cluster, vote: Vote, reports: readonly Report[] = []): Outcome {
  return { cluster, votes: [], reports, vote };
}
