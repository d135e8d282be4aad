/** A fault for each step of setup, that the look before it does not notice. */
import { chmodSync } from 'node:fs';
import type { Host } from '../../lab/host.ts';
import { covered, type Undo } from './obstacles.ts';
import type { Stage } from './stage.ts';
import { UNITS } from './systemctl.ts';

type Fault = (stage: Stage) => Promise<Undo>;

/** undefined: only a lost connection makes it fail. A step without an entry is a defect of the tests. */
const FAULTS: Readonly<Record<string, Fault | undefined>> = {
  'arbiter-authority': ({ arbiter }) => failsOnce(arbiter, '/usr/bin/corosync-qnetd-certutil'),
  'arbiter-service': ({ arbiter }) => badUnit(arbiter, 'corosync-qnetd'),
  'arbiter-port': async (stage) => {
    await stage.node(2).exec('ip', 'route', 'add', 'blackhole', stage.arbiterAddress);
    return () => stage.node(2).exec('ip', 'route', 'del', 'blackhole', stage.arbiterAddress);
  },
  'arbiter-record': undefined,
  certificates: (stage) => failsOnce(stage.node(2), '/usr/sbin/corosync-qdevice-net-certutil'),
  enable: (stage) => failsOnce(stage.node(2), '/usr/bin/systemctl', 'enable'),
  'corosync-conf': (stage) => failsOnce(stage.node(1), '/usr/sbin/corosync-cfgtool'),
  restart: (stage) => badUnit(stage.node(2), 'corosync-qdevice'),
  // It registers with nobody.
  votes: async (stage) => {
    const ready = '/run/corosync-qdevice/corosync-qdevice.sock';
    return await unitOf(stage.node(2), 'corosync-qdevice', `sh -c 'touch ${ready}; exec sleep 1000'`);
  },
};

export async function failing(stage: Stage, step: string): Promise<Undo | undefined> {
  if (!Object.hasOwn(FAULTS, step)) throw new Error(`no fault is known for the step ${step}`);
  return await FAULTS[step]?.(stage);
}

function badUnit(host: Host, unit: string): Promise<Undo> {
  return unitOf(host, unit, '/bin/false');
}

async function unitOf(host: Host, unit: string, command: string): Promise<Undo> {
  const before = host.read(`${UNITS}/${unit}`);
  host.write(`${UNITS}/${unit}`, command);
  return () => host.write(`${UNITS}/${unit}`, before);
}

/** The program fails the first time that it is run, or is run with this word. */
async function failsOnce(host: Host, program: string, word = ''): Promise<Undo> {
  await host.exec('cp', program, '/run/real-program');
  const isMeant = word === '' ? 'true' : `[ "$1" = ${word} ]`;
  const lines = [
    '#!/bin/sh',
    `if ${isMeant} && [ ! -e /run/has-failed ]; then : >/run/has-failed; echo "made to fail" >&2; exit 7; fi`,
    'exec /run/real-program "$@"',
  ];
  host.write('/run/failing-program', `${lines.join('\n')}\n`);
  chmodSync(host.outside('/run/failing-program'), 0o755);
  const back = await covered(host, program, '/run/failing-program');
  return async () => {
    await back();
    await host.exec('rm', '-f', '/run/has-failed');
  };
}
