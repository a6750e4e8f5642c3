/** Where the access log is kept, and the script that keeps it within its bounds. docs/adr/0030-audit.md */
import type { LogBounds } from "./log-options";

/** Where the volume of the log is mounted. Group 0, which is the front's, may write there. */
export const LOG_FOLDER = "/var/log/front";
/** What nginx writes; the earlier files bear the time at which they were closed: `20260131T235959Z.jsonl`, then with `.gz`. */
export const LOG_FILE = "current.jsonl";
/** The script, beside nginx.conf: other bounds are a reload, and no new container. */
export const KEEP_LOG = "keep-log.sh";

/** Name of the volume. */
export const logVolume = (prefix: string): string => `${prefix}-log`;

const MAX_FILE_KIB = 8192;

/**
 * Shell script that closes the file of a day, or one that is large, compresses those before it, and removes what is too old or
 * too much. The front's health check runs it, so it must be quick where there is nothing to do, and must not fail: a log is no
 * reason to call the front unwell.
 */
export const keepLogScript = ({ days, maxMb }: LogBounds): string =>
    [
        `cd ${LOG_FOLDER} || exit 0`,
        "now=$(date -u +%Y%m%dT%H%M%SZ)",
        "day=${now%T*}",
        // nginx goes on in a file that somebody took away, and nobody would read it.
        `[ -e ${LOG_FILE} ] || kill -USR1 "$(cat /tmp/nginx.pid)"`,
        '[ -e day ] || echo "$day" > day',
        `[ "$(cat day)" != "$day" ] || [ "$(wc -c < ${LOG_FILE})" -gt ${MAX_FILE_KIB * 1024} ] || exit 0`,
        'echo "$day" > day',
        // nginx may write into the one that was closed last until it has opened the new one.
        'for f in 2*.jsonl; do [ ! -e "$f" ] || gzip -f "$f"; done',
        `[ ! -s ${LOG_FILE} ] || { mv ${LOG_FILE} "$now.jsonl" && kill -USR1 "$(cat /tmp/nginx.pid)"; }`,
        `find . -name '2*' -mtime +${days - 1} -exec rm -f {} +`,
        `while [ "$(du -sk . | cut -f1)" -gt ${maxMb * 1024 - MAX_FILE_KIB} ]; do`,
        "  oldest=$(ls | grep '^2' | head -n 1)",
        '  [ -n "$oldest" ] && rm -f "$oldest" || break',
        "done",
        "exit 0",
        "",
    ].join("\n");
