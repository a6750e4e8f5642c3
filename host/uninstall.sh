#!/bin/sh
# Takes back what install.sh put in place, and leaves the images: sh uninstall.sh [--root FOLDER]
set -eu
export LC_ALL=C

BACKUP=.before-private-registry

say() { printf '%s\n' "$*"; }
fail() { printf 'uninstall.sh: %s\n' "$*" >&2; exit 1; }

root=
while [ $# -gt 0 ]; do
    case $1 in
        --root) root=${2:?--root needs a folder}; shift ;;
        --help) say 'Usage: sh uninstall.sh [--root FOLDER]'; exit 0 ;;
        *) fail "unknown option $1" ;;
    esac
    shift
done
case $root in '' | /*) ;; *) root=$PWD/$root ;; esac
root=${root%/}
[ -n "$root" ] || [ "$(id -u)" = 0 ] || fail 'run it as root.'

sum() { sha256sum <"$1" | cut -d' ' -f1; }
recorded() { sed -n "s|^$1 ||p" "$manifest"; }

takeBack() { # folder of config.yml, service
    manifest=$root$1/private-registry.installed
    [ -f "$manifest" ] || return 0
    found=yes
    was=$(recorded service | head -n 1)
    data=$(recorded data | tail -n 1)
    if [ -z "$root" ]; then
        systemctl stop "$2" || true
        case $was in enabled*) ;; *) systemctl disable --quiet "$2" || true ;; esac
    fi
    for path in $(recorded file | cut -d' ' -f2 | sort -u); do
        [ -e "$root$path" ] || continue
        if recorded file | grep -q "^$(sum "$root$path") $path\$"; then
            rm -f "$root$path"
        else
            mv -f "$root$path" "$root$path.edited"
            say "$path was edited since it was installed; kept as $path.edited."
        fi
    done
    for path in $(recorded backup | sort -u); do
        [ -e "$root$path$BACKUP" ] || continue
        mv -f "$root$path$BACKUP" "$root$path"
        say "Put $path back."
    done
    folders=$(recorded folder | sort -ru)
    user=$(recorded user | head -n 1)
    rm -f "$manifest"
    for path in $folders; do rmdir "$root$path" 2>/dev/null || true; done
    if [ -z "$root" ]; then
        systemctl daemon-reload
        # The link of an enabled service still names the unit that is gone.
        case $was in enabled*) systemctl reenable --quiet "$2" || true ;; esac
        case $was in *' active') systemctl start "$2" || true ;; esac
        if [ -n "$user" ] && [ -z "$(ls -A "$data" 2>/dev/null | grep -vx .private-registry)" ]; then
            userdel "$user"
        elif [ -n "$user" ]; then
            say "The user $user stays, because the images are its own."
        fi
    fi
    say "Taken back. The images stay in $data."
}

found=no
takeBack /etc/docker/registry docker-registry
takeBack /etc/docker-distribution/registry docker-distribution
[ "$found" = yes ] || say 'Nothing is installed.'
