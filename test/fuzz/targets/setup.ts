/** What setup finds on hosts: the journal of a run that was cut off, and what programs there print. */
import assert from 'node:assert/strict';
import { isRemovePlan, isSetupPlan, isSyncPlan, targetOf } from '../../../src/setup/commands/journal-plans.ts';
import { KeyValues } from '../../../src/setup/facts/key-values.ts';
import { portState } from '../../../src/setup/facts/port-state.ts';
import { hasVote, readQuorum } from '../../../src/setup/facts/quorum-view.ts';
import { framedScript } from '../../../src/setup/host/framed-script.ts';
import { sshFailure } from '../../../src/setup/host/ssh-failure.ts';
import { parseJournal } from '../../../src/setup/journal-file.ts';
import { bytesOf, type FuzzTarget, latin1 } from '../target.ts';

const CONF = { before: 'a', after: 'b', versionAfter: '8' };
const PLANS = {
  setup: {
    clusterName: 'lab',
    arbiterAddress: '192.0.2.9',
    arbiterPort: 5403,
    tls: true,
    startsArbiter: true,
    makesAuthority: false,
    conf: CONF,
    arbiterTarget: { name: 'a', destination: 'root@a', user: 'root', secretGroup: 'arbiter' },
  },
  remove: { clusterName: 'lab', conf: CONF },
  sync: { clusterName: 'lab', newcomers: ['n3'], tls: true, conf: null },
};
const ENTRIES = [{ id: 'arbiter-record', before: { record: 'x', 'n1 active': true, directory: null } }];
const JOURNALS = Object.entries(PLANS).map(([operation, plan]) =>
  JSON.stringify({ format: 1, operation, plan, entries: ENTRIES, settled: false }),
);

export const journals: FuzzTarget = {
  name: 'journals',
  seeds: JOURNALS.map(bytesOf),
  bytesMax: 2048,
  run(input) {
    const journal = parseJournal(latin1(input));
    if (journal === undefined) return;
    const { plan, entries } = journal;
    for (const { id, before } of entries) {
      assert.equal(typeof id, 'string');
      assert.ok(Object.values(before).every((value) => value === null || typeof value !== 'object'));
    }
    const confs = [
      isSetupPlan(plan) || isRemovePlan(plan) ? plan.conf : undefined,
      isSyncPlan(plan) ? plan.conf : undefined,
    ];
    for (const conf of confs) assert.ok(!conf || Object.values(conf).every((text) => typeof text === 'string'));
    if (isSyncPlan(plan)) assert.ok(plan.newcomers.every((name) => typeof name === 'string'));
    assert.equal(typeof (targetOf(plan)?.destination ?? ''), 'string');
  },
};

const QUORUM = `Quorum information
Node ID:          1
Quorate:          Yes
Expected votes:   3
Total votes:      3
Quorum:           2

Membership information
----------------------
    Nodeid      Votes    Qdevice Name
         1          1    A,V,NMW kfn1 (local)
         2          1         NR kfn2
         0          1            Qdevice
`;
const SAID = `Welcome\nport=ok\naddress=192.0.2.1\nclock=1\npve=yes\nquorum=${btoa(QUORUM)}\nmissing=sh\nguest=AA:bb\n`;
const SSH = 'Offending key in x:1\nREMOTE HOST IDENTIFICATION HAS CHANGED\nHost key verification failed.\n';

/** Between the marks of a framed script stands what the script printed, whatever the login shell said around it. */
export const hostAnswers: FuzzTarget = {
  name: 'host-answers',
  seeds: [SAID, QUORUM, SSH].map(bytesOf),
  bytesMax: 4096,
  run(input) {
    const text = latin1(input);
    const values = new KeyValues(text);
    portState(values.first('port'));
    for (const said of [text, values.decoded('quorum') ?? '']) {
      const view = readQuorum(said);
      hasVote(view);
      assert.ok(view?.members.every(({ nodeId }) => nodeId > 0) ?? true);
    }
    assert.doesNotMatch(sshFailure('a', text).detail, /\n/);
    const script = framedScript('true', {});
    const [, begin = ''] = /printf '\\n%s\\n' (\S+-begin)/.exec(script.text) ?? [];
    const framed = `${text}\n${begin}\n${text}\n${begin.replace('-begin', '-end')} 7\n${text}`;
    assert.deepEqual(script.read(framed, ''), { exitCode: 7, stdout: `${text}\n`.slice(0, -1), stderr: '' });
    assert.equal(script.read(text, ''), undefined);
  },
};
