/** Every key that can make the configuration as a whole wrong, as corosync's table would hold it. */
import type { CmapValue } from '../../src/corosync/port.ts';

/** Key, values that are refused, and what the sentence says is allowed. */
export const REFUSED: readonly (readonly [string, readonly (CmapValue | undefined)[], string])[] = [
  ['quorum.device.model', [undefined, '', 'Net', 'NET', 'disk', 1], 'net'],
  ['runtime.votequorum.this_node_id', [undefined], 'the id of this node: votequorum does not run'],
  ['quorum.device.timeout', [0, 1, 999, 36_000_001, 4_294_967_295], 'a number from 1000 to 36000000 (milliseconds)'],
  ['quorum.device.votes', [undefined, 0, 2, '1', 1n], '1 for the algorithm ffsplit'],
  ['quorum.device.net.tls', ['', 'x', 'true', ' on', 'requiredd'], 'on (yes, 1), off (no, 0) or required'],
  ['quorum.device.net.host', [undefined, '', 5], 'the name or address of the arbiter'],
  [
    'quorum.device.net.port',
    ['', '0', '65536', '-1', '5403 ', '0x17', '5403.0', 'x', '99999999999999999999'],
    'a number from 1 to 65535',
  ],
  ['quorum.device.net.algorithm', ['', 'LMS', 'ffsplit ', '2nodeLMS', 'toString'], 'ffsplit, lms or 2nodelms'],
  ['quorum.device.net.algorithm', ['test'], 'ffsplit, lms or 2nodelms (-S net_test_algorithm_enabled=on allows test)'],
  [
    'quorum.device.net.tie_breaker',
    ['', 'Lowest', 'HIGHEST', '0', '-1', '4294967296', 'n1'],
    'lowest, highest or the id of a node',
  ],
  ['quorum.device.net.connect_timeout', ['', '0', '999', '120001', 'x'], 'a number from 1000 to 120000'],
  ['quorum.device.net.force_ip_version', ['', '5', '46', 'ipv4', '-4'], '0, 4 or 6'],
  ['quorum.device.net.keep_active_partition_tie_breaker', ['', 'x', 'required'], 'on (yes, 1) or off (no, 0)'],
  ['totem.cluster_name', [undefined, '', 5], 'the name of the cluster'],
  ['nodelist.node.1.nodeid', ['2', 0, 4_294_967_296, 2n], 'a number from 1 to 4294967295'],
  ['quorum.device.heuristics.mode', ['', 'x', ' on', 'on '], 'on (yes, 1), off (no, 0) or sync'],
  ['quorum.device.heuristics.timeout', ['', '999', '120001', 'x'], 'a number from 1000 to 120000'],
  ['quorum.device.heuristics.sync_timeout', ['', '999', '120001', 'x'], 'a number from 1000 to 120000'],
  ['quorum.device.heuristics.interval', ['', '999', '3600001', 'x'], 'a number from 1000 to 3600000'],
];
