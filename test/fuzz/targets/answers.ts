/** Answers of a daemon to the status programs: text that a terminal can be shown, or not understood, never more. */
import assert from 'node:assert/strict';
import { readStatusJson, statusDocument } from '../../../src/status/json.ts';
import { peopleText } from '../../../src/status/people.ts';
import { foreignText } from '../../../src/status/printable.ts';
import { qdeviceStatusJson, readQdeviceStatusJson } from '../../../src/status/qdevice-json.ts';
import { qdevicePeopleText } from '../../../src/status/qdevice-people.ts';
import { readRelease } from '../../../src/status/release-reply.ts';
import { FACTS, firstSnapshot, memberSnapshot } from '../../status/member-snapshots.ts';
import { clusterSnapshot, nodeInfos, nodeSnapshot } from '../../status/snapshots.ts';
import { bytesOf, type FuzzTarget, latin1 } from '../target.ts';
import { SERVER } from './local-socket.ts';

const CLOCK = { localBefore: String, isoBefore: String };
const TWO = clusterSnapshot({
  nodes: [1, 2].map((nodeId) => nodeSnapshot({ nodeId, members: nodeInfos(nodeId), configNodes: nodeInfos(1, 2) })),
  vote: { phase: 'withdrawing', winner: [1], rule: 'tieBreaker', sinceMs: 5 },
});
const document = JSON.stringify(statusDocument(SERVER, { connectedClients: 3, clusters: [TWO] }, String));

const RELEASE = JSON.stringify({ nodeId: 2, partition: [1], reason: 'lease', remainingMs: null, released: true });

export const arbiterAnswers: FuzzTarget = {
  name: 'arbiter-answers',
  seeds: [document, RELEASE, '{"format":1,"clusters":[]}', '[]'].map(bytesOf),
  bytesMax: 8192,
  run(input) {
    const release = readRelease(latin1(input));
    if (release !== undefined) assert.ok(release.partition.every((nodeId) => typeof nodeId === 'number'));
    const status = readStatusJson(latin1(input));
    if (status === undefined) return;
    for (const verbose of [false, true]) checkText(() => peopleText(status, { cluster: undefined, verbose }));
  },
};

export const nodeAnswers: FuzzTarget = {
  name: 'node-answers',
  seeds: [
    qdeviceStatusJson(FACTS, memberSnapshot(), CLOCK),
    qdeviceStatusJson({ ...FACTS, configurationProblem: 'a "b"' }, firstSnapshot(), CLOCK),
  ].map(bytesOf),
  bytesMax: 8192,
  run(input) {
    const status = readQdeviceStatusJson(latin1(input));
    if (status === undefined) return;
    for (const verbose of [false, true]) checkText(() => qdevicePeopleText(status, { verbose, explain: false }));
    checkText(() => qdevicePeopleText(status, { verbose: false, explain: true }));
  },
};

/** A terminal obeys what it is told. */
function checkText(render: () => string): void {
  const text = foreignText(render) ?? '';
  assert.doesNotMatch(text, /(?!\n)\p{Cc}/u, 'no control characters');
}
