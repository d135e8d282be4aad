/** Lines of shell that print facts. */
import { quoted } from '../host/host.ts';

/** `key=yes` if the command succeeds, else `key=no`. */
export function yesNo(key: string, command: string): string {
  return `if ${command} >/dev/null 2>&1; then echo ${key}=yes; else echo ${key}=no; fi`;
}

/** The first word that a command prints, whatever its exit code. */
export function said(key: string, command: string): string {
  return `echo "${key}=$(${command} 2>/dev/null | head -n 1)"`;
}

export function contentOf(key: string, path: string): string {
  return `[ ! -r ${quoted(path)} ] || echo "${key}=$(base64 <${quoted(path)} | tr -d '\\n')"`;
}

/** One line for each program that is not there. */
export function missing(programs: readonly string[]): string {
  return `for p in ${programs.join(' ')}; do command -v "$p" >/dev/null 2>&1 || echo "missing=$p"; done`;
}

export const ADDRESSES = [
  'ip -o addr show 2>/dev/null | awk \'{ split($4, a, "/"); print "address=" a[1] }\'',
  "cat /sys/class/net/*/address 2>/dev/null | grep -v '^00:00:00:00:00:00$' | sed 's/^/mac=/'",
].join('\n');

/** Milliseconds since 1970; seconds alone where `date` knows no fractions. */
export const CLOCK = 'echo "clock=$(date +%s%3N | grep -E \'^[0-9]{13}$\' || echo "$(date +%s)500")"';
