/** A row of the drop-in contract: what tools that know upstream's programs rely on, and the test that it is so. */
import type { Site } from './site.ts';

export interface Row {
  readonly id: string;
  /** In the words of who relies on it. */
  readonly requirement: string;
  /** Finds a site with a voting cluster and leaves one behind. */
  readonly test: (site: Site) => Promise<void>;
}
