/**
 * What a certificate that a user brings must be, so that the registry and nginx start with it and curl, Go and OpenSSL
 * connect. Pure: the contents of files in, sentences and PEM out.
 */
import type { X509Certificate } from "node:crypto";
import { isIP } from "node:net";

import { once, pathOf, selfSigned } from "./chain";
import { constraintProblem, formProblems, isForServers, signerProblems, timeProblems } from "./judge";
import { asn1, pemOf, readCertificates, readKey, Unusable } from "./read";

/** The contents of a file, or a text. */
export type Source = Buffer | string;

/** Which of the files a problem is in. */
export type Part = "cert" | "key" | "chain";

/** A subject of several parts has a line each. */
const oneLine = (text: string): string => text.replaceAll("\n", ", ");
const called = ({ subject }: X509Certificate): string => `"${oneLine(subject ?? "")}"`;
const quotedIssuer = ({ issuer }: X509Certificate): string => `"${oneLine(issuer ?? "")}"`;

/** What is wrong, as the end of a sentence about that file. */
export interface Problem {
    part: Part;
    problem: string;
}

/** A certificate with its key and issuers, in the order and form in which every program takes them. */
export interface Bundle {
    /** PEM of the certificate and the issuers that came in its file, each signed by the next, without a root. */
    certPem: string;
    /** PEM. */
    keyPem: string;
    /**
     * PEM of the issuers that came in a file of their own, each signed by the next: what clients are given to trust. The
     * certificate itself where it is self-signed; else empty where there were none.
     */
    chainPem: string;
}

export interface Inspected {
    problems: Problem[];
    /** Nothing where there are problems. */
    bundle: Bundle | undefined;
}

/** @throws Error with everything that is wrong with a certificate */
export function right({ problems, bundle }: Inspected): Bundle {
    if (bundle !== undefined) return bundle;
    const lines = problems.map(({ part, problem }) => `  ${part} ${problem}`);
    throw new Error(`The certificate cannot be used:\n${lines.join("\n")}`);
}

function read<T>(part: Part, problems: Problem[], work: () => T): T | undefined {
    try {
        return work();
    } catch (error) {
        if (!(error instanceof Unusable)) throw error;
        problems.push({ part, problem: error.message });
        return undefined;
    }
}

interface Read {
    /** The certificate of the key, and its issuers. */
    path: X509Certificate[];
    keyPem: string;
    /** Issuers that came in `chain`, for clients. */
    fromChain: X509Certificate[];
}

/** Reads the files, finds the key's certificate and puts its issuers in order. */
function readPair(
    certFile: Source,
    keyFile: Source,
    chainFile: Source,
    problems: Problem[],
): Read | undefined {
    const certs = read("cert", problems, () => readCertificates(certFile));
    const key = read("key", problems, () => readKey(keyFile));
    const chain =
        chainFile.length === 0 || String(chainFile).trim() === ""
            ? []
            : read("chain", problems, () => readCertificates(chainFile));
    if (certs === undefined || chain === undefined) return undefined;
    const heap = once([...certs, ...chain]);
    // Files may be swapped, and a CA's own key is not the site's.
    const own = key && heap.find((one) => one.checkPrivateKey(key.key) && (certs.includes(one) || !one.ca));
    const certificate = own ?? certs[0];
    if (certificate === undefined) return undefined;
    if (key !== undefined && own === undefined) {
        const there =
            certs.length === 1
                ? `the certificate ${called(certificate)}`
                : `any of the ${certs.length} certificates`;
        problems.push({ part: "key", problem: `does not belong to ${there} that it comes with` });
    }
    const path = pathOf(certificate, heap);
    const last = path.at(-1) ?? certificate;
    const left = heap.filter((one) => !path.includes(one));
    // Whoever gives issuers means them for this certificate. Beside a whole path, others do no harm.
    if (own !== undefined && !selfSigned(last) && left.length > 0)
        problems.push({
            part: chain.length > 0 ? "chain" : "cert",
            problem: `does not hold the issuer ${quotedIssuer(last)} that signed ${called(last)}; it holds ${left.map(called).join(" and ")}`,
        });
    const isIn = (list: readonly X509Certificate[], one: X509Certificate) =>
        list.some(({ raw }) => raw.equals(one.raw));
    return { path, keyPem: key?.pem ?? "", fromChain: path.filter((one) => isIn(chain, one)) };
}

/** Where the issuers of a certificate stand: with it, or in a file of their own. */
const issuerPart = ({ fromChain }: Read, issuer: X509Certificate): Part =>
    fromChain.includes(issuer) ? "chain" : "cert";

/** What keeps a certificate from being taken for one that an issuer signed, although the signature is right. */
function linkProblems(issuer: X509Certificate, below: X509Certificate): string[] {
    const problems = signerProblems(issuer);
    // OpenSSL looks for the issuer by this.
    return problems.length > 0 || below.checkIssued(issuer)
        ? problems
        : [`has another key identifier than ${called(below)} names (authorityKeyIdentifier)`];
}

function pathProblems(found: Read, now: Date): Problem[] {
    const { path } = found;
    return path.flatMap((one, i) => {
        const below = path[i - 1];
        if (below === undefined) return formProblems(one, now).map((problem) => ({ part: "cert", problem }));
        return [...formProblems(one, now), ...linkProblems(one, below)].map((problem) => ({
            part: issuerPart(found, one),
            problem: `has the issuer ${called(one)}, which ${problem}`,
        }));
    });
}

const bundleOf = ({ path, keyPem, fromChain }: Read): Bundle => {
    const [certificate, ...issuers] = path;
    const beside = issuers.filter((one) => !fromChain.includes(one) && !selfSigned(one));
    return {
        certPem: pemOf([...(certificate ? [certificate] : []), ...beside]),
        keyPem,
        // Who made it himself has nobody else to trust.
        chainPem: pemOf(fromChain.length === 0 && issuers.length === 0 ? path.filter(selfSigned) : fromChain),
    };
};

/**
 * A CA that the user brings.
 *
 * @param certFile its certificate; issuers of it may stand there too, in any order
 * @param keyFile its private key
 */
export function inspectCa(
    certFile: Source,
    keyFile: Source,
    now = new Date(),
): Inspected & { ca?: X509Certificate } {
    const problems: Problem[] = [];
    const found = readPair(certFile, keyFile, "", problems);
    const [ca] = found?.path ?? [];
    if (found === undefined || ca === undefined) return { problems, bundle: undefined };
    problems.push(...pathProblems(found, now));
    problems.push(...signerProblems(ca).map((problem): Problem => ({ part: "cert", problem })));
    if (problems.length > 0) return { problems, bundle: undefined, ca };
    // Its issuers belong to it, the root too: it is the root that clients trust.
    return { problems, bundle: { certPem: pemOf(found.path), keyPem: found.keyPem, chainPem: "" }, ca };
}

/**
 * A site certificate that the user brings.
 *
 * @param names host names and IP addresses that it must be valid for
 * @param chainFile its issuers, in any order; "" where there is none
 */
export function inspectSite(
    certFile: Source,
    keyFile: Source,
    chainFile: Source,
    names: readonly string[],
    now = new Date(),
): Inspected {
    const problems: Problem[] = [];
    const found = readPair(certFile, keyFile, chainFile, problems);
    const [certificate, ...issuers] = found?.path ?? [];
    if (found === undefined || certificate === undefined) return { problems, bundle: undefined };
    problems.push(...pathProblems(found, now));
    const tell = (problem: string) => problems.push({ part: "cert", problem });
    const { keyUsage, names: own } = asn1().details(certificate.raw);
    for (const name of names) {
        // Go takes a wildcard for a whole label alone (crypto/x509, matchHostnames), and no common name.
        const options = { subject: "never", partialWildcards: false } as const;
        const match = isIP(name) === 0 ? certificate.checkHost(name, options) : certificate.checkIP(name);
        if (match === undefined) tell(`is not valid for ${name} (${certificate.subjectAltName ?? "no SAN"})`);
    }
    if (!isForServers(certificate)) tell("is not for TLS servers (extendedKeyUsage has no serverAuth)");
    // RFC 8446 section 4.4.2.2.
    if (keyUsage !== undefined && !keyUsage.includes("digitalSignature"))
        tell("may not be shown by a TLS server (keyUsage has no digitalSignature)");
    for (const issuer of issuers) {
        for (const name of [...own.dns, ...own.ip]) {
            const why = constraintProblem(issuer, name);
            if (why !== undefined)
                tell(
                    `is for ${name} too, and its issuer ${called(issuer)} may sign ${why} (name constraints)`,
                );
        }
    }
    return { problems, bundle: problems.length > 0 ? undefined : bundleOf(found) };
}

/**
 * Certificates of authorities to trust, such as that of a store or of an upstream.
 *
 * @returns PEM, or what is wrong
 */
export function inspectTrust(file: Source, now = new Date()): { pem: string } | { problem: string } {
    const problems: Problem[] = [];
    const found = read("cert", problems, () => readCertificates(file)) ?? [];
    for (const one of found)
        problems.push(
            ...timeProblems(one, now).map((problem): Problem => ({
                part: "cert",
                problem: `holds ${called(one)}, which ${problem}`,
            })),
        );
    const [first] = problems;
    return first === undefined ? { pem: pemOf(once(found)) } : { problem: first.problem };
}

/** PEM of certificates of authorities, whatever form they came in. @throws Error with what is wrong */
export function trusted(file: Source): string {
    const trust = inspectTrust(file);
    if ("problem" in trust) throw new Error(`The certificate authority ${trust.problem}.`);
    return trust.pem;
}
