/** Whether a host reaches a port, tried from that host. */
import { type Host, quoted } from '../host/host.ts';
import { KeyValues } from './key-values.ts';

export type PortState = 'ok' | 'refused' | 'timeout' | 'notFound' | 'unreachable' | 'notTried';

const PORT_SECONDS_MAX = 5;

export async function tryPort(host: Host, address: string, port: number): Promise<PortState> {
  const { stdout } = await host.run(portScript(address, port));
  return portState(new KeyValues(stdout).first('port'));
}

/** bash, as only it opens connections by itself; the words of its messages are the C library's. */
export function portScript(address: string, port: number): string {
  const attempt = quoted(`exec 3<>/dev/tcp/${address}/${port}`);
  return [
    `said=$(timeout ${PORT_SECONDS_MAX} bash -c ${attempt} 2>&1); code=$?`,
    'case "$code:$said" in',
    '0:*) echo port=ok ;;',
    '124:*) echo port=timeout ;;',
    '*refused*) echo port=refused ;;',
    '*resolve*|*"not known"*|*"name resolution"*) echo port=notFound ;;',
    '*) echo port=unreachable ;;',
    'esac',
  ].join('\n');
}

export function portState(word: string | undefined): PortState {
  const states = ['ok', 'refused', 'timeout', 'notFound', 'notTried'] as const;
  return states.find((state) => state === word) ?? 'unreachable';
}
