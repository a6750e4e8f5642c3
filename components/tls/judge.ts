/** What single certificates and CAs must be, so that Go, OpenSSL and nginx take them. Pure. */
import type { KeyObject, X509Certificate } from "node:crypto";
import { BlockList, isIP } from "node:net";

import type { Details, Subtrees } from "./asn1";
import { selfSigned } from "./chain";
import { asn1 } from "./read";

/** What is wrong with the time of a certificate. */
export function timeProblems(certificate: X509Certificate, now: Date): string[] {
    if (new Date(certificate.validTo) <= now) return [`ended on ${certificate.validTo}`];
    if (new Date(certificate.validFrom) > now) return [`begins on ${certificate.validFrom} only`];
    return [];
}

// RFC 5280 section 4.2.1.12: id-kp-serverAuth, anyExtendedKeyUsage.
const FOR_SERVERS = ["1.3.6.1.5.5.7.3.1", "2.5.29.37.0"];

/** Whether TLS servers may use a certificate. One without the extension is for any use. */
export const isForServers = ({ keyUsage }: X509Certificate): boolean => {
    // Node's `keyUsage` is the extended one; it is missing where the extension is.
    const uses = keyUsage as string[] | undefined;
    return uses === undefined || uses.length === 0 || uses.some((use) => FOR_SERVERS.includes(use));
};

/** Curves that Go's crypto/tls and every client have (RFC 8446 section 4.2.3). */
const CURVES = ["prime256v1", "secp384r1", "secp521r1"];

const OTHER_KEY = "take ECDSA P-256, or RSA with 2048 bits or more";

/** What is wrong with the kind or size of a key. */
function keyProblem(key: KeyObject): string | undefined {
    const { modulusLength = 0, namedCurve } = key.asymmetricKeyDetails ?? {};
    switch (key.asymmetricKeyType) {
        case "ed25519":
            return undefined;
        case "rsa":
            if (modulusLength < 2048)
                return `has an RSA key of ${modulusLength} bits, which is too weak for clients: ${OTHER_KEY}`;
            // crypto/tls, maxRSAKeySize.
            return modulusLength <= 8192
                ? undefined
                : `has an RSA key of ${modulusLength} bits, and Go's clients (Docker) refuse more than 8192`;
        case "ec":
            return CURVES.includes(namedCurve ?? "")
                ? undefined
                : `has a key on the curve ${namedCurve}, which clients do not take in TLS (Go: crypto/tls, CurveID): ${OTHER_KEY}`;
        case "rsa-pss":
            return `has a key for RSA-PSS alone, which Go (the registry, Docker) cannot read: ${OTHER_KEY}`;
        default:
            return `has a key of the kind ${key.asymmetricKeyType}, which TLS does not know everywhere: ${OTHER_KEY}`;
    }
}

const SIGNATURES = [
    "1.2.840.113549.1.1.11", // sha256WithRSAEncryption
    "1.2.840.113549.1.1.12", // sha384WithRSAEncryption
    "1.2.840.113549.1.1.13", // sha512WithRSAEncryption
    "1.2.840.10045.4.3.2", // ecdsa-with-SHA256
    "1.2.840.10045.4.3.3", // ecdsa-with-SHA384
    "1.2.840.10045.4.3.4", // ecdsa-with-SHA512
    "1.3.101.112", // Ed25519
];
const WEAK: Readonly<Record<string, string>> = {
    "1.2.840.113549.1.1.4": "MD5",
    "1.2.840.113549.1.1.5": "SHA-1",
    "1.2.840.10045.4.1": "SHA-1",
};
const RSA_PSS = "1.2.840.113549.1.1.10";
/** Parameters of RSA-PSS that Go reads (crypto/x509, getSignatureAlgorithmFromAI): one hash, its length as the salt's. */
const pssParameters = (hash: string, salt: string): string => {
    const algorithm = `300d060960864801650304020${hash}0500`;
    return `3034a00f${algorithm}a11c301a06092a864886f70d010108${algorithm}a2030201${salt}`;
};
const PSS = [pssParameters("1", "20"), pssParameters("2", "30"), pssParameters("3", "40")];

function signatureProblem({ signature: { oid, parameters } }: Details): string | undefined {
    if (SIGNATURES.includes(oid) || (oid === RSA_PSS && PSS.includes(parameters))) return undefined;
    const hash = WEAK[oid];
    if (hash !== undefined)
        return `is signed with ${hash}, which clients refuse: have it issued anew with SHA-256`;
    return `is signed with an algorithm (${oid === RSA_PSS ? "RSA-PSS with unusual parameters" : oid}) that Go (Docker) does not know: have it issued anew with SHA-256`;
}

/** Extensions that Go and OpenSSL both understand where they are critical. */
const UNDERSTOOD = [14, 15, 17, 19, 30, 31, 32, 35, 37].map((last) => `2.5.29.${last}`);

/** What is wrong with a certificate as such, wherever in a chain it stands. */
export function formProblems(certificate: X509Certificate, now: Date): string[] {
    const read = asn1().details(certificate.raw);
    const { extensions } = read;
    const unknown = extensions.find(({ oid, critical }) => critical && !UNDERSTOOD.includes(oid));
    const twice = extensions.find(({ oid }, i) => extensions.findIndex((other) => other.oid === oid) !== i);
    return [
        ...timeProblems(certificate, now),
        read.explicitCurve
            ? `has a key on a curve that is written out in numbers, which Go (the registry, Docker) cannot read: ${OTHER_KEY}`
            : keyProblem(certificate.publicKey),
        // Nobody looks at the signature of a root.
        selfSigned(certificate) ? undefined : signatureProblem(read),
        unknown && `has the critical extension ${unknown.oid}, which clients do not know and must refuse`,
        twice && `has the extension ${twice.oid} twice, which Go (the registry, Docker) cannot read`,
        read.negativeSerial
            ? "has a negative serial number, which Go (the registry, Docker) cannot read"
            : undefined,
    ].filter((problem) => problem !== undefined);
}

/** What keeps a certificate from signing others. */
export function signerProblems(certificate: X509Certificate): string[] {
    const { keyUsage, constraints } = asn1().details(certificate.raw);
    const mayNotSign = keyUsage !== undefined && !keyUsage.includes("keyCertSign");
    const others = constraints?.critical && (constraints.permitted.others || constraints.excluded.others);
    return [
        mayNotSign ? "may not sign certificates (keyUsage has no keyCertSign)" : undefined,
        // OpenSSL, behind Node, takes no certificate for a CA whose key may not sign.
        mayNotSign || certificate.ca
            ? undefined
            : "is not a CA certificate (basicConstraints CA:TRUE is missing)",
        others
            ? "has critical name constraints of a kind that Go's clients do not know and must refuse"
            : undefined,
        isForServers(certificate)
            ? undefined
            : "may not sign for TLS servers (extendedKeyUsage has no serverAuth)",
    ].filter((problem) => problem !== undefined);
}

/** RFC 5280 section 4.2.1.10, as Go and OpenSSL read it: a leading dot means names below alone. */
const isBelow = (name: string, base: string): boolean =>
    base === "" || name === base || (base.startsWith(".") ? name.endsWith(base) : name.endsWith(`.${base}`));

function isInSubnet(address: string, subnet: string): boolean {
    const [network = "", size = ""] = subnet.split("/");
    const family = isIP(address) === 4 ? "ipv4" : "ipv6";
    if (isIP(network) !== isIP(address) || !/^\d+$/.test(size)) return false;
    const list = new BlockList();
    list.addSubnet(network, Number(size), family);
    return list.check(address, family);
}

const matches = (name: string, { dns, ip }: Subtrees): boolean =>
    isIP(name) === 0
        ? dns.some((base) => isBelow(name.toLowerCase(), base))
        : ip.some((subnet) => isInSubnet(name, subnet));

/**
 * Why a CA may not sign for a name, by its name constraints.
 *
 * @returns `only for .corp.example`; nothing where it may
 */
export function constraintProblem(ca: X509Certificate, name: string): string | undefined {
    const { constraints } = asn1().details(ca.raw);
    if (constraints === undefined) return undefined;
    const { permitted, excluded } = constraints;
    if (matches(name, excluded)) return "not for it";
    const same = isIP(name) === 0 ? permitted.dns : permitted.ip;
    if (same.length === 0 || matches(name, permitted)) return undefined;
    return `only for ${same.join(", ")}`;
}
