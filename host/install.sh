#!/bin/sh
# Puts this folder's registry to work on a host with systemd. `sh install.sh --help` tells the options.
set -eu
umask 077
export LC_ALL=C

USER_NAME=docker-registry
BACKUP=.before-private-registry

say() { printf '%s\n' "$*"; }
fail() { printf 'install.sh: %s\n' "$*" >&2; exit 1; }

usage() {
    say 'Usage: sh install.sh [--layout debian|rpm] [--install-package] [--no-start] [--adopt] [--root FOLDER]'
    say '  --layout           package whose paths are used; by default the one that is installed'
    say '  --install-package  install the package where it is missing'
    say '  --no-start         put the files in place, and leave the service alone'
    say '  --adopt            take over what another deployment has here: for your own, whose state is lost'
    say '  --root             work in this folder instead of /: files only, no user and no service'
}

given=$* root= layout= package=no start=yes adopt=no
while [ $# -gt 0 ]; do
    case $1 in
        --root) root=${2:?--root needs a folder}; shift ;;
        --layout) layout=${2:?--layout needs debian or rpm}; shift ;;
        --install-package) package=yes ;;
        --no-start) start=no ;;
        --adopt) adopt=yes ;;
        --help) usage; exit 0 ;;
        *) usage >&2; fail "unknown option $1" ;;
    esac
    shift
done
case $root in '' | /*) ;; *) root=$PWD/$root ;; esac
root=${root%/}

# Everything is checked before anything is used, this script's own settings included.
cd "$(dirname "$0")"
[ -f SHA256SUMS ] || fail 'SHA256SUMS is missing: export the folder again.'
damaged=$(sha256sum -c SHA256SUMS 2>&1 | grep -v ': OK$' || true)
[ -z "$damaged" ] || fail "the folder is not what was exported; nothing was changed:
$damaged"
. ./export.conf

[ -n "$root" ] || [ "$(id -u)" = 0 ] || fail 'run it as root.'

choose() {
    case $1 in
        debian) program=/usr/bin/docker-registry etc=/etc/docker/registry service=docker-registry
            data=/var/lib/docker-registry ;;
        rpm) program=/usr/bin/registry etc=/etc/docker-distribution/registry service=docker-distribution
            data=/var/lib/registry ;;
        *) fail "--layout is $1; it must be debian or rpm." ;;
    esac
}

detect() {
    if [ -n "$layout" ]; then return; fi
    if [ -x "$root/usr/bin/docker-registry" ]; then layout=debian
    elif [ -x "$root/usr/bin/registry" ]; then layout=rpm
    fi
}

# Whose the registry of this host is: before anything is installed or changed.
ETC_FOLDERS='/etc/docker/registry /etc/docker-distribution/registry'
MARKER=.private-registry
line() { [ ! -f "$2" ] || sed -n "s/^$1 //p" "$2" | tail -n 1; }
# http.secret, by which an export of a time before there was an identity is known.
secret() { [ ! -f "$1" ] || sed -n 's/^ *secret: *//p' "$1" | head -n 1; }
foreign() { # what, marker, what to do else
    [ "$adopt" = no ] || return 0
    owner=$(line stack "$2") since=$(line since "$2")
    fail "$1 another deployment's: ${owner:-one of unknown name}, there since ${since:-$(date -u -r "$2" +%Y-%m-%dT%H:%MZ)};" \
        "nothing was changed. $3, or, only if it is yours and its state is lost, take it over: sh $0${given:+ $given} --adopt"
}
readable() {
    [ ! -e "$1" ] || { [ -f "$1" ] && [ -r "$1" ]; } ||
        fail "$1 is no file that can be read, so it cannot be told whose this is; nothing was changed. Move it away: mv $1 $1.old"
}
for folder in $ETC_FOLDERS; do
    installed=$root$folder/private-registry.installed
    readable "$installed"
    [ -f "$installed" ] || continue
    case $(line identity "$installed") in
        "$IDENTITY") continue ;;
        '') [ "$(secret "$root$folder/config.yml")" != "$(secret debian/config.yml)" ] || continue ;;
    esac
    foreign "The registry that is installed here ($folder) is" "$installed" \
        "Take another host, or take that one away first: sh $root$folder/private-registry-uninstall.sh${root:+ --root $root}"
done
[ -z "$DATA_PATH" ] || readable "$root$DATA_PATH/$MARKER"
if [ -n "$DATA_PATH" ] && [ -f "$root$DATA_PATH/$MARKER" ] &&
    [ "$(line identity "$root$DATA_PATH/$MARKER")" != "$IDENTITY" ]; then
    foreign "The folder $DATA_PATH is" "$root$DATA_PATH/$MARKER" \
        'Choose another folder (pulumi config set --path storage.folder FOLDER, then `npm run up` and export again)'
fi

detect
if [ -z "$layout" ]; then
    if command -v apt-get >/dev/null; then command='apt-get install -y docker-registry'
    elif command -v dnf >/dev/null; then command='dnf install -y docker-distribution'
    else command='yum install -y docker-distribution'
    fi
    if [ "$package" = no ] || [ -n "$root" ]; then
        fail "no registry is installed: run \`$command\`, or this script with --install-package."
    fi
    say "Installing the package: $command"
    $command
    detect
fi
choose "${layout:?no registry after the installation of the package}"
[ -x "$root$program" ] || fail "$root$program is missing: install the distribution's package first."
data=${DATA_PATH:-$data}
manifest=$root$etc/private-registry.installed

version=$("$root$program" --version 2>/dev/null |
    sed -n 's/.* v\{0,1\}\([0-9][0-9]*\.[0-9][0-9]*\(\.[0-9][0-9]*\)\{0,1\}\).*/\1/p')
case $REGISTRY_VERSION:$version in
    2.8:2.8*) case $version in 2.8 | 2.8.0 | 2.8.1) say "Warning: registry $version has CVE-2023-2253; update it." ;; esac ;;
    3:3.*) case $version in 3.0* | 3.1.0) say "Warning: registry $version has CVE-2026-41888; update it." ;; esac ;;
    2.8:3.*) fail "$program is registry $version: export again with --registry-version 3." ;;
    3:2.8*) fail "$program is registry $version: export again with --registry-version 2.8." ;;
    *) fail "$program is registry ${version:-of an unknown version}, which cannot read this configuration: 2.8 or 3 is needed." ;;
esac

# The folder of the images will be the service's own, with all that is in it.
if [ -n "$DATA_PATH" ] && [ -d "$root$DATA_PATH" ] && [ "$(stat -c %U "$root$DATA_PATH")" != "$USER_NAME" ]; then
    case $(ls -A "$root$DATA_PATH" | grep -vx "$MARKER") in
        '' | docker) ;;
        *) fail "$DATA_PATH is not the service's, and holds other things than images: give the registry a folder of its own." ;;
    esac
fi

# The list of what was installed is written before each step, so that an interrupted run can be repeated or undone.
record() {
    # After a list that was cut off.
    [ -z "$(tail -c 1 "$manifest" 2>/dev/null)" ] || echo >>"$manifest"
    printf '%s\n' "$*" >>"$manifest"
}
recorded() { [ ! -f "$manifest" ] || sed -n "s|^$1 ||p" "$manifest"; }
sum() { sha256sum <"$1" | cut -d' ' -f1; }
sum_of() { recorded file | sed -n "s|^\([0-9a-f]*\) $1\$|\1|p" | tail -n 1; }

created=
folder() {
    if [ "$1" = / ] || [ -d "$root$1" ]; then return; fi
    folder "$(dirname "$1")"
    mkdir -m 0755 "$root$1"
    created="$created $1"
}
[ -z "$root" ] || [ -d "$root" ] || fail "$root is no folder."
folder "$etc"
folder /etc/systemd/system
# Whose it is comes first, so that a run that was cut off is known as well.
now=$(date -u +%Y-%m-%dT%H:%MZ)
if [ "$(recorded identity | tail -n 1)" != "$IDENTITY" ]; then
    record identity "$IDENTITY"
    record stack "$STACK"
    record since "$now"
fi
for path in $created; do record folder "$path"; done

if [ -z "$root" ] && ! getent passwd "$USER_NAME" >/dev/null; then
    record user "$USER_NAME"
    useradd --system --user-group --home-dir "$data" --no-create-home \
        --shell "$(command -v nologin || echo /bin/false)" "$USER_NAME"
fi
if [ -z "$root" ] && [ "$start" = yes ] && [ -z "$(recorded service)" ]; then
    record service "$(systemctl is-enabled "$service" 2>/dev/null || true)" \
        "$(systemctl is-active "$service" 2>/dev/null || true)"
fi

restart=no wanted=' '
place() { # source, target, mode
    target=$root$2 new=$(sum "$1") known=$(sum_of "$2") old=
    wanted="$wanted$2 "
    [ ! -e "$target" ] || old=$(sum "$target")
    # What is there already was never anyone else's: each export has secrets of its own.
    if [ -n "$old" ] && [ "$old" != "$new" ] && [ -z "$known" ] && [ ! -e "$target$BACKUP" ]; then
        record backup "$2"
        cp -pP "$target" "$target$BACKUP"
        say "Kept $2 as $2$BACKUP."
    elif [ -n "$old" ] && [ -n "$known" ] && [ "$old" != "$known" ] && [ "$old" != "$new" ]; then
        cp -pP "$target" "$target.edited"
        say "$2 was edited since it was installed; kept as $2.edited."
    fi
    [ "$known" = "$new" ] || record file "$new" "$2"
    # The registry reads htpasswd by itself when it changes.
    case $2 in */htpasswd | *.sh) ;; *) [ "$old" = "$new" ] || restart=yes ;; esac
    cp "$1" "$target.new"
    chmod "$3" "$target.new"
    if [ -z "$root" ]; then chown "root:$USER_NAME" "$target.new"; fi
    mv -f "$target.new" "$target"
    if [ -z "$root" ] && command -v restorecon >/dev/null; then restorecon "$target" || true; fi
}

for file in $SECRET_FILES; do place "$file" "$etc/$file" 0640; done
for file in $PUBLIC_FILES; do place "$file" "$etc/$file" 0644; done
place "$layout/config.yml" "$etc/config.yml" 0640
place "$layout/$service.service" "/etc/systemd/system/$service.service" 0644
place uninstall.sh "$etc/private-registry-uninstall.sh" 0755

# What an earlier export had and this one has not.
for path in $(recorded file | cut -d' ' -f2 | sort -u); do
    case $wanted in *" $path "*) continue ;; esac
    if [ -e "$root$path" ]; then rm -f "$root$path"; restart=yes; say "Removed $path, which this export has not."; fi
    grep -v "^file [0-9a-f]* $path\$" "$manifest" >"$manifest.new" && mv -f "$manifest.new" "$manifest"
done
[ "$(recorded data | tail -n 1)" = "$data" ] || record data "$data"
if [ -n "$DATA_PATH" ]; then
    [ -n "$root" ] || mkdir -p -m 0750 "$DATA_PATH"
    marker=$root$DATA_PATH/$MARKER
    if [ -d "$root$DATA_PATH" ] && [ "$(line identity "$marker")" != "$IDENTITY" ]; then
        printf '%s\n' "identity $IDENTITY" "stack $STACK" "since $now" >"$marker.new"
        chmod 0644 "$marker.new"
        mv -f "$marker.new" "$marker"
    fi
fi

if [ -n "$root" ]; then say "The files are in place under $root."; exit 0; fi

runuser -u "$USER_NAME" -- test -r "$etc/config.yml" ||
    fail "the user $USER_NAME cannot read $etc/config.yml: open the folders above it (chmod a+x)."
if [ -n "$DATA_PATH" ]; then
    if [ "$(stat -c %U "$DATA_PATH")" != "$USER_NAME" ]; then
        say "Giving $DATA_PATH to the user $USER_NAME."
        chown -R "$USER_NAME:$USER_NAME" "$DATA_PATH"
    fi
fi
if [ "$start" = no ]; then
    say "The files are in place. Start it: systemctl daemon-reload && systemctl enable --now $service"
    exit 0
fi
systemctl daemon-reload
systemctl enable --quiet "$service"
if [ "$restart" = yes ]; then systemctl restart "$service"; else systemctl start "$service"; fi
# A registry that dislikes its configuration ends within a moment.
sleep 3
systemctl is-active --quiet "$service" ||
    fail "the service does not run; its own reason: journalctl -u $service -n 20"
say "The registry runs: $ENDPOINT. Undo: sh $etc/private-registry-uninstall.sh"
