/** Certificates in the order in which servers send them and clients trust them. Pure. */
import { X509Certificate } from "node:crypto";

import { pemOf } from "./read";

const CERTIFICATE = /-----BEGIN CERTIFICATE-----[\s\S]+?-----END CERTIFICATE-----/g;

/** The certificates of a PEM text, in their order. @throws Error where one cannot be read */
export function certificates(pem: string): X509Certificate[] {
    return (pem.match(CERTIFICATE) ?? []).map((block) => new X509Certificate(block));
}

export const selfSigned = (certificate: X509Certificate) => certificate.subject === certificate.issuer;

/**
 * The chain that a server sends: the site certificate and its issuers, each once, without the root, which the client
 * has (RFC 8446 section 4.4.2).
 *
 * @param pems PEM texts, the site certificate first
 */
export function serverChain(...pems: string[]): string {
    const all = certificates(pems.join("\n"));
    return pemOf(once(all).filter((certificate, i) => i === 0 || !selfSigned(certificate)));
}

/** The certificate that clients must trust: the root of the chain, or the last certificate where there is no root. */
export function trustAnchor(pem: string): string {
    const chain = certificates(pem);
    return (chain.find(selfSigned) ?? chain.at(-1))?.toString() ?? "";
}

/** The certificates that clients must trust for several chains, each once, in the order of the chains. */
export const trustAnchors = (pems: readonly string[]): string =>
    pemOf(once(pems.flatMap((pem) => certificates(trustAnchor(pem)))));

/** When the first certificate of a PEM text ends, seconds since 1970; nothing where there is none. */
export function endsOf(pem: string): number | undefined {
    const [certificate] = certificates(pem);
    return certificate && Date.parse(certificate.validTo) / 1000;
}

/** Each certificate once, in the order of its first place. */
export const once = (all: readonly X509Certificate[]): X509Certificate[] =>
    all.filter((one, i) => all.findIndex(({ raw }) => raw.equals(one.raw)) === i);

/**
 * The issuers of a certificate out of a heap of certificates, each signed by the next.
 *
 * @returns the certificate itself, first, and the issuers
 */
export function pathOf(certificate: X509Certificate, heap: readonly X509Certificate[]): X509Certificate[] {
    const path = [certificate];
    for (let last = certificate; !selfSigned(last);) {
        const signers = heap.filter(
            (one) => !path.includes(one) && last.issuer === one.subject && last.verify(one.publicKey),
        );
        // Of a root and its twin that another root signed, the root ends the path.
        const next = signers.find(selfSigned) ?? signers[0];
        if (next === undefined) break;
        path.push(next);
        last = next;
    }
    return path;
}

/**
 * Days that a CA certificate is valid: from its begin, and from now.
 *
 * @param pem PEM, the CA first
 * @returns nothing where the text holds no certificate
 */
export function caDays(pem: string, now = new Date()): { whole: number; left: number } | undefined {
    const [certificate] = certificates(pem);
    if (certificate === undefined) return undefined;
    const days = (from: Date) => (new Date(certificate.validTo).getTime() - from.getTime()) / 86_400_000;
    return { whole: days(new Date(certificate.validFrom)), left: days(now) };
}
