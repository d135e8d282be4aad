/**
 * corosync.conf on Proxmox VE: one node writes `corosync.conf.new` into the cluster's file system and renames it; each
 * node's file system then copies it to the place where corosync reads, unless what is there has a higher version.
 * Putting back what was there is therefore one more version of it.
 */
import { COROSYNC_CONF, PVE_COROSYNC_CONF } from '../paths.ts';

/** Which part a node has in it; undefined: it is no Proxmox VE. */
export type ProxmoxRole = 'writer' | 'reader' | undefined;

const CHANGED = 3;
const COPY_SECONDS_MAX = 15;
const KEPT = '/var/lib/qdevice/corosync.conf.before';

export const PROXMOX_WAIT = [
  `i=0; while ! cmp -s ${PVE_COROSYNC_CONF} ${COROSYNC_CONF}; do`,
  `  i=$((i + 1)); [ $i -le ${COPY_SECONDS_MAX * 5} ] || { echo 'pmxcfs does not copy corosync.conf' >&2; exit 1; }`,
  '  sleep 0.2',
  'done',
].join('\n');

export const PROXMOX_REPLACE = [
  `f=${PVE_COROSYNC_CONF}`,
  'is=$(sha256sum <"$f" | cut -d" " -f1)',
  `if [ "$is" != "$after" ]; then`,
  `  [ "$is" = "$want" ] || exit ${CHANGED}`,
  `  [ -e ${KEPT} ] || { mkdir -p ${KEPT.slice(0, KEPT.lastIndexOf('/'))} && cat "$f" >${KEPT}.part && mv ${KEPT}.part ${KEPT}; } || exit 1`,
  '  input >"$f.new" && mv -f "$f.new" "$f" || { rm -f "$f.new"; exit 1; }',
  'fi',
  PROXMOX_WAIT,
].join('\n');

export const PROXMOX_RESTORE = [
  `f=${PVE_COROSYNC_CONF}`,
  // Put back already, by a run that was cut off: the version alone is another one.
  'plain() { sed "/config_version:/d" "$1"; }',
  `if [ -e ${KEPT} ] && [ "$(plain ${KEPT})" = "$(plain "$f")" ]; then rm -f ${KEPT}; fi`,
  `if [ -e ${KEPT} ]; then`,
  `  [ "$(sha256sum <"$f" | cut -d" " -f1)" = "$after" ] || exit ${CHANGED}`,
  '  version=$(sed -n "s/^[[:space:]]*config_version:[[:space:]]*\\([0-9]*\\).*/\\1/p" "$f" | tail -n 1)',
  `  sed "s/^\\([[:space:]]*config_version:[[:space:]]*\\)[0-9]*/\\1$((version + 1))/" ${KEPT} >"$f.new" || exit 1`,
  '  mv -f "$f.new" "$f" || exit 1',
  `  rm -f ${KEPT}`,
  'fi',
  PROXMOX_WAIT,
].join('\n');

export const PROXMOX_FORGET = `rm -f ${KEPT}`;

export function isProxmoxWriter(role: ProxmoxRole): boolean {
  return role === 'writer';
}
