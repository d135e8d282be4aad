/** All readers of foreign bytes that need no other program than this one. */
import type { FuzzTarget } from './target.ts';
import { arbiterAnswers, nodeAnswers } from './targets/answers.ts';
import { arbiter } from './targets/arbiter.ts';
import { corosyncConf } from './targets/conf.ts';
import { arbiterRequests, nodeRequests } from './targets/local-socket.ts';
import { member } from './targets/member.ts';
import { hostAnswers, journals } from './targets/setup.ts';
import { commandLines, configuration, voteRecords } from './targets/texts.ts';
import { frames, options } from './targets/wire.ts';

export const TARGETS: readonly FuzzTarget[] = [
  frames,
  options,
  arbiter,
  member,
  arbiterRequests,
  nodeRequests,
  arbiterAnswers,
  nodeAnswers,
  configuration,
  commandLines,
  corosyncConf,
  voteRecords,
  journals,
  hostAnswers,
];
