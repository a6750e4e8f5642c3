/**
 * What counts: a shell and an awk, which every image of the front has. It reads the lines that nginx left of each request, adds
 * them to the counters, asks the file system, and writes all of it into the file that the front serves. Pure: texts alone.
 */
import { inQuotes } from "../../text/shell";
import { DATA_FOLDER } from "../storage/folders";

import {
    DIRECTORY_FILE,
    LINES,
    METRICS_FILE,
    METRICS_FOLDER,
    REGISTRY_FILE,
    RUNS_FOLDER,
    SILENT_SECONDS,
    SLOT_SECONDS,
    STORE_FILE,
} from "./files";

/** Start of the name of each number of the kit's. */
const OWN = "private_registry";
/** Seconds between two rounds. */
export const ROUND_SECONDS = 5;
/** Seconds for which a line of a slot that is over may still come: nginx takes the time at the start of a round of its own. */
const LATE_SECONDS = 3;
/** Seconds after which the registry's numbers count as gone: its health check leaves them every 20 seconds. */
const STALE_SECONDS = 90;
/** Seconds between two looks at the size of the store, at the least, and how many times what one takes. */
const SIZE_SECONDS = 60;
const SIZE_REST = 50;

/** Seconds between two looks at the registry, as between two of its health checks. */
const ASK_SECONDS = 20;

/** Shell command that writes what is there. nginx's own images have curl, those with busybox wget. */
const fetch = (address: string, path: string): string =>
    `{ timeout 3 wget -q -O - http://${address}/${path} || curl -fs -m 3 http://${address}/${path}; }`;

/** Upper bounds of durations in seconds: an answer of the front alone, a manifest, a layer on a slow line. */
const BOUNDS = [0.005, 0.025, 0.1, 0.5, 1, 5, 30, 120, 600];

/** Counters of the front → type and help. The order is that of the file. */
const FAMILIES: readonly (readonly [name: string, type: string, help: string])[] = [
    ["requests_total", "counter", "Requests that were answered."],
    ["errors_total", "counter", "Requests that were answered with a status of 5xx, other than 505."],
    ["sent_bytes_total", "counter", "Bytes of answers, without their headers."],
    ["received_bytes_total", "counter", "Bytes of requests, with their headers."],
    ["refused_logins_total", "counter", "Requests whose login was wrong, or one too many (limited)."],
    ["request_duration_seconds", "histogram", "Time from a request's first byte to its answer's last one."],
];

// The file of the counters is their memory, too: it names the lines that are in it, so that none counts twice or not at all
// wherever this is killed.
const AWK = `
function add(key, by) {
    if (!(key in value)) order[++count] = key
    value[key] += by
}
BEGIN {
    bounds = split("${BOUNDS.join(" ")}", bound, " ")
    # There from the start: of a counter that begins with a burst, Prometheus sees no increase.
    add(P "errors_total", 0)
    add(P "refused_logins_total{reason=\\"wrong\\"}", 0)
    add(P "refused_logins_total{reason=\\"limited\\"}", 0)
}
FILENAME == "front.prom" { if ($1 !~ /^#/) add($1, $2); next }
NF >= 6 {
    of = "{site=\\"" ($1 == "_" ? "registry" : $1) "\\",action=\\"" $2 "\\""
    add(P "requests_total" of ",code=\\"" $3 "\\"}", 1)
    add(P "sent_bytes_total" of "}", $4)
    add(P "received_bytes_total" of "}", $5)
    # 505 says that the client asked in a version of HTTP that is none.
    if ($3 ~ /^5/ && $3 != 505) add(P "errors_total", 1)
    if ($7 == "wrong" || $7 == "limited") add(P "refused_logins_total{reason=\\"" $7 "\\"}", 1)
    time = P "request_duration_seconds"
    for (i = 1; i <= bounds; i++) add(time "_bucket" of ",le=\\"" bound[i] "\\"}", $6 <= bound[i] + 0)
    add(time "_bucket" of ",le=\\"+Inf\\"}", 1)
    add(time "_sum" of "}", $6)
    add(time "_count" of "}", 1)
}
END {
    print "# counted" taken
    families = split(F, line, ";")
    for (f = 1; f <= families; f++) {
        split(line[f], part, "|")
        name = P part[1]
        print "# HELP " name " " part[3]
        print "# TYPE " name " " part[2]
        for (i = 1; i <= count; i++)
            if (index(order[i], name) == 1)
                printf(order[i] ~ /_sum\\{/ ? "%s %.3f\\n" : "%s %.0f\\n", order[i], value[order[i]])
    }
}`;

const gauge = (name: string, help: string): string =>
    `printf '# HELP ${OWN}_${name} ${help}\\n# TYPE ${OWN}_${name} gauge\\n'`;

/** Shell condition: a file was written in the last seconds, and is not empty. */
const fresh = (file: string, seconds: number): string =>
    `[ -s ${file} ] && [ $(($(date +%s) - $(date -r ${file} +%s))) -lt ${seconds} ]`;

/** A certificate that is served. */
export interface Served {
    /** The host name; of the registry's own `registry`. */
    site: string;
    /** Seconds since 1970. @default a directory issues it, and what asks the directory tells (DIRECTORY_FILE) */
    ends?: number | undefined;
}

/** Of a directory's certificate end and life are told together, since who is to worry when depends on both. */
function certificateLines(certificates: readonly Served[]): string[] {
    if (certificates.length === 0) return [];
    const issued = certificates.filter(({ ends }) => ends === undefined);
    const line = (name: string, { site }: Served, value: string) =>
        `echo "${OWN}_${name}{site=\\"${site}\\"} ${value}"`;
    const expiry = "certificate_expiry_timestamp_seconds";
    return [
        ...(issued.length === 0
            ? []
            : [
                  "ends=0 life=0 failures=",
                  `[ ! -s ${DIRECTORY_FILE} ] || read -r ends life failures < ${DIRECTORY_FILE}`,
                  // The certificate is there still; of a container that is gone its last word on attempts is no news.
                  `{ ${fresh(DIRECTORY_FILE, SILENT_SECONDS)}; } || failures=`,
              ]),
        gauge(expiry, "When the certificate of a name ends."),
        ...certificates.flatMap((one) =>
            one.ends === undefined ? [] : [line(expiry, one, String(one.ends))],
        ),
        ...(issued.length === 0
            ? []
            : [
                  "if [ $ends != 0 ]; then",
                  ...issued.map((one) => `  ${line(expiry, one, "$ends")}`),
                  "fi",
                  "if [ $life != 0 ]; then",
                  `  ${gauge("certificate_life_seconds", "From issue to end, of a certificate that is renewed by itself.")}`,
                  ...issued.map((one) => `  ${line("certificate_life_seconds", one, "$life")}`),
                  "fi",
                  'if [ -n "$failures" ]; then',
                  `  ${gauge("renewal_failures", "Attempts in a row that got no certificate of the directory.")}`,
                  `  echo "${OWN}_renewal_failures $failures"`,
                  "fi",
              ]),
    ];
}

/** Of a store in files: the file system, and the images in it, which takes a look at each file. */
const STORE = [
    "sizes() {",
    "  trap 'exit 0' TERM",
    "  while :; do",
    "    begun=$(date +%s)",
    `    du -s -k ${DATA_FOLDER} 2>/dev/null | { read -r used rest && echo $((used * 1024)) > size.new && mv size.new size; }`,
    "    took=$(($(date +%s) - begun))",
    // A store for which it takes long is not looked at all the time.
    `    rest=$((took * ${SIZE_REST})); [ $rest -gt ${SIZE_SECONDS} ] || rest=${SIZE_SECONDS}`,
    "    sleep $rest & wait $!",
    "  done",
    "}",
    "disk() {",
    `  df -P -k ${DATA_FOLDER} | { read -r head; read -r device total used free rest`,
    "    size=null; [ ! -s size ] || size=$(cat size)",
    `    ${gauge("disk_size_bytes", "Size of the file system of the images.")}`,
    `    echo "${OWN}_disk_size_bytes $((total * 1024))"`,
    `    ${gauge("disk_available_bytes", "What is free on it.")}`,
    `    echo "${OWN}_disk_available_bytes $((free * 1024))"`,
    `    if [ $size != null ]; then`,
    `      ${gauge("store_bytes", "What the images take: a large store is looked at less often.")}`,
    `      echo "${OWN}_store_bytes $size"`,
    "    fi",
    `    echo "{\\"size\\":$((total * 1024)),\\"available\\":$((free * 1024)),\\"images\\":$size}" > ${STORE_FILE}.new`,
    `    mv ${STORE_FILE}.new ${STORE_FILE}; }`,
    "}",
    "sizes &",
];

/**
 * The script of the container that counts.
 *
 * @param certificates those that the front serves
 * @param files the images lie in files, of which a folder is mounted
 * @param debug address of the registry's debug server, where that is asked for the registry's numbers. @default the registry leaves them
 */
export function countScript(certificates: readonly Served[], files: boolean, debug?: string): string {
    const families = FAMILIES.map((family) => family.join("|")).join(";");
    return [
        `cd ${METRICS_FOLDER} || exit 1`,
        "trap 'kill $! 2>/dev/null; exit 0' TERM INT",
        `awk=${inQuotes(AWK)}`,
        `families=${inQuotes(families)}`,
        ...(files ? STORE : ["disk() { :; }"]),
        ...(debug === undefined
            ? []
            : [
                  `ask() { while :; do ${leavingNumbers(debug, `${fetch(debug, "debug/health")} > /dev/null`, fetch(debug, "metrics"))}; sleep ${ASK_SECONDS}; done; }`,
                  "ask > /dev/null 2>&1 &",
              ]),
        "count() {",
        // What was counted and not yet taken away when this was killed.
        "  rm -f $(sed -n 's/^# counted//p' front.prom 2>/dev/null)",
        `  now=$(date +%s); before=$(((now - ${LATE_SECONDS}) / ${SLOT_SECONDS}))`,
        `  for file in ${LINES}-*.log; do`,
        `    slot=\${file#${LINES}-}; slot=\${slot%.log}`,
        `    [ "$slot" -lt $before ] 2>/dev/null && mv "$file" "taken-$slot"`,
        "  done",
        '  taken=; for file in taken-*; do [ ! -e $file ] || taken="$taken $file"; done',
        "  [ -e front.prom ] || : > front.prom",
        `  awk -v P=${OWN}_front_ -v F="$families" -v taken="$taken" "$awk" front.prom $taken > front.new && mv front.new front.prom`,
        "}",
        "registry() {",
        `  ${fresh(REGISTRY_FILE, STALE_SECONDS)}`,
        "}",
        "runs() {",
        `  ${gauge("last_success_timestamp_seconds", "When a command of the kit last ended well.")}`,
        `  for file in ${RUNS_FOLDER}/*; do`,
        `    [ ! -e "$file" ] || echo "${OWN}_last_success_timestamp_seconds{command=\\"\${file##*/}\\"} $(cat "$file")"`,
        "  done",
        "}",
        "tell() {",
        `  ${gauge("counted_timestamp_seconds", "When these numbers were written.")}`,
        `  echo "${OWN}_counted_timestamp_seconds $(date +%s)"`,
        `  ${gauge("up", "1 where the registry told its numbers, else 0.")}`,
        `  if registry; then echo "${OWN}_up 1"; cat ${REGISTRY_FILE}; else echo "${OWN}_up 0"; fi`,
        ...certificateLines(certificates).map((line) => `  ${line}`),
        "  disk",
        "  runs",
        "  sed '/^# counted/d' front.prom",
        "}",
        "while :; do",
        `  count; tell > all.new && mv all.new ${METRICS_FILE}`,
        `  sleep ${ROUND_SECONDS} & wait $!`,
        "done",
    ].join("\n");
}

/**
 * Shell command in the registry's container, for its health check: leaves the registry's own numbers, and whether the check
 * went well, which is also how the command ends.
 *
 * @param debug address of the registry's debug server
 * @param test the check itself
 * @param numbers the command that writes the registry's numbers
 */
export const leavingNumbers = (
    debug: string,
    test: string,
    numbers = `timeout 3 wget -q -O - http://${debug}/metrics`,
): string =>
    `if ${test}; then healthy=1; else healthy=0; fi; ` +
    `{ { echo "# HELP ${OWN}_storage_healthy 1 where images can be read and written, else 0."; ` +
    `echo "# TYPE ${OWN}_storage_healthy gauge"; echo "${OWN}_storage_healthy $healthy"; ` +
    `${numbers}; } > ${METRICS_FOLDER}/${REGISTRY_FILE}.new && ` +
    `mv ${METRICS_FOLDER}/${REGISTRY_FILE}.new ${METRICS_FOLDER}/${REGISTRY_FILE}; } 2>/dev/null; [ $healthy = 1 ]`;
