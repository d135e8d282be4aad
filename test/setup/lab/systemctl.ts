/**
 * Stands in for systemctl in a host of the lab, which has no service manager: starts and stops the command that
 * /etc/lab-units/UNIT names, waits for the file that UNIT.ready names, and keeps a list of its calls.
 */
export const UNITS = '/etc/lab-units';
/** What `enable` leaves, as the links below /etc/systemd that it stands for. */
export const ENABLED = '/etc/lab-enabled';

export const SYSTEMCTL = `#!/bin/sh
run=/run/lab-units enabled=${ENABLED}
mkdir -p $run $enabled
echo "$*" >>$run/calls
verb=$1; shift
now=; unit=
for a in "$@"; do case $a in --now) now=1 ;; -*) ;; *) unit=\${a%.service} ;; esac; done
running() { p=$(cat $run/$unit.pid 2>/dev/null) && grep -q '^State:[[:space:]]*[RSDTI]' /proc/$p/status 2>/dev/null; }
start() {
  running && return 0
  [ -e ${UNITS}/$unit ] || { echo "Unit $unit.service not found." >&2; exit 5; }
  ready=$(cat ${UNITS}/$unit.ready); rm -f "$ready"
  setsid sh -c "exec $(cat ${UNITS}/$unit)" </dev/null >>/run/lab-log/$unit.log 2>&1 &
  echo $! >$run/$unit.pid
  i=0
  while [ ! -e "$ready" ]; do
    running || { echo "Job for $unit.service failed." >&2; exit 1; }
    i=$((i + 1)); [ $i -lt 100 ] || { echo "Job for $unit.service timed out." >&2; exit 1; }
    sleep 0.1
  done
}
stop() {
  running || return 0
  kill -TERM $p; i=0
  while running; do i=$((i + 1)); [ $i -lt 100 ] || kill -KILL $p; [ $i -lt 120 ] || exit 1; sleep 0.1; done
}
case $verb in
start) start ;;
stop) stop ;;
restart) stop; start ;;
enable) : >$enabled/$unit; [ -z "$now" ] || start ;;
disable) rm -f $enabled/$unit; [ -z "$now" ] || stop ;;
is-active) if running; then echo active; else echo inactive; exit 3; fi ;;
is-enabled) if [ -e $enabled/$unit ]; then echo enabled; else echo disabled; exit 1; fi ;;
*) echo "stand-in knows no $verb" >&2; exit 1 ;;
esac
`;
