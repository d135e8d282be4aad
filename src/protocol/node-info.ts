/**
 * NODE_INFO, one entry of a node list: an option whose value is itself a list of options. Upstream writes node id, data
 * centre if set, state if known; any order is read, and options that have no business here are not even looked at.
 */
import assert from 'node:assert';
import type { NodeState } from './enums.ts';
import { NODE_STATE } from './enums.ts';
import type { Tlv } from './tlv.ts';
import { tlvListBytes, visitTlvs, writeTlvs } from './tlv.ts';
import type { NodeInfo } from './values.ts';
import type { WireType } from './wire-types.ts';
import { enum8, u32 } from './wire-types.ts';

/** The options of a message that also live inside NODE_INFO. */
export const NODE_INFO_OPTIONS = {
  nodeId: { code: 9, type: u32 },
  dataCenterId: { code: 15, type: u32 },
  nodeState: { code: 16, type: enum8(NODE_STATE) },
} as const;

const { nodeId, dataCenterId, nodeState } = NODE_INFO_OPTIONS;

export const nodeInfo: WireType<NodeInfo> = {
  encode(value) {
    assert(value.nodeId !== 0, 'a node in a list has an id');
    const list: Tlv[] = [{ code: nodeId.code, value: nodeId.type.encode(value.nodeId) }];
    if (value.dataCenterId !== 0) {
      list.push({ code: dataCenterId.code, value: dataCenterId.type.encode(value.dataCenterId) });
    }
    if (value.state !== undefined) list.push({ code: nodeState.code, value: nodeState.type.encode(value.state) });
    const bytes = new Uint8Array(tlvListBytes(list));
    writeTlvs(bytes, 0, list);
    return bytes;
  },
  decode(bytes) {
    let id: number | undefined = 0;
    let dataCenter: number | undefined = 0;
    let state: NodeState | undefined;
    const fits = visitTlvs(bytes, (code, value) => {
      switch (code) {
        case nodeId.code:
          id = nodeId.type.decode(value);
          return id !== undefined;
        case dataCenterId.code:
          dataCenter = dataCenterId.type.decode(value);
          return dataCenter !== undefined;
        case nodeState.code:
          state = nodeState.type.decode(value);
          return state !== undefined;
        default:
          return true;
      }
    });
    if (!fits || id === 0) return undefined;
    return state === undefined
      ? { nodeId: id, dataCenterId: dataCenter }
      : { nodeId: id, dataCenterId: dataCenter, state };
  },
};
