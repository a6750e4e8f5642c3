/** The keys that are about certificates. */
import { group, KEYS, part, pem, same, set, whole, type Key } from "./key";

const country = (of: string): Key => ({
    key: `${of}.subject.country`,
    valid: same("CN", "DE"),
    invalid: ["cn", "CHN", "China", 5],
    allowed: "two capital letters",
    fix: set(`--path ${of}.subject.country CN`),
});

export const TLS: Key[] = [
    group("ca", "an object", set("--path ca.keyAlgorithm RSA-4096"), { secret: true }),
    group("ca.subject", "an object of commonName", "pulumi config rm --path ca.subject"),
    part("commonName", "'Example Registry CA'"),
    part("organization", "'Example Ltd'"),
    part("organizationalUnit", "Platform"),
    part("province", "Shanxi"),
    part("locality", "Datong"),
    country("ca"),
    {
        key: "ca.keyAlgorithm",
        valid: same(...KEYS),
        default: "ECDSA-P384",
        invalid: ["RSA", "rsa-4096", "RSA-1024", 4096],
        allowed: `one of ${KEYS.join(", ")}`,
        fix: set("--path ca.keyAlgorithm RSA-4096"),
    },
    {
        ...whole("ca.validityDays", 3650, 1, 36500, "from 1 to 36500", "--path ca.validityDays 3650"),
        beside: { site: { validityDays: 1, earlyRenewalDays: 0 } },
    },
    whole("ca.pathLength", 1, 1, 10, "from 1 to 10", "--path ca.pathLength 1"),
    pem("ca.cert", "--path ca.cert ./ca.crt"),
    pem("ca.key", "--secret --path ca.key ./ca.key", true),
    group("site", "an object", set("--path site.validityDays 397")),
    group("site.subject", "an object of commonName", "pulumi config rm --path site.subject"),
    part("commonName", "docker.example.com", "site"),
    part("organization", "'Example Ltd'", "site"),
    part("organizationalUnit", "Platform", "site"),
    part("province", "Shanxi", "site"),
    part("locality", "Datong", "site"),
    country("site"),
    {
        key: "site.keyAlgorithm",
        valid: same(...KEYS),
        default: "ECDSA-P256",
        invalid: ["RSA", "ECDSA-P521"],
        allowed: `one of ${KEYS.join(", ")}`,
        fix: set("--path site.keyAlgorithm RSA-4096"),
    },
    {
        ...whole("site.validityDays", 397, 31, 825, "from 1 to 825", "--path site.validityDays 397"),
        invalid: [0, 826, 1.5, "397 days"],
    },
    whole("site.earlyRenewalDays", 30, 0, 1e9, "from 0", "--path site.earlyRenewalDays 30"),
    group("certificate", "an object of cert, key and chain", set("--path certificate.cert ./site.crt"), {
        secret: true,
    }),
    pem("certificate.cert", "--path certificate.cert ./site.crt"),
    pem("certificate.key", "--secret --path certificate.key ./site.key", true),
    pem("certificate.chain", "--path certificate.chain ./chain.crt"),
];
