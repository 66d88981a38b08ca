#!/bin/sh
# Installs timetable-sync on this machine, for systemd or for cron; safe to run again, as for a new version. Needs root, but for DESTDIR.
#
#   deploy/install.sh [--wheel FILE[EXTRAS]] [--cron]     what is there of an older version is replaced; configuration and state are not
#   deploy/install.sh --uninstall                          everything that it installed goes; configuration and state stay
#
#   --wheel FILE   the program itself, into /opt/timetable-sync: dist/timetable_sync-0.1.0-py3-none-any.whl[postgresql]
#   --cron         /etc/cron.d/timetable-sync instead of the systemd units
#   DESTDIR=DIR    into this tree instead of /: no user is made, systemd is told nothing
#
# It starts and enables nothing: that is yours to choose (docs/deployment.md).
set -eu

here=$(cd "$(dirname "$0")" && pwd)
root=${DESTDIR:-}
root=${root%/}
home=/opt/timetable-sync
# What was made, a line each: "file PATH" and "folder PATH", as they are without DESTDIR.
list=$root$home/installed.list
wheel='' cron='' uninstall=''

fail() {
    echo "install.sh: $1" >&2
    exit 2
}

while [ $# -gt 0 ]; do
    case $1 in
        --wheel) [ $# -gt 1 ] || fail "--wheel needs a file"; wheel=$2; shift ;;
        --cron) cron=yes ;;
        --uninstall) uninstall=yes ;;
        -h | --help) sed -n '2,/^set /{/^set /d;s/^# \{0,1\}//;p;}' "$0"; exit 0 ;;
        *) fail "unknown: $1. See: $0 --help" ;;
    esac
    shift
done
[ -n "$root" ] || [ "$(id -u)" = 0 ] || fail "this needs root (or DESTDIR=DIR, to look at what it does)"

note() {
    grep -qxF "$1" "$list" 2>/dev/null || echo "$1" >>"$list"
}

# Makes a folder and those above it; what was not there before is noted, so that it goes again.
folder() {
    if [ ! -d "$root$1" ]; then
        [ "$1" = / ] || folder "$(dirname "$1")"
        mkdir "$root$1"
        chmod 755 "$root$1"
        made="${made:-}folder $1
"
    fi
}

# file SOURCE TARGET: whole or not at all.
file() {
    folder "$(dirname "$2")"
    cp "$1" "$root$2.new"
    chmod 644 "$root$2.new"
    mv -f "$root$2.new" "$root$2"
    note "file $2"
}

has_systemd() {
    [ -z "$root" ] && [ -d /run/systemd/system ]
}

install_all() {
    made=''
    [ -z "$root" ] || mkdir -p "$root"
    folder "$home"
    [ -e "$list" ] || : >"$list"
    file "$here/sysusers.d/timetable-sync.conf" /etc/sysusers.d/timetable-sync.conf
    file "$here/tmpfiles.d/timetable-sync.conf" /etc/tmpfiles.d/timetable-sync.conf
    if [ -n "$cron" ]; then
        file "$here/cron/timetable-sync" /etc/cron.d/timetable-sync
    else
        for unit in "$here"/systemd/*; do file "$unit" "/etc/systemd/system/${unit##*/}"; done
    fi
    folder /etc/timetable-sync
    folder /etc/timetable-sync/credentials
    folder /var/lib/timetable-sync
    if [ ! -e "$root/etc/timetable-sync/timetable-sync.toml" ]; then
        cp "$here/../config/timetable-sync.toml" "$root/etc/timetable-sync/timetable-sync.toml"
        chmod 640 "$root/etc/timetable-sync/timetable-sync.toml"
    fi
    printf '%s' "$made" | while read -r line; do note "$line"; done

    if [ -z "$root" ]; then
        if command -v systemd-sysusers >/dev/null; then
            systemd-sysusers /etc/sysusers.d/timetable-sync.conf
        elif ! id timetable-sync >/dev/null 2>&1; then
            useradd --system --home-dir /var/lib/timetable-sync --shell /usr/sbin/nologin timetable-sync
        fi
        if command -v systemd-tmpfiles >/dev/null; then
            systemd-tmpfiles --create /etc/tmpfiles.d/timetable-sync.conf
        else
            chown root:timetable-sync /etc/timetable-sync /etc/timetable-sync/credentials
            chmod 750 /etc/timetable-sync
            chmod 710 /etc/timetable-sync/credentials
            chown timetable-sync:timetable-sync /var/lib/timetable-sync
            chmod 750 /var/lib/timetable-sync
        fi
        chgrp timetable-sync /etc/timetable-sync/timetable-sync.toml
    fi
    if [ -n "$wheel" ]; then
        python=$(PYTHON=${PYTHON:-} "$here/../requirements/choose-python")
        [ -x "$root$home/bin/python" ] || "$python" -m venv "$root$home"
        "$root$home/bin/python" -m pip --disable-pip-version-check --quiet install --upgrade \
            --constraint "$here/../requirements/versions.txt" "$wheel"
        note "program $home"
    fi
    if has_systemd; then systemctl daemon-reload; fi
    echo "installed. Configuration: /etc/timetable-sync/timetable-sync.toml; next: docs/deployment.md"
}

uninstall_all() {
    if [ ! -e "$list" ]; then
        echo "nothing is installed here (there is no $list)"
        return
    fi
    if has_systemd; then
        # Instances, too; what runs is ended in its time.
        for link in /etc/systemd/system/*.wants/timetable-sync*; do
            [ -L "$link" ] && systemctl disable --quiet --now "${link##*/}"
        done
        systemctl stop --quiet 'timetable-sync*' || :
    fi
    sed -n 's/^file //p' "$list" | while read -r path; do rm -f "$root$path"; done
    if grep -q '^program ' "$list"; then
        for part in bin include lib lib64 share pyvenv.cfg; do rm -rf "$root$home/$part"; done
    fi
    made=$(sed -n 's/^folder //p' "$list" | sort -r)
    rm -f "$list"
    # Only those that it made, and only if nothing is in them any more.
    for path in $made; do rmdir "$root$path" 2>/dev/null || :; done
    if has_systemd; then systemctl daemon-reload; fi
    echo "uninstalled. Kept: /etc/timetable-sync and /var/lib/timetable-sync, where something is in them, and the user timetable-sync"
}

if [ -n "$uninstall" ]; then uninstall_all; else install_all; fi
