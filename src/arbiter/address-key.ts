/** Whom a connection's address stands for: an IPv4 address, or the /64 network that one machine has in IPv6. */

const HEXTETS_OF_NETWORK = 4;
const HEXTETS = 8;

/** `address` is `ADDR:PORT`, IPv6 without brackets. */
export function addressKey(address: string): string {
  const host = address.slice(0, address.lastIndexOf(':'));
  const mapped = /^::ffff:(\d+\.\d+\.\d+\.\d+)$/i.exec(host)?.[1];
  if (mapped !== undefined) return mapped;
  return host.includes(':') ? `${networkOf(host)}::/64` : host;
}

function networkOf(host: string): string {
  const [before = '', after] = host.split('%', 1)[0]?.split('::') ?? [];
  const head = before === '' ? [] : before.split(':');
  const tail = after === undefined || after === '' ? [] : after.split(':');
  const zeros =
    after === undefined ? [] : new Array<string>(Math.max(0, HEXTETS - head.length - tail.length)).fill('0');
  return [...head, ...zeros, ...tail].slice(0, HEXTETS_OF_NETWORK).join(':');
}
