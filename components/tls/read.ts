/**
 * Certificates and keys as people have them: PEM, DER, PKCS#7, base64 without a frame, written on Windows or with a
 * byte order mark. What comes out is PEM that Go's crypto/tls, OpenSSL and nginx read; what cannot be used is named.
 */
import { createPrivateKey, type KeyObject, X509Certificate } from "node:crypto";

import type * as Asn1 from "./asn1";

/** Loaded where it is asked for: most stacks make their certificates, and the library takes 50 ms. */
// eslint-disable-next-line @typescript-eslint/no-require-imports
export const asn1 = () => require("./asn1") as typeof Asn1;

/** What was found instead of what was wanted: `is a PKCS#12 archive: …`. */
export class Unusable extends Error {}

const BLOCK = /-----BEGIN ([A-Z0-9 ]+)-----([\s\S]*?)-----END \1-----/g;

interface Block {
    label: string;
    /** With both frames, lines end with LF. */
    text: string;
}

/** Bytes as text, in the encodings in which editors write it: UTF-8 and UTF-16 with a byte order mark, else UTF-8. */
function textOf(bytes: Buffer): string {
    const [first, second] = bytes;
    if (first === 0xff && second === 0xfe) return bytes.toString("utf16le").slice(1);
    if (first === 0xfe && second === 0xff)
        return Buffer.from(bytes.subarray(0, bytes.length & ~1))
            .swap16()
            .toString("utf16le")
            .slice(1);
    return bytes.toString("utf8").replace(/^\uFEFF/, "");
}

/** The contents of a file as a text that the readers below take: as it is written, or base64 of DER. */
export const textOfFile = (bytes: Buffer): string =>
    isDer(bytes) ? (bytes.toString("base64").match(/.{1,64}/g) ?? []).join("\n") : textOf(bytes);

const blocksOf = (text: string): Block[] =>
    [...text.replace(/\r\n?/g, "\n").matchAll(BLOCK)].map(([whole, label = ""]) => ({
        label,
        // Editors and mail programs indent lines or leave blanks at their end.
        text: `${whole.replace(/^[ \t]+|[ \t]+$/gm, "")}\n`,
    }));

/** DER (X.690): a SEQUENCE whose length is that of the bytes. */
function isDer(bytes: Buffer): boolean {
    if (bytes[0] !== 0x30 || bytes.length < 8) return false;
    const size = bytes[1] ?? 0;
    if (size < 0x80) return size + 2 === bytes.length;
    const octets = size & 0x7f;
    return octets >= 1 && octets <= 4 && bytes.readUIntBE(2, octets) + 2 + octets === bytes.length;
}

/** The DER of a file: the file itself, or its base64 text without a frame. */
function derOf(bytes: Buffer): Buffer | undefined {
    if (isDer(bytes)) return bytes;
    const text = textOf(bytes).replace(/\s+/g, "");
    if (text.length < 64 || !/^[A-Za-z0-9+/]+={0,2}$/.test(text)) return undefined;
    const decoded = Buffer.from(text, "base64");
    return isDer(decoded) ? decoded : undefined;
}

/** Text as base64 of a whole PEM file, which is how Kubernetes and CI systems keep one. */
function unwrapped(bytes: Buffer): Buffer {
    const text = textOf(bytes).replace(/\s+/g, "");
    if (!/^[A-Za-z0-9+/]{64,}={0,2}$/.test(text)) return bytes;
    const decoded = Buffer.from(text, "base64");
    return decoded.includes("-----BEGIN ") ? decoded : bytes;
}

const tryKey = (options: Parameters<typeof createPrivateKey>[0]): KeyObject | undefined => {
    try {
        return createPrivateKey(options);
    } catch {
        // Each caller says what it is instead.
        return undefined;
    }
};

const keyOfDer = (key: Buffer): KeyObject | undefined =>
    (["pkcs8", "pkcs1", "sec1"] as const)
        .map((type) => tryKey({ key, format: "der", type }))
        .find((read) => read !== undefined);

/** RFC 7292: PFX begins with its version, 3. */
const isPkcs12 = (der: Buffer): boolean => {
    const start = (der[1] ?? 0) < 0x80 ? 2 : 2 + ((der[1] ?? 0) & 0x7f);
    return der[start] === 2 && der[start + 1] === 1 && der[start + 2] === 3;
};

const PKCS12 =
    "is a PKCS#12 archive: take it apart with `openssl pkcs12 -in FILE -nokeys -out site.crt` and `openssl pkcs12 -in FILE -nocerts -noenc -out site.key`";
const ENCRYPTED =
    "is a private key with a passphrase, which nobody can type when the registry starts: `openssl pkey -in FILE -out site.key` writes one without";
const OPENSSH =
    "is an OpenSSH key: `ssh-keygen -p -m PKCS8 -N '' -f FILE` turns (a copy of) it into one for TLS";

/** What a file is whose blocks are none of those wanted. */
function whatIs(bytes: Buffer, blocks: readonly Block[], wanted: string): string {
    if (bytes.length === 0 || textOf(bytes).trim() === "") return "is empty";
    const labels = blocks.map(({ label }) => label);
    const has = (pattern: RegExp) => labels.some((label) => pattern.test(label));
    if (has(/ENCRYPTED/)) return ENCRYPTED;
    if (has(/OPENSSH/)) return OPENSSH;
    if (has(/REQUEST/)) return `is a certificate request: it is ${wanted} that is wanted here`;
    if (has(/PUBLIC KEY/)) return `is a public key: it is ${wanted} that is wanted here`;
    if (has(/PRIVATE KEY/)) return `is a private key: it is ${wanted} that is wanted here`;
    if (has(/TRUSTED/)) return "is in OpenSSL's own form: `openssl x509 -in FILE -out site.crt` writes PEM";
    if (has(/CERTIFICATE|PKCS7|CMS/)) return `is a certificate: it is ${wanted} that is wanted here`;
    const der = derOf(bytes);
    if (der !== undefined && isPkcs12(der)) return PKCS12;
    if (der !== undefined && keyOfDer(der)) return `is a private key: it is ${wanted} that is wanted here`;
    if (/-----BEGIN /.test(textOf(bytes)))
        return "is cut off or damaged: a line `-----BEGIN …-----` has no `-----END …-----`";
    return `holds neither PEM nor DER: it is ${wanted} that is wanted here`;
}

const certificateOf = (source: string | Buffer): X509Certificate => {
    try {
        return new X509Certificate(source);
    } catch {
        throw new Unusable("holds a certificate that is damaged: fetch it again from who issued it");
    }
};

/** The certificates of a DER file, or of a PKCS#7 one. */
function certificatesOfDer(der: Buffer): X509Certificate[] {
    const inside = asn1().pkcs7Certificates(der);
    if (inside.length > 0) return inside.map(certificateOf);
    try {
        return [new X509Certificate(der)];
    } catch {
        // Whatever it is, it is told by `whatIs`.
        return [];
    }
}

/**
 * The certificates of a file, in its order.
 *
 * @throws Unusable where there are none, or one cannot be read
 */
export function readCertificates(file: Buffer | string): X509Certificate[] {
    const bytes = unwrapped(Buffer.from(file));
    const blocks = blocksOf(textOf(bytes));
    const found = blocks.flatMap(({ label, text }) => {
        if (/^(X509 )?CERTIFICATE$/.test(label)) return [certificateOf(text.replaceAll("X509 CERT", "CERT"))];
        if (/^(PKCS7|CMS)$/.test(label)) {
            const inside = certificatesOfDer(Buffer.from(text.replace(/-----[^-]+-----/g, ""), "base64"));
            if (inside.length === 0)
                throw new Unusable(`holds a ${label} block without a certificate, or a damaged one`);
            return inside;
        }
        return [];
    });
    if (found.length > 0) return found;
    const der = blocks.length === 0 ? derOf(bytes) : undefined;
    const read = der === undefined || keyOfDer(der) ? [] : certificatesOfDer(der);
    if (read.length === 0) throw new Unusable(whatIs(bytes, blocks, "a certificate"));
    return read;
}

/**
 * The private key of a file, as the PEM block that stands there, or as PKCS#8.
 *
 * @throws Unusable where there is none, or more than one
 */
export function readKey(file: Buffer | string): { pem: string; key: KeyObject } {
    const bytes = unwrapped(Buffer.from(file));
    const blocks = blocksOf(textOf(bytes));
    const keys = blocks.filter(
        ({ label, text }) => /^((RSA|EC) )?PRIVATE KEY$/.test(label) && !/ENCRYPTED/.test(text),
    );
    if (keys.length > 1) throw new Unusable(`holds ${keys.length} private keys: leave the one that is meant`);
    const [block] = keys;
    if (block !== undefined) {
        const key = tryKey(block.text);
        if (key === undefined)
            throw new Unusable("holds a private key that is damaged, or of a kind that TLS does not know");
        return { pem: block.text, key };
    }
    if (blocks.some(({ text }) => /ENCRYPTED/.test(text))) throw new Unusable(ENCRYPTED);
    const der = blocks.length === 0 ? derOf(bytes) : undefined;
    const key = der && keyOfDer(der);
    if (key === undefined) throw new Unusable(whatIs(bytes, blocks, "a private key"));
    return { pem: String(key.export({ type: "pkcs8", format: "pem" })), key };
}

/** Certificates as PEM, each with a line break at its end. */
export const pemOf = (certificates: readonly X509Certificate[]): string =>
    certificates.map((certificate) => certificate.toString()).join("");
