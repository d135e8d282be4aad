/** corosync.conf: read or refused by its line, kept byte for byte, and as it was once the quorum device is out again. */
import assert from 'node:assert/strict';
import { readCluster } from '../../../src/setup/conf/cluster.ts';
import { removeDevice, setDevice } from '../../../src/setup/conf/device.ts';
import { type ConfDocument, ConfError, parseConf, serialise } from '../../../src/setup/conf/document.ts';
import { raiseConfigVersion } from '../../../src/setup/conf/edit.ts';
import { PROXMOX } from '../../setup/conf/confs.ts';
import { bytesOf, type FuzzTarget, latin1 } from '../target.ts';

const DEVICE = { votes: 1, net: [['host', '192.0.2.9'] as const, ['algorithm', 'ffsplit'] as const] };
const SMALL = 'totem {\n version: 2\n config_version: 7\n}\nquorum {\n\ttwo_node: 1\r\n}\n# end {\n';
const FULL = serialise(setDevice(parseConf(PROXMOX), DEVICE));

export const corosyncConf: FuzzTarget = {
  name: 'corosync-conf',
  seeds: [PROXMOX, SMALL, FULL].map(bytesOf),
  bytesMax: 4096,
  run(input) {
    const text = latin1(input);
    const document = unlessRefused(() => parseConf(text));
    if (document === undefined) return;
    assert.equal(serialise(document), text, 'every byte is kept');
    unlessRefused(() => readCluster(document));
    const raised = unlessRefused(() => raiseConfigVersion(document));
    if (raised !== undefined) assert.equal(raised.lines.length, document.lines.length);
    const changed = unlessRefused(() => setDevice(document, DEVICE));
    if (changed === undefined) return;
    assert.ok(readDevice(changed), 'what was put in is there');
    const removed = removeDevice(changed);
    assert.ok(!readDevice(removed), 'and can be taken out');
    if (!text.includes('device') && !text.includes('set aside')) assert.equal(serialise(removed), text);
  },
};

function readDevice(document: ConfDocument): boolean {
  return document.lines.some((line) => line.kind === 'open' && line.path === 'quorum.device');
}

function unlessRefused<T>(work: () => T): T | undefined {
  try {
    return work();
  } catch (error) {
    if (!(error instanceof ConfError)) throw error;
    return undefined;
  }
}
