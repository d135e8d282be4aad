/** Whatever fails, and wherever a run is cut off, what was before is there again; a run that is not cut off gets there. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { OperatorError } from '../../../src/runtime/errors.ts';
import { ClaimHeld } from '../../../src/setup/host/claimed-host.ts';
import { HostLost } from '../../../src/setup/host/host.ts';
import { moveRun, type Parts, removeRun, type SetupPlan, setupRun, syncRun } from '../../../src/setup/plan/plans.ts';
import { type Run, recover, runPlan } from '../../../src/setup/plan/run-plan.ts';
import { TwinWorld, twinArbiter, twinClock, twinNode } from './twin.ts';

const NAMES = ['one', 'two'];
const PLAIN = 'version 1';
const WITH_DEVICE = 'version 2, device';
const CALLS_MAX = 300;

function plan(before: string, after: string, versionAfter: string, isNew: boolean): SetupPlan {
  const conf = { before, after, versionAfter };
  const common = {
    run: 'this run',
    clusterName: 'lab',
    arbiterAddress: '192.0.2.1',
    arbiterPort: 5403,
    tls: true,
    conf,
  };
  return { ...common, startsArbiter: isNew, makesAuthority: isNew };
}

const MOVE = plan(WITH_DEVICE, 'version 3, other device', '3', false);

type Command = (parts: Parts) => Run;

/** Each with the world that it begins in. */
const COMMANDS: Readonly<Record<string, { run: Command; world: () => TwinWorld }>> = {
  setup: {
    run: (parts) => setupRun(plan(PLAIN, WITH_DEVICE, '2', false), parts),
    world: () => new TwinWorld(NAMES, PLAIN),
  },
  'setup with a new arbiter': {
    run: (parts) => setupRun(plan(PLAIN, WITH_DEVICE, '2', true), parts),
    world: () => {
      const world = new TwinWorld(NAMES, PLAIN);
      world.arbiter.authority = undefined;
      world.arbiter.unit = { enabled: false, active: false };
      world.state('two').store = 'of another authority';
      return world;
    },
  },
  remove: {
    run: (parts) =>
      removeRun(
        { run: 'this run', clusterName: 'lab', conf: { before: WITH_DEVICE, after: 'version 3', versionAfter: '3' } },
        parts,
      ),
    world: served,
  },
  move: { run: (parts) => moveRun(MOVE, parts), world: served },
  sync: {
    run: (parts) => {
      const conf = { before: WITH_DEVICE, after: 'version 3, lms device', versionAfter: '3' };
      return syncRun({ run: 'this run', clusterName: 'lab', newcomers: ['two'], tls: true, conf }, parts);
    },
    world: () => {
      const world = served();
      Object.assign(world.state('two'), { store: undefined, unit: { enabled: false, active: false } });
      return world;
    },
  },
};

function served(): TwinWorld {
  const world = new TwinWorld(NAMES, WITH_DEVICE);
  world.arbiter.records.set('lab', 'certificate of old');
  for (const node of world.nodes.values()) {
    Object.assign(node, { store: 'certificate of old', unit: { enabled: true, active: true } });
  }
  return world;
}

function staged(command: Command, world: TwinWorld) {
  const signal = new AbortController();
  const nodes = NAMES.map((name) => twinNode(world, name, 'this run'));
  const run = command({ nodes, arbiter: twinArbiter(world, 'this run'), clock: twinClock(), signal: signal.signal });
  const services = { journal: world.journalStore(), report: () => undefined, signal: signal.signal };
  return { run, services, stop: () => signal.abort() };
}

for (const [name, { run: command, world: begin }] of Object.entries(COMMANDS)) {
  test(`${name}: comes to its end, and nothing is kept`, async () => {
    const world = begin();
    const { run, services } = staged(command, world);
    assert.deepEqual(await runPlan(run, services), { kind: 'done' });
    assert.deepEqual(world.kept(), []);
    assert.equal(world.journal, undefined);
    const isRemoval = name === 'remove';
    for (const { store, unit } of world.nodes.values()) {
      assert.equal(unit.active, !isRemoval);
      assert.equal(unit.enabled, !isRemoval);
      assert.equal(store === undefined, isRemoval);
    }
  });

  test(`${name}: whichever call fails, everything is as it was before`, async () => {
    const before = begin().visible();
    let failed = 0;
    for (let call = 0; call < CALLS_MAX; call += 1) {
      const world = begin();
      world.failAt = call;
      const { run, services } = staged(command, world);
      const outcome = await runPlan(run, services);
      if (world.calls.length <= call) break;
      if (outcome.kind === 'done') continue; // it failed to tell somebody that all is done
      failed += 1;
      assert.equal(outcome.kind, 'undone', `call ${call}: ${world.calls[call]}`);
      assert.deepEqual(world.visible(), before, `call ${call}: ${world.calls[call]}`);
      assert.deepEqual(world.kept(), []);
      assert.deepEqual([...world.claims], []);
      assert.equal(world.journal, undefined);
    }
    assert.ok(failed > 10, `only ${failed} calls were tried`);
  });

  test(`${name}: killed at any call, the next run puts everything back or finds it done`, async () => {
    const before = begin().visible();
    for (let call = 0; call < CALLS_MAX; call += 1) {
      const world = begin();
      const killed = await runUntilKilled(command, world, call);
      if (!killed) break;
      const journal = world.journal;
      if (journal === undefined) {
        assert.deepEqual(world.visible(), before);
        continue;
      }
      const { run, services } = staged(command, world);
      assert.notEqual((await recover(run, journal, services)).kind, 'stuck');
      if (!journal.settled) assert.deepEqual(world.visible(), before, `call ${call}: ${world.calls[call]}`);
      assert.deepEqual(world.kept(), []);
      assert.deepEqual([...world.claims], []);
      assert.equal(world.journal, undefined);
    }
  });

  test(`${name}: where another run is at work nothing is done, and nothing of it is touched`, async () => {
    for (const host of [...NAMES, 'arbiter']) {
      const world = begin();
      world.claims.set(host, 'another run');
      world.state('one').keptConf = world.state('two').keptStore = 'kept by another run';
      const before = world.visible();
      const { run, services } = staged(command, world);
      const outcome = await runPlan(run, services);
      assert.ok(outcome.kind === 'undone' && outcome.error instanceof ClaimHeld);
      assert.deepEqual(world.visible(), before);
      assert.deepEqual([...world.claims], [[host, 'another run']]);
      if (host === 'one') assert.equal(world.state('one').keptConf, 'kept by another run');
    }
  });
}

test('move: whenever a node is lost, no node goes by the old arbiter beside one that goes by the new', async () => {
  const outcomes = new Set<string>();
  const beside: string[] = [];
  for (const host of NAMES) {
    for (let call = 0; call < CALLS_MAX; call += 1) {
      const world = served();
      const real = world.call.bind(world);
      world.call = async (whose, what, work) => {
        const answer = await real(whose, what, work);
        const arbiters = [...world.nodes.values()].map(({ startedWith }) => startedWith).filter((conf) => conf);
        if (new Set(arbiters).size > 1) beside.push(`${host} lost at ${call}`);
        return answer;
      };
      for (const node of world.nodes.values()) node.startedWith = WITH_DEVICE;
      world.lostFrom = { host, call };
      const { run, services } = staged((parts) => moveRun(MOVE, parts), world);
      const outcome = await runPlan(run, services).catch(() => undefined);
      if (world.calls.length <= call) break;
      outcomes.add(outcome?.kind ?? 'tidying failed');
      if (outcome?.kind !== 'stuck' || world.journal === undefined) continue;
      world.lostFrom = world.lostHost = undefined;
      assert.equal((await recover(run, world.journal, services)).kind, 'undone');
      const others = [...world.nodes.values()].map(({ startedWith }) => startedWith);
      assert.deepEqual(others, [WITH_DEVICE, WITH_DEVICE]);
    }
  }
  assert.deepEqual(beside, []);
  assert.ok(outcomes.has('stuck'));
});

test('a name that another cluster has got in the meantime is not taken from it', async () => {
  const world = new TwinWorld(NAMES, PLAIN);
  const { run, services } = staged((parts) => setupRun(plan(PLAIN, WITH_DEVICE, '2', false), parts), world);
  const steps = run.steps.map((step) => {
    const look = () => {
      world.arbiter.records.set('lab', 'of a stranger');
      return step.look();
    };
    return step.id === 'certificates' ? { ...step, look } : step;
  });
  const outcome = await runPlan({ ...run, steps }, services);
  assert.match(outcome.kind === 'undone' ? String(outcome.error) : outcome.kind, /lab is taken/);
  for (const { store, conf } of world.nodes.values()) assert.deepEqual([store, conf], [undefined, PLAIN]);
});

test('of runs that begin at once on several nodes one goes on', async () => {
  const world = new TwinWorld(NAMES, PLAIN);
  const runs = NAMES.map((from) => {
    const signal = new AbortController().signal;
    const nodes = NAMES.toSorted((a) => (a === from ? -1 : 1)).map((name) => twinNode(world, name, from));
    const parts = { nodes, arbiter: twinArbiter(world, from), clock: twinClock(), signal };
    const store = { write: async () => undefined, remove: async () => undefined };
    const services = { journal: store, report: () => undefined, signal };
    return runPlan(setupRun({ ...plan(PLAIN, WITH_DEVICE, '2', false), run: from }, parts), services);
  });
  const kinds = (await Promise.all(runs)).map(({ kind }) => kind);
  assert.deepEqual(kinds.toSorted(), ['done', 'undone']);
  for (const name of NAMES) assert.equal(world.state(name).conf, WITH_DEVICE);
  assert.deepEqual([...world.claims], []);
});

test('a journal that cannot be written: before anything is done, or all is put back', async () => {
  const writes = async (failAt: number) => {
    const world = new TwinWorld(NAMES, PLAIN);
    const { run, services } = staged((parts) => setupRun(plan(PLAIN, WITH_DEVICE, '2', false), parts), world);
    let written = 0;
    const journal = {
      ...services.journal,
      write: async () => {
        written += 1;
        if (written === failAt) throw new OperatorError('The disk is full.', 'Make room.');
      },
    };
    const outcome = await runPlan(run, { ...services, journal }).catch((error: unknown) => error);
    return { world, outcome, written };
  };
  const { written: all } = await writes(0);
  for (let failAt = 1; failAt <= all; failAt += 1) {
    const { world, outcome } = await writes(failAt);
    assert.deepEqual(world.visible(), new TwinWorld(NAMES, PLAIN).visible(), `write ${failAt} of ${all}`);
    assert.deepEqual([...world.claims], []);
    if (failAt === 1) assert.ok(outcome instanceof OperatorError);
    else assert.ok(outcome instanceof Object && 'kind' in outcome && outcome.kind === 'undone');
  }
});

test('a connection that is found lost only by the undoing does not keep it from its end', async () => {
  const world = new TwinWorld(NAMES, PLAIN);
  const before = world.visible();
  const { run, services } = staged((parts) => setupRun(plan(PLAIN, WITH_DEVICE, '2', false), parts), world);
  const steps = run.steps.map((step) => {
    let tries = 0;
    const undo: typeof step.undo = async (found) => {
      tries += 1;
      if (tries === 1) throw new HostLost('arbiter', 'closed by the other end');
      await step.undo(found);
    };
    return step.id === 'votes' ? { ...step, run: () => Promise.reject(new Error('no vote')) } : { ...step, undo };
  });
  assert.equal((await runPlan({ ...run, steps }, services)).kind, 'undone');
  assert.deepEqual(world.visible(), before);
});

test('F68: a corosync that does not take the new version over is named, and all is put back', async () => {
  const world = new TwinWorld(NAMES, PLAIN);
  const before = world.visible();
  const nodes = NAMES.map((name) => ({ ...twinNode(world, name, 'this run'), reload: async () => undefined }));
  const parts = {
    nodes,
    arbiter: twinArbiter(world, 'this run'),
    clock: twinClock(),
    signal: new AbortController().signal,
  };
  const { services } = staged((staging) => setupRun(plan(PLAIN, WITH_DEVICE, '2', false), staging), world);
  const outcome = await runPlan(setupRun(plan(PLAIN, WITH_DEVICE, '2', false), parts), services);
  const told = outcome.kind === 'undone' ? String(outcome.error) : outcome.kind;
  assert.match(told, /Corosync has not taken over version 2 of corosync\.conf on one \(1\), two \(1\)/);
  assert.deepEqual(world.visible(), before);
});

test('stopped between two steps, everything is as it was before', async () => {
  const world = new TwinWorld(NAMES, PLAIN);
  const before = world.visible();
  const { run, services, stop } = staged((parts) => setupRun(plan(PLAIN, WITH_DEVICE, '2', false), parts), world);
  const outcome = await runPlan(run, {
    ...services,
    report: (progress) => (progress.kind === 'done' && progress.step.id === 'restart' ? stop() : undefined),
  });
  assert.equal(outcome.kind, 'undone');
  assert.deepEqual(world.visible(), before);
});

test('what cannot be undone is named, and the journal stays for the next run', async () => {
  const world = new TwinWorld(NAMES, PLAIN);
  const { run, services } = staged((parts) => setupRun(plan(PLAIN, WITH_DEVICE, '2', false), parts), world);
  const steps = run.steps.map((step) =>
    step.id === 'restart'
      ? { ...step, run: () => Promise.reject(new Error('no')) }
      : step.id === 'enable'
        ? { ...step, undo: () => Promise.reject(new Error('gone')) }
        : step,
  );
  const outcome = await runPlan({ ...run, steps }, services);
  assert.equal(outcome.kind, 'stuck');
  assert.deepEqual(outcome.kind === 'stuck' && outcome.notUndone.map(({ title }) => title), [
    steps.find(({ id }) => id === 'enable')?.undoTitle,
  ]);
  const journal = world.journal;
  assert.ok(journal !== undefined);
  assert.equal((await recover(run, journal, services)).kind, 'undone');
  assert.deepEqual(world.visible(), new TwinWorld(NAMES, PLAIN).visible());
});

/** From that call on nothing answers, as when the process is gone: true, unless the run was over before. */
async function runUntilKilled(command: Command, world: TwinWorld, call: number): Promise<boolean> {
  const { run, services } = staged(command, world);
  const real = world.call.bind(world);
  let killed = false;
  const over = new Promise<'killed'>((resolve) => {
    world.call = (host, what, work) => {
      if (world.calls.length >= call) {
        killed = true;
        resolve('killed');
        return new Promise(() => undefined);
      }
      return real(host, what, work);
    };
  });
  await Promise.race([over, runPlan(run, services)]);
  world.call = real;
  return killed;
}
