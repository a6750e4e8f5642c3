/**
 * What runs in the job's container (job.ts). A registry writes a push in this order: blobs, links of layers, links of manifests
 * ("revisions"), tags. It is read in the reverse, while no collection runs: so all that a tag which was read needs is there when
 * its turn comes, and every backup is whole whatever is pushed meanwhile (docs/backup.md).
 */
import { posix } from "node:path";

import { DATA_FOLDER } from "../../components/storage/folders";
import { STORE_FOLDER } from "../store/look";
import { inQuotes } from "../../text/shell";

import { REPOSITORY_FOLDER } from "./repository";

/** Where the registry's own repositories are mounted, read-only; at their usual place is the copy that is backed up. */
export const SOURCE = "/source";
const SOURCE_STORE = `${SOURCE}${STORE_FOLDER.replace("/var/lib/registry", "")}`;
/** What is no image: state, configuration, perhaps the passphrase. In memory. */
export const DEPLOYMENT = "/deployment";
export const REPOSITORIES = `${STORE_FOLDER}/repositories`;
/** Where images are put before they take their place, on the same disk. */
export const STAGING = "/var/lib/registry/.private-registry-restore";

const words = (...all: string[]) => all.map((word) => inQuotes(word)).join(" ");

/** Copies the links: they are small, and change. What vanishes meanwhile was deleted. */
const COPY_LINKS = `copy() {
    find . -name _uploads -prune -o -type f -name link -path "$1" -exec sh -c 'cp -p --parents "$@" ${REPOSITORIES}' sh {} + 2>> /job/complaints
    grep -v "No such file or directory" /job/complaints > /job/complaint && fail "$(head -n 3 /job/complaint)"
}
if [ -d ${SOURCE_STORE}/repositories ]; then
    cd ${SOURCE_STORE}/repositories
    : > /job/complaints
    copy "*/_manifests/tags/*"
    copy "*/_manifests/revisions/*"
    copy "*/_layers/*"
    cd ${REPOSITORIES}
    # A tag whose image was deleted in between leads to nothing.
    find . -type f -path "*/_manifests/tags/*/current/link" > /job/tags
    while read -r link; do
        read -r digest < "$link" || true
        [ -f "\${link%/_manifests/tags/*}/_manifests/revisions/\${digest%%:*}/\${digest#*:}/link" ] && continue
        rm -r "\${link%/current/link}"
        echo "@without \${link%/current/link}"
    done < /job/tags
    echo "@tags $(find . -type f -path "*/_manifests/tags/*/current/link" | wc -l)"
    echo "@repositories $(find . -type d -name _manifests | wc -l)"
    cd /
fi
`;

/**
 * The index is made anew of what is there. In a folder, packs that are not what they were go out of its sight first, so that the
 * backup stores anew what is in them.
 */
const MEND = `echo "@step mend"
restic rebuild-index || exit 1
if [ -d ${REPOSITORY_FOLDER}/data ]; then
    restic check --read-data > /job/checked 2>&1 || true
    grep -E "contains [0-9]+ error|does not match|hash mismatch" /job/checked | grep -oE "(pack|want|data/) ?[0-9a-f]{8,64}" |
        grep -oE "[0-9a-f]{8,64}" | sort -u > /job/damaged
    while read -r id; do
        for pack in ${REPOSITORY_FOLDER}/data/*/"$id"*; do
            [ -f "$pack" ] || continue
            mkdir -p ${REPOSITORY_FOLDER}/damaged && mv "$pack" ${REPOSITORY_FOLDER}/damaged/ && echo "@aside $id"
        done
    done < /job/damaged
    [ -s /job/damaged ] && { restic rebuild-index || exit 1; }
fi`;

/** Takes away the deployment's own backups of which something is lost for good: until they go, no check would be clean. */
const forgetLost = (
    tag: string,
) => `restic snapshots --json --tag ${words(tag)} | grep -oE '"id":"[0-9a-f]+"' | cut -d'"' -f4 > /job/ids
while read -r id; do
    restic stats --mode raw-data "$id" > /job/stats 2>&1 && continue
    restic forget "$id" > /job/stats 2>&1 && echo "@lost $id" || fail "$(cat /job/stats)"
done < /job/ids`;

export interface BackupWords {
    /** Name by which restic groups them. */
    host: string;
    /** By which the deployment's own are known. */
    tags: readonly string[];
    keep: { daily: number; weekly: number; monthly: number };
    dryRun: boolean;
    /** First the index is made anew of what is there, and all is read. */
    mend: boolean;
}

/** One backup. Exit codes: 0 done, 1 not; what is there already is looked through before anything old goes. */
export function backupScript({ host, tags, keep, dryRun, mend }: BackupWords): string {
    const flags = [
        ...["--json", "--host", host, ...tags.flatMap((tag) => ["--tag", tag])],
        // The copies are new files each time; what tells a change is size and time.
        ...["--ignore-ctime", "--ignore-inode"],
        ...(dryRun ? ["--dry-run"] : []),
        ...(mend ? ["--force"] : []),
    ];
    const kept = Object.entries(keep).flatMap(([unit, count]) =>
        count > 0 ? [`--keep-${unit}`, String(count)] : [],
    );
    const own = tags.at(-1) ?? "";
    const forget = words("--json", "--tag", own, "--group-by", "", "--keep-last", "3", ...kept, "--prune");
    return `${mend ? MEND : ""}
echo "@step links"
${COPY_LINKS}
echo "@step store"
[ -d ${STORE_FOLDER} ] && set -- ${STORE_FOLDER} || set --
restic backup ${words(...flags)} ${DEPLOYMENT} "$@"
code=$?
echo "@code $code"
[ $code = 0 ] || exit 1
${mend ? forgetLost(own) : ""}
${
    dryRun
        ? ""
        : `echo "@step check"
restic check || exit 1
echo "@step forget"
restic forget ${forget} || exit 1`
}
echo "@step done"`;
}

export const INIT = `restic init && echo "@made"`;
export const FORGET_ONE = (id: string) => `restic forget ${words(id)}`;

/** Names whose locks they are, and takes them away where all are this deployment's own: it has one command at a time. */
export const UNLOCK = `own=$(cat /proc/sys/kernel/hostname)
restic unlock
restic list locks --no-lock > /job/locks || exit 1
while read -r id; do restic cat lock --no-lock "$id" || exit 1; done < /job/locks > /job/held
foreign=$(grep '"hostname"' /job/held | grep -v "\\"$own\\"")
if [ -n "$foreign" ]; then
    echo "@foreign $foreign"
    exit 1
fi
restic unlock --remove-all`;

/**
 * The backups, and nothing else. What only reads on another machine takes no lock: killed, it would leave one of a machine that
 * nobody knows.
 */
export const SNAPSHOTS = (tag: string) => `restic snapshots --no-lock --json --tag ${words(tag)}`;

/** Reads what a snapshot has of the deployment, and its passphrase where it has that: lines for the command alone. */
const PRINT_DEPLOYMENT = `cd /job/memory${DEPLOYMENT} || fail "the backup has no deployment in it"
for file in *; do echo "@private $file $(base64 "$file" | while read -r line; do printf %s "$line"; done)"; done
cd /`;

/**
 * Compares a snapshot with the store that is mounted: lines
 * `@tag STATE PATH DIGEST TIME LIVE-DIGEST LIVE-TIME` and `@blobs ALL BYTES MISSING MISSING-BYTES`.
 */
export const planScript = (id: string) => `echo "@step read"
restic restore --no-lock ${words(id)} --target /job/memory --include ${DEPLOYMENT} || exit 1
${PRINT_DEPLOYMENT}
restic restore --no-lock ${words(id)} --target /job/out --include ${REPOSITORIES} || exit 1
restic ls --no-lock --json ${words(id)} ${STORE_FOLDER}/blobs --recursive > /job/listed || exit 1
echo "@step compare"
if [ -d /job/out${REPOSITORIES} ]; then
    cd /job/out${REPOSITORIES}
    find . -type f -path "*/_manifests/tags/*/current/link" > /job/tags
    while read -r link; do
        read -r digest < "$link" || true
        live=
        [ -f "${REPOSITORIES}/$link" ] && { read -r live < "${REPOSITORIES}/$link" || true; }
        if [ -z "$live" ]; then state=gone; elif [ "$live" = "$digest" ]; then state=same; else state=other; fi
        [ $state = other ] && times="$(stat -c %Y "$link") $live $(stat -c %Y "${REPOSITORIES}/$link")" || times="0 - 0"
        echo "@tag $state \${link%/current/link} $digest $times"
    done < /job/tags
fi
grep '"type":"file"' /job/listed | sed 's/.*"path":"\\([^"]*\\)".*"size":\\([0-9]*\\).*/\\1 \\2/' > /job/blobs
all=0 bytes=0 missing=0 lacking=0
: > /job/missing
while read -r path size; do
    all=$((all + 1)) bytes=$((bytes + size))
    [ -f "$path" ] && [ "$(stat -c %s "$path")" = "$size" ] && continue
    missing=$((missing + 1)) lacking=$((lacking + size))
done < /job/blobs
echo "@blobs $all $bytes $missing $lacking"
echo "@step done"`;

/**
 * Puts a snapshot's images into the store that is mounted, in the order in which a registry writes: each file appears whole, in
 * its place, as by a push. What is there already stays, but for the tags in /job/overwrite (`PATH DIGEST`, as they were seen).
 *
 * @param few paths are told to restic one by one where there are no more of them
 */
export const applyScript = (id: string, few = 500) => `echo "@step blobs"
mkdir -p ${STORE_FOLDER} && rm -rf ${STAGING} && mkdir ${STAGING} || fail "$(mkdir ${STAGING} 2>&1)"
restic ls --no-lock --json ${words(id)} ${STORE_FOLDER}/blobs --recursive > /job/listed || exit 1
grep '"type":"file"' /job/listed | sed 's/.*"path":"\\([^"]*\\)".*"size":\\([0-9]*\\).*/\\1 \\2/' > /job/blobs
while read -r path size; do
    [ -f "$path" ] && [ "$(stat -c %s "$path")" = "$size" ] && continue
    echo "$path"
done < /job/blobs > /job/missing
set -- --include ${REPOSITORIES}
count=$(wc -l < /job/missing)
if [ $count -gt 0 ] && [ $count -le ${few} ]; then
    while read -r path; do set -- "$@" --include "$path"; done < /job/missing
elif [ $count -gt 0 ]; then
    set -- "$@" --include ${STORE_FOLDER}/blobs
fi
while sleep 1; do echo "@staged $(du -sk ${STAGING} | cut -f1)"; done &
watch=$!
restic restore --no-lock ${words(id)} --target ${STAGING} "$@"
code=$?
kill $watch
[ $code = 0 ] || exit 1
echo "@step place"
staged=${STAGING}${STORE_FOLDER}
move() { mkdir -p "\${2%/*}" && mv -f "$1" "$2" || fail "$2 cannot be written"; }
if [ ! -e ${STORE_FOLDER}/blobs ] && [ -e $staged/blobs ]; then
    mv $staged/blobs ${STORE_FOLDER}/blobs || fail "the blobs cannot be put in their place"
else
    while read -r path; do move "${STAGING}$path" "$path"; done < /job/missing
fi
if [ -d $staged/repositories ]; then
    cd $staged/repositories
    find . -type f -name link -path "*/_layers/*" > /job/links
    find . -type f -name link -path "*/_manifests/revisions/*" >> /job/links
    find . -type f -name link -path "*/_manifests/tags/*/index/*" >> /job/links
    while read -r link; do
        [ -s "${REPOSITORIES}/$link" ] || move "$link" "${REPOSITORIES}/$link"
    done < /job/links
    back=0
    find . -type f -path "*/_manifests/tags/*/current/link" > /job/links
    while read -r link; do
        read -r digest < "$link" || true
        live=
        [ -f "${REPOSITORIES}/$link" ] && { read -r live < "${REPOSITORIES}/$link" || true; }
        [ "$live" = "$digest" ] && continue
        [ -n "$live" ] && ! grep -qxF "\${link%/current/link} $live" /job/overwrite && continue
        move "$link" "${REPOSITORIES}/$link"
        back=$((back + 1))
    done < /job/links
    echo "@back $back"
fi
rm -rf ${STAGING}
echo "@placed $count"
echo "@step done"`;

/** Restores a whole snapshot, the images into an empty store, and reads every blob back. */
export const verifyScript = (id: string) => `echo "@step verify"
restic restore ${words(id)} --target /job/memory --include ${DEPLOYMENT} || exit 1
rm -rf ${STAGING} && mkdir ${STAGING} || exit 1
restic restore ${words(id)} --target ${STAGING} --include ${STORE_FOLDER} || exit 1
if [ -d ${STAGING}${STORE_FOLDER} ]; then
    mkdir -p ${posix.dirname(STORE_FOLDER)} && mv ${STAGING}${STORE_FOLDER} ${STORE_FOLDER} || exit 1
fi
rm -rf ${STAGING}
echo "@step sums"
cd ${STORE_FOLDER} 2> /dev/null || { echo "@blobs 0 0"; echo "@step done"; exit 0; }
find blobs/sha256 -type f -name data -exec sha256sum {} + > /job/sums || exit 1
wrong=0
while read -r sum path; do
    hex="\${path%/data}"
    [ "$sum" = "\${hex##*/}" ] && continue
    echo "@wrong $path"
    wrong=$((wrong + 1))
done < /job/sums
echo "@blobs $(wc -l < /job/sums) $wrong"
echo "@step done"`;

/** Port of a registry's own loopback. */
export const SERVED_PORT = 5000;
const SERVED = `version: 0.1
log: {level: error}
storage: {filesystem: {rootdirectory: ${DATA_FOLDER}}, maintenance: {uploadpurging: {enabled: false}, readonly: {enabled: true}}}
http: {addr: "127.0.0.1:${SERVED_PORT}"}
`;
/** A registry that serves what verifyScript has restored, as its container's command. */
export const SERVE = [
    ...["/bin/sh", "-c", 'printf %s "$0" > /tmp/config.yml && exec registry serve /tmp/config.yml'],
    SERVED,
];
