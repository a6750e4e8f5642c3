/** What a certificate that a user brings must be. Pure: PEM text in, sentences out. */
import { createPrivateKey, type KeyObject, X509Certificate } from "node:crypto";
import { isIP } from "node:net";

const CERTIFICATE = /-----BEGIN CERTIFICATE-----[\s\S]+?-----END CERTIFICATE-----/g;

/** The certificates of a PEM text, in their order. @throws Error where one cannot be read */
export function certificates(pem: string): X509Certificate[] {
    return (pem.match(CERTIFICATE) ?? []).map((block) => new X509Certificate(block));
}

const selfSigned = (certificate: X509Certificate) => certificate.subject === certificate.issuer;

/**
 * The chain that a server sends: the site certificate and its issuers, without the root, which the client has
 * (RFC 8446 section 4.4.2).
 *
 * @param pems PEM texts, the site certificate first
 */
export function serverChain(...pems: string[]): string {
    return certificates(pems.join("\n"))
        .filter((certificate, i) => i === 0 || !selfSigned(certificate))
        .map((certificate) => certificate.toString())
        .join("");
}

/** The certificate that clients must trust: the root of the chain, or the last certificate where there is no root. */
export function trustAnchor(pem: string): string {
    const chain = certificates(pem);
    return (chain.find(selfSigned) ?? chain.at(-1))?.toString() ?? "";
}

function readKey(pem: string): KeyObject | undefined {
    try {
        return createPrivateKey(pem);
    } catch {
        // Not a private key, or an encrypted one: either way the sentence below tells what is wanted.
        return undefined;
    }
}

function readCertificates(pem: string): X509Certificate[] {
    try {
        return certificates(pem);
    } catch {
        return [];
    }
}

/** What is wrong with the time of a certificate. */
function timeProblems(certificate: X509Certificate, now: Date): string[] {
    if (new Date(certificate.validTo) <= now) return [`ended on ${certificate.validTo}`];
    if (new Date(certificate.validFrom) > now) return [`begins on ${certificate.validFrom} only`];
    return [];
}

// RFC 5280 section 4.2.1.12: id-kp-serverAuth, anyExtendedKeyUsage.
const FOR_SERVERS = ["1.3.6.1.5.5.7.3.1", "2.5.29.37.0"];

/** Whether TLS servers may use a certificate. One without the extension is for any use. */
const isForServers = ({ keyUsage }: X509Certificate): boolean => {
    // Node's `keyUsage` is the extended one; it is missing where the extension is.
    const uses = keyUsage as string[] | undefined;
    return uses === undefined || uses.length === 0 || uses.some((use) => FOR_SERVERS.includes(use));
};

/** What is wrong with the issuers that come with a certificate: clients refuse a chain for each of these. */
const issuerProblems = (issuers: readonly X509Certificate[], now: Date): string[] =>
    issuers.flatMap((issuer) => [
        ...timeProblems(issuer, now).map((problem) => `its issuer "${issuer.subject}" ${problem}`),
        ...(isForServers(issuer)
            ? []
            : [`its issuer "${issuer.subject}" is not for TLS servers (extendedKeyUsage has no serverAuth)`]),
    ]);

/**
 * Days that a CA certificate is valid: from its begin, and from now.
 *
 * @returns nothing where the text holds no certificate
 */
export function caDays(pem: string, now = new Date()): { whole: number; left: number } | undefined {
    const [certificate] = readCertificates(pem);
    if (certificate === undefined) return undefined;
    const days = (from: Date) => (new Date(certificate.validTo).getTime() - from.getTime()) / 86_400_000;
    return { whole: days(new Date(certificate.validFrom)), left: days(now) };
}

function pairProblems(certificate: X509Certificate, keyPem: string, now: Date): string[] {
    const key = readKey(keyPem);
    const problems: string[] = [];
    if (key === undefined) problems.push("its key is no unencrypted PEM private key");
    else if (!certificate.checkPrivateKey(key)) problems.push("its key does not belong to the certificate");
    return [...problems, ...timeProblems(certificate, now).map((problem) => `it ${problem}`)];
}

/** A subject of several parts has a line each. */
const oneLine = (problem: string): string => problem.replaceAll("\n", ", ");

/** What is wrong with a CA that the user brings; empty where it is right. */
export function caProblems(certPem: string, keyPem: string, now = new Date()): string[] {
    const [certificate, ...issuers] = readCertificates(certPem);
    if (certificate === undefined) return ["it holds no PEM certificate"];
    const problems = pairProblems(certificate, keyPem, now);
    if (!certificate.ca) problems.push("it is not a CA certificate (basicConstraints CA:TRUE is missing)");
    if (!isForServers(certificate))
        problems.push("it may not sign for TLS servers (extendedKeyUsage has no serverAuth)");
    return [...problems, ...issuerProblems(issuers, now)].map(oneLine);
}

/**
 * What is wrong with a site certificate that the user brings.
 *
 * @param names host names and IP addresses that it must be valid for
 * @param chainPem its issuers; where given, each must have signed the one before
 */
export function siteProblems(
    certPem: string,
    keyPem: string,
    chainPem: string,
    names: readonly string[],
    now = new Date(),
): string[] {
    const chain = [...readCertificates(certPem), ...readCertificates(chainPem)];
    const [certificate] = chain;
    if (certificate === undefined) return ["it holds no PEM certificate"];
    const problems = pairProblems(certificate, keyPem, now);
    for (const name of names) {
        const matches =
            isIP(name) === 0 ? certificate.checkHost(name, { subject: "never" }) : certificate.checkIP(name);
        if (matches === undefined)
            problems.push(`it is not valid for ${name} (${certificate.subjectAltName ?? "no SAN"})`);
    }
    if (!isForServers(certificate))
        problems.push("it is not for TLS servers (extendedKeyUsage has no serverAuth)");
    problems.push(...issuerProblems(chain.slice(1), now));
    if (chainPem.trim() !== "" && readCertificates(chainPem).length === 0)
        problems.push("its chain holds no PEM certificate");
    chain.slice(1).forEach((issuer, i) => {
        const signed = chain[i];
        if (signed && !(signed.checkIssued(issuer) && signed.verify(issuer.publicKey))) {
            problems.push(`its chain is broken: "${issuer.subject}" did not sign "${signed.subject}"`);
        }
    });
    return problems.map(oneLine);
}
