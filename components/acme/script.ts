/** What the container of lego runs, and how it is told. Pure. */
import { inQuotes } from "../../text/shell";
import { REST_SECONDS } from "../deployment/hardening";
import { ENDS_FILE, SERVED_FILE, STAMP_FILE, WEBROOT } from "../front/settings";
import { DIRECTORY_FILE, METRICS_FOLDER } from "../metrics/files";
import type { Challenge } from "../tls/acme-options";
import { PROXY_FILE } from "../outbound/proxy-file";

import { NO_FRONT, sentenceCase } from "./sentences";

/** Where its configuration is mounted. */
export const ACME_FOLDER = "/etc/acme";
/** Account, certificates, and the status. */
export const STORE_FOLDER = "/acme";
/** Where the front's volume of what changes without an `up` is mounted. */
export const GIVEN_FOLDER = "/served";
/** In the store: {@link AcmeStatus}. */
export const STATUS_FILE = "status.json";

/** How the last attempt ended. */
export interface AcmeStatus {
    /** working: before the first attempt of this container has ended. */
    state: "working" | "issued" | "failed";
    /** {@link AcmeSettings.wanted} of this container. */
    for: string;
    /** What the certificate in the store was issued for; "" for none. */
    issuedFor: string;
    /** End of the certificate, seconds since 1970; 0 for none. */
    ends: number;
    /** First of the failures in a row, seconds since 1970; 0 where the last attempt went well. */
    since: number;
    /** Next attempt, seconds since 1970. */
    next: number;
    /** One sentence; "" where the last attempt went well. */
    problem: string;
}

export interface AcmeSettings {
    email: string;
    /** URL of the directory. */
    directory: string;
    /** lego's name: `ec256`. */
    keyType: string;
    /** For the SAN; the first names the files. */
    names: readonly string[];
    challenge: Challenge;
    /** lego's code of a DNS provider; "" without dns-01. */
    provider: string;
    /** Name servers that are asked for the zone, `host:port`. */
    resolvers: readonly string[];
    checkPropagation: boolean;
    /** Days before the end; of a short-lived certificate a third of its life. */
    renewBeforeDays: number;
    /** Name of the front's container and its plain port; "" without http-01. */
    front: string;
    /** Names what a certificate is to be for: another one is asked for where it changes. */
    wanted: string;
}

/** The file of a container's settings, for a shell. */
export const renderSettings = (of: AcmeSettings): string =>
    Object.entries({
        ...of,
        names: of.names.join(" "),
        resolvers: of.resolvers.join(" "),
        checkPropagation: String(of.checkPropagation),
        renewBeforeDays: String(of.renewBeforeDays),
    })
        .map(([key, value]: [string, string]) => `${key}=${inQuotes(value)}\n`)
        .join("");

/** The file of the DNS provider's variables: lego alone has them, and `docker inspect` shows none. */
export const renderCredentials = (credentials: Readonly<Record<string, string>>): string =>
    Object.entries(credentials)
        .map(([name, value]) => `export ${name}=${inQuotes(value)}\n`)
        .join("");

/**
 * The loop: asks for a certificate, gives it to the front, rests, renews.
 *
 * It can end at any moment. What it gives to the front is there at once or not at all; a mark says where an attempt was broken off, which
 * lego may have left with half of its files. How long to wait after a failure is kept, so that a container that is started again and again
 * does not use up what the directory allows.
 */
export const ACME_SCRIPT = `set -uf
umask 027
trap 'exit 0' TERM INT
cd ${ACME_FOLDER}
. ./settings
[ ! -e ${PROXY_FILE} ] || . ./${PROXY_FILE}
[ ! -e credentials ] || . ./credentials
[ ! -e directory-ca.pem ] || export LEGO_CA_CERTIFICATES=${ACME_FOLDER}/directory-ca.pem LEGO_CA_SYSTEM_CERT_POOL=true
store=${STORE_FOLDER} served=${GIVEN_FOLDER}
first=\${names%% *}
case $first in '*'*) file=_\${first#?} ;; *) file=$first ;; esac
file=$store/lego/certificates/$file
self=$(cat /etc/hostname)
failures=0 since=0 next=0 ends=0 life=0

now() { date +%s; }
issuedFor() { cat $store/issued-for 2>/dev/null; }

# One line of JSON, put in place at once.
tell() {
    printf '{"state":"%s","for":"%s","issuedFor":"%s","ends":%s,"since":%s,"next":%s,"problem":"%s"}\\n' \\
        "$1" "$wanted" "$(issuedFor)" "$ends" "$since" "$next" "$2" >$store/.status
    mv $store/.status $store/${STATUS_FILE}
    count
}

# For what counts, where there is such.
count() {
    [ -d ${METRICS_FOLDER} ] || return 0
    shown=$(sed 's/[^0-9][^0-9]*/ /g' $served/${ENDS_FILE} 2>/dev/null)
    echo "\${shown:-0 0} $failures" >${METRICS_FOLDER}/${DIRECTORY_FILE}.new
    mv ${METRICS_FOLDER}/${DIRECTORY_FILE}.new ${METRICS_FOLDER}/${DIRECTORY_FILE}
}

sentence() {
${sentenceCase()}
}

ask() {
    set -- --accept-tos --path $store/lego --server "$directory" --email "$email" --key-type "$keyType" --pem
    for name in $names; do set -- "$@" --domains "$name"; done
    for one in $resolvers; do set -- "$@" --dns.resolvers "$one"; done
    if [ "$challenge" = http-01 ]; then
        set -- "$@" --http --http.webroot $served/${WEBROOT}
    else
        set -- "$@" --dns "$provider"
        [ "$checkPropagation" = true ] || set -- "$@" --dns.disable-cp
    fi
    # A new order where the names are others, where lego was broken off, or where the account is new.
    if [ "$(issuedFor)" = "$wanted" ] && [ ! -e $store/asking ] && [ -d $store/lego/accounts ]; then
        set -- "$@" renew --no-random-sleep --days "$days"
    else
        set -- "$@" run
    fi
    : >$store/asking
    lego "$@" >$store/log 2>&1 &
    if ! wait $!; then
        rm -f $store/asking
        # A private directory that began anew.
        ! grep -q 'error:accountDoesNotExist' $store/log || rm -rf $store/lego/accounts
        return 1
    fi
    printf %s "$wanted" >$store/.issued-for
    busybox sync
    mv $store/.issued-for $store/issued-for
    rm -f $store/asking
}

# The front's group reads it. That its end is told is made up for where this was killed in between.
give() {
    [ -e "$file.pem" ] && [ "$(issuedFor)" = "$wanted" ] && [ ! -e $store/asking ] || return 0
    busybox cmp -s "$file.pem" $served/${SERVED_FILE} || hand
    [ $ends -gt 0 ] || return 0
    printf '{"ends":%s,"life":%s}\\n' "$ends" "$life" >$served/.ends
    mv $served/.ends $served/${ENDS_FILE}
}

hand() {
    cp -f "$file.pem" $served/.new
    chmod 440 $served/.new
    busybox sync
    mv $served/.new $served/${SERVED_FILE}
    echo "$(now) $self" >$served/.stamp
    mv $served/.stamp $served/${STAMP_FILE}
    echo "The front gets a new certificate for $names."
    # It looks once a second, and its reload takes less than another: what is told afterwards is true of what it shows.
    sleep 4 & wait $!
}

# Sets: end, days before it from which lego renews, seconds between two looks.
measure() {
    days=$renewBeforeDays rest=43200
    date=$(lego --path $store/lego list 2>/dev/null | grep -A 2 -F "Domains: $first" | grep -o -m 1 'Expiry Date: [0-9-]* [0-9:]*')
    [ -n "$date" ] && [ -e "$file.crt" ] || return 0
    ends=$(date -u -d "\${date#Expiry Date: }" +%s)
    life=$((ends - $(stat -c %Y "$file.crt")))
    third=$((life / 3 / 86400 + 1))
    [ $third -ge $days ] || days=$third
    [ $((life / 6)) -ge $rest ] || rest=$((life / 6))
    [ $rest -ge 10 ] || rest=10
}

answered() {
    [ "$challenge" = http-01 ] || return 0
    probe=.well-known/acme-challenge/probe
    mkdir -p $served/${WEBROOT}/.well-known/acme-challenge
    echo "$self" >$served/${WEBROOT}/$probe
    n=0
    while [ $n -lt 20 ]; do
        [ "$(busybox timeout 5 wget -q -O - "http://$front/$probe" 2>/dev/null)" != "$self" ] || return 0
        n=$((n + 1))
        sleep 1
    done
    return 1
}

failed() {
    failures=$((failures + 1))
    [ $since -ne 0 ] || since=$(now)
    pause=$((300 << (failures < 9 ? failures - 1 : 8)))
    [ $pause -le $rest ] || pause=$rest
    next=$(($(now) + pause + \${RANDOM:-0} % (pause / 10 + 1)))
    echo "$self $wanted $failures $since $next" >$store/failures
    echo "$1 (attempt $failures; the next one in $((next - $(now))) s)" >&2
    tell failed "$1"
}

# What is left of the days before this container was started again. One that \`up\` made anew begins anew.
if [ -e $store/failures ]; then
    read -r who what count begin when <$store/failures
    [ "$who $what" != "$self $wanted" ] || failures=$count since=$begin next=$when
fi
measure
give
if [ $failures -eq 0 ]; then tell working ''; else count; fi

while :; do
    while [ "$(now)" -lt "$next" ]; do
        left=$((next - $(now)))
        sleep $((left < 60 ? left : 60)) & wait $!
        count
    done
    measure
    if ! answered; then
        failed '${NO_FRONT}'
    elif ask; then
        cat $store/log
        failures=0 since=0
        rm -f $store/failures
        measure
        give
        next=$(($(now) + rest - \${RANDOM:-0} % (rest / 10 + 1)))
        tell issued ''
    else
        cat $store/log
        failed "$(sentence "$(cat $store/log)")"
    fi
done
`;

/**
 * The health check: the certificate is for what is wanted, and not over. Until the first attempt has ended it waits, so that its
 * verdict is the first thing that `up` hears.
 */
export const ACME_HEALTH = `[ ! -e /dev/shm/well ] || sleep ${REST_SECONDS}
rm -f /dev/shm/well
cd ${STORE_FOLDER}
. ${ACME_FOLDER}/settings
told() { grep -o '"'"$1"'":\\("[^"]*"\\|[0-9]*\\)' ${STATUS_FILE} 2>/dev/null | cut -d: -f2- | cut -d'"' -f2; }
while [ "$(told for)" != "$wanted" ] || [ "$(told state)" = working ]; do sleep 0.2; done
[ "$(told issuedFor)" = "$wanted" ] && [ "$(told ends)" -gt "$(date +%s)" ] || { told problem; exit 1; }
: >/dev/shm/well
`;

/**
 * What makes the volumes ready: the container's user may write by its group, and the front has a certificate until the directory's is
 * there. One that the directory has issued stays.
 *
 * @param staged the file with that certificate and its key
 * @param ends the file with its end, {@link ENDS_FILE}
 */
export const seedScript = (staged: string, ends: string): string =>
    [
        `mkdir -p ${GIVEN_FOLDER}/${WEBROOT}`,
        `chmod 770 ${STORE_FOLDER} ${GIVEN_FOLDER} ${GIVEN_FOLDER}/${WEBROOT}`,
        `if [ ! -e ${STORE_FOLDER}/issued-for ] || [ ! -e ${GIVEN_FOLDER}/${SERVED_FILE} ]; then`,
        `cp -f ${staged} ${GIVEN_FOLDER}/.seed`,
        `chmod 440 ${GIVEN_FOLDER}/.seed`,
        `mv -f ${GIVEN_FOLDER}/.seed ${GIVEN_FOLDER}/${SERVED_FILE}`,
        `cp -f ${ends} ${GIVEN_FOLDER}/.ends-seed`,
        `mv -f ${GIVEN_FOLDER}/.ends-seed ${GIVEN_FOLDER}/${ENDS_FILE}`,
        `date +%s >${GIVEN_FOLDER}/.stamp-seed`,
        `chmod 644 ${GIVEN_FOLDER}/.stamp-seed`,
        `mv -f ${GIVEN_FOLDER}/.stamp-seed ${GIVEN_FOLDER}/${STAMP_FILE}`,
        "fi",
    ].join("\n");
