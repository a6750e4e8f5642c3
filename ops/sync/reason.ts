/** What regsync's errors mean, each as one sentence with its way out. Pure. */
import { formatPath } from "../../components/definition/problem";
import type { SyncRegistry } from "../../components/sync/options";
import { shellWord } from "../../text/shell";

/** Who is talked to. */
export interface Parties {
    /** This registry, as image names have it. */
    own: string;
    /** What is connected to for it, HOST:PORT. */
    hostname: string;
    /** The user there; nothing without a login. */
    user?: string | undefined;
    registries: Readonly<Record<string, SyncRegistry>>;
}

/** Whether the front said that a tag stays as it is. */
export const isKept = (error: string): boolean => /is immutable and stays/.test(error);

const setting = (host: string, key: keyof SyncRegistry, value: string) =>
    `pulumi config set ${key === "password" ? "--secret " : ""}--path ${shellWord(formatPath(["sync", "registries", host, key]))} ${value}`.trim();

type Sentence = (host: string, parties: Parties, said: string) => string;

const refused: Sentence = (host, { own, user, registries }) => {
    if (host === own)
        return `this registry does not let ${user ?? "it"} do so: another user by sync.user, or other rights by role and repositories of users`;
    const login = registries[host]?.username;
    return login === undefined
        ? `${host} wants a login, or has no such image: ${setting(host, "username", "USER")}, ${setting(host, "password", "")}`
        : `${host} refuses ${login}, by that password or for that image: ${setting(host, "password", "")}`;
};

const KINDS: readonly (readonly [said: RegExp, sentence: Sentence])[] = [
    [
        /is immutable and stays (sha256:[0-9a-f]{12})?/,
        (_host, _parties, said) =>
            `the tag is immutable here (front.immutableTags), and stays ${/stays (sha256:[0-9a-f]{12})/.exec(said)?.[1] ?? "as it is"}…`,
    ],
    [
        /unknown authority/,
        (host, { own }) =>
            host === own
                ? "the authority of this registry's certificate is not known to the stack: set tls.files.chain"
                : `the authority of the certificate of ${host} is not known: ${setting(host, "ca", "./other-ca.crt")}`,
    ],
    [
        /HTTP response to HTTPS client/,
        (host) => `${host} speaks plain HTTP; where that is meant: ${setting(host, "plainHttp", "true")}`,
    ],
    [
        /x509|tls: /,
        (host, _parties, said) => `TLS with ${host} fails: ${said.replace(/^.*(?=x509|tls: )/s, "")}`,
    ],
    [/unauthorized|http 40[13]/, refused],
    [
        /http 429|toomanyrequests|rate limit/i,
        (host) =>
            `${host} gives no more for now (too many requests): run it later again; with a login it may give more`,
    ],
    [/not found|http 404/, (host, { own }) => `${host === own ? "this registry" : host} has no such image`],
    [
        /no such host|server misbehaving/,
        (host) =>
            `the name ${host.replace(/:\d+$/, "")} is not known to containers: set extraHosts or dnsServers, and npm run up`,
    ],
    [
        /connection refused|timeout|no route to host|unreachable|reset by peer|EOF|broken pipe|context deadline/,
        (host, { own }) =>
            host === own
                ? "this registry does not answer: npm run doctor"
                : `${host} does not answer, or broke the connection: run it again when it is back; where only a proxy leads out, set proxy.https`,
    ],
    [/no space left|http 507/i, (host) => `the disk of ${host} is full`],
];

/**
 * The sentence for an error, without a full stop.
 *
 * @param sides the host that is read, and the one that is written to
 */
export function reasonIn(error: string, sides: readonly string[], parties: Parties): string {
    const named = sides.filter((host) => error.includes(host));
    // The host of a request, else the one that is named last: `failed to put X: …` after what it was read from.
    const asked = /\bhttps?:\/\/([^/"\s]+)/.exec(error)?.[1];
    const host =
        sides.find((side) => side === (asked === parties.hostname ? parties.own : asked)) ??
        named.at(-1) ??
        sides[0] ??
        "";
    const said = error.replace(/\s+/g, " ").trim();
    const kind = KINDS.find(([pattern]) => pattern.test(error));
    return kind?.[1](host, parties, said) ?? (said.length > 300 ? `${said.slice(0, 299)}…` : said);
}
