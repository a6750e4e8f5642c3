/** What goes wrong between a directory and its client, by what lego says of it: each in one sentence with a way out. Pure. */

/** How a failure is known, and what is said of it. */
interface Sentence {
    /** Any of these stands in lego's output. Patterns of a shell's `case`, without quotes. */
    patterns: readonly string[];
    /** Plain text: it stands in JSON and in single quotes as it is. */
    text: string;
}

/** Error type of RFC 8555 section 6.7, as lego prints it. */
const acme = (type: string): string => `*urn:ietf:params:acme:error:${type}*`;

/** The first one that fits counts: the narrower ones stand first. */
export const SENTENCES: readonly Sentence[] = [
    {
        patterns: [acme("rateLimited")],
        text: "the directory takes no more requests for now (rate limit): wait, and meanwhile try with its staging directory",
    },
    {
        patterns: [acme("caa")],
        text: "a CAA record in DNS forbids this directory to issue for the name: add the directory to the record",
    },
    {
        patterns: [acme("rejectedIdentifier"), acme("unsupportedIdentifier")],
        text: "the directory does not issue for one of the names: use names that are public, and its own",
    },
    {
        patterns: [acme("dns")],
        text: "the directory finds no address of the name, or no TXT record, in DNS: let A or AAAA records of the name lead to this host",
    },
    {
        patterns: [acme("connection")],
        text: "the directory does not reach the name on port 80: open port 80 to the world, and let it lead to front.httpPort of this host",
    },
    {
        patterns: [acme("unauthorized"), acme("incorrectResponse")],
        text: "something else than this registry answers the directory under the name: let its DNS records, all of them, lead to this host alone",
    },
    {
        patterns: [acme("invalidContact"), acme("unsupportedContact")],
        text: "the directory refuses the address in tls.acme.email: set another one",
    },
    {
        patterns: [acme("userActionRequired")],
        text: "the directory has new terms that want a look: read them, then pulumi up",
    },
    {
        patterns: [acme("accountDoesNotExist")],
        text: "the directory does not know the account any more: the next attempt makes a new one",
    },
    {
        patterns: [acme("externalAccountRequired")],
        text: "the directory takes known accounts alone (external account binding), which the kit does not have: use another directory",
    },
    { patterns: [acme("serverInternal")], text: "the directory has a fault of its own: it is tried again" },
    {
        patterns: ["*unrecognized DNS provider*", "*unrecognised DNS provider*"],
        text: "lego does not know the provider in tls.acme.dns.provider: take its code from go-acme.github.io/lego/dns",
    },
    {
        patterns: ["*some credentials information are missing*", "*credentials missing*"],
        text: "the DNS provider wants variables that tls.acme.dns.credentials does not have: the log names them",
    },
    {
        patterns: ["*error presenting token*", "*presenting the challenge*"],
        text: "the DNS provider refuses the record (wrong token, or no right to this zone): mend tls.acme.dns.credentials",
    },
    {
        patterns: ["*time limit exceeded: last error*", "*propagation*"],
        text: "the TXT record did not show up in DNS in time: look whether the zone is served by this provider, or set tls.acme.dns.checkPropagation to false",
    },
    {
        patterns: ["*x509: certificate signed by unknown authority*", "*x509:*"],
        text: "the directory shows a certificate that is not trusted here: set tls.acme.directoryCa to its authority",
    },
    {
        patterns: [
            "*no such host*",
            "*connection refused*",
            "*i/o timeout*",
            "*network is unreachable*",
            "*no route to host*",
            "*deadline exceeded*",
            "*get directory at*",
        ],
        text: "the directory cannot be reached from this host: look at its address in tls.acme.directory, the proxy and the firewall",
    },
];

/** Where none of them fits. */
export const OTHERWISE = "lego failed: the log of this container tells why";
/** Before lego is asked. */
export const NO_FRONT = "the front does not answer on its plain port: npm run doctor tells why";

/** A `case` of a shell that prints the sentence for the text in `$1`. */
export const sentenceCase = (): string =>
    [
        'case "$1" in',
        ...SENTENCES.map(
            ({ patterns, text }) =>
                `${patterns.map((one) => one.replace(/[^*\w]+/g, (part) => `'${part}'`)).join("|")}) echo '${text}' ;;`,
        ),
        `*) echo '${OTHERWISE}' ;;`,
        "esac",
    ].join("\n");
