#!/bin/sh
set -e

ARBITER=corosync-qnetd.service
NODE=corosync-qdevice.service
QDB=/etc/corosync/qnetd/nssdb
NDB=/etc/corosync/qdevice/net/nssdb
INFO="${DPKG_ADMINDIR:-/var/lib/dpkg}/info"

# A replaced package that was removed and not purged has a script left, which on a later purge would delete the arbiter's
# certificates and switch the units off. Both are this package's now: as long as it is known to dpkg that script has to
# leave them alone. Reinstalling the replaced package brings the script back as it was.
GUARD='# qdevice has taken over what this package would purge.'
guard_replaced() {
    for name in corosync-qnetd corosync-qdevice; do
        script="$INFO/$name.postrm"
        [ -f "$script" ] || continue
        ! grep -qF "$GUARD" "$script" || continue
        {
            head -n 1 "$script"
            echo "$GUARD"
            echo "if [ \"\$1\" = purge ] && [ -e \"$INFO/qdevice.postrm\" ]; then"
            echo "    echo '$name: certificates and units belong to the package qdevice now and stay.'"
            echo "    exit 0"
            echo "fi"
            tail -n +2 "$script"
        } > "$script.qdevice"
        chmod 0755 "$script.qdevice"
        mv -f "$script.qdevice" "$script"
    done
}

is_installed() {
    [ "$(dpkg-query -W -f '${db:Status-Status}' "$1" 2>/dev/null)" = installed ]
}

runs_systemd() {
    [ -z "${DPKG_ROOT:-}" ] && [ -d /run/systemd/system ]
}
