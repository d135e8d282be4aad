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

# dpkg would ask what to do about an edited file that comes from a replaced package, and fail where nobody can answer. So
# it finds the file of this package, and the edited one comes back when it has looked: as one edited by an administrator.
SETTINGS='/etc/default/corosync-qnetd /etc/default/corosync-qdevice'
keep_edited_settings() {
    for path in $SETTINGS; do
        [ -f "$path" ] && [ ! -e "$path.qdevice-kept" ] && is_edited "$path" || continue
        cp -p "$path" "$path.qdevice-kept"
        shipped_settings "$path" > "$path.qdevice-new"
        mv -f "$path.qdevice-new" "$path"
    done
}

is_edited() {
    hash=$(md5sum < "$1" | cut -d ' ' -f 1)
    ! dpkg-query -W -f '${Conffiles}\n' corosync-qnetd corosync-qdevice qdevice 2>/dev/null | grep -q " $1 $hash"
}

restore_edited_settings() {
    for path in $SETTINGS; do
        if [ -e "$path.qdevice-kept" ]; then mv -f "$path.qdevice-kept" "$path"; fi
    done
}

# A restart of a node's daemon is a moment without its vote. Says no where that moment would cost quorum.
survives_without_device() {
    command -v corosync-quorumtool >/dev/null || return 0
    seen=$(LC_ALL=C corosync-quorumtool -s 2>/dev/null) || true
    echo "$seen" | grep -q '^Quorate: *Yes' || return 0
    total=$(echo "$seen" | sed -n 's/^Total votes: *\([0-9]*\).*/\1/p')
    quorum=$(echo "$seen" | sed -n 's/^Quorum: *\([0-9]*\).*/\1/p')
    device=$(echo "$seen" | awk '$1 == "0" || $1 == "0x00000000" { print $2 }')
    [ "$((${total:-0} - ${device:-0}))" -ge "${quorum:-0}" ]
}
