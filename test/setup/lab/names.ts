/** Names and addresses that the parts of the stage share. */
import type { Host } from '../../lab/host.ts';

export const ARBITER_ADDRESS = { ipv4: '192.0.2.1', ipv6: '2001:db8::1' } as const;
export const PASSWORD = 'correct horse';
export const CLUSTER_NAME = 'lab';

/** The first is the one that the host was made with. */
export function addressesOf(host: Host): string[] {
  const last = host.address.split('.').at(-1) ?? '';
  return [host.address, `198.51.100.${last}`, `2001:db8::${last}`];
}
