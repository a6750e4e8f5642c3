/** The certificate of a registry, and the CA behind it where its files lie there too. */
import { isIP } from "node:net";
import type { X509Certificate } from "node:crypto";
import { createPublicKey, type KeyObject } from "node:crypto";
import { posix } from "node:path";

import { readCertificates, readKey, pemOf } from "../../components/tls/read";

import type { Source } from "./source";

export interface Found {
    /** PEM, with the issuers that came in its file. */
    certPem: string;
    keyPem: string;
    /** What signed it; itself where nothing else did. */
    ca: { pem: string; subject: string; keyPem: string | undefined } | undefined;
    /** SAN: DNS names. */
    names: string[];
    /** SAN: IP addresses. */
    addresses: string[];
}

/** Names and addresses in a certificate's SAN (RFC 5280 section 4.2.1.6). */
function namesOf({ subjectAltName = "" }: X509Certificate): { names: string[]; addresses: string[] } {
    const parts = subjectAltName.split(", ").filter(Boolean);
    const of = (kind: string) =>
        parts.filter((one) => one.startsWith(kind)).map((one) => one.slice(kind.length));
    return { names: of("DNS:"), addresses: of("IP Address:").filter((one) => isIP(one) !== 0) };
}

/** What of the files can be read as something. */
function readable<T>(files: Iterable<Buffer>, read: (file: Buffer) => T): T[] {
    const all: T[] = [];
    for (const file of files) {
        try {
            all.push(read(file));
        } catch {
            // A folder of certificates has other files in it too.
        }
    }
    return all;
}

const belongs = (key: KeyObject, certificate: X509Certificate): boolean =>
    createPublicKey(key).equals(certificate.publicKey);

/**
 * Reads a certificate with its key, and looks beside it for what signed it.
 *
 * @param certificate path in the container, as is the key's
 * @returns undefined where the files are not there
 */
export async function findCertificate(
    source: Source,
    certificate: string,
    key: string,
): Promise<Found | undefined> {
    const [certFile, keyFile] = [await source.readFile(certificate), await source.readFile(key)];
    if (certFile === undefined || keyFile === undefined) return undefined;
    const own = readCertificates(certFile);
    const [site] = own;
    if (site === undefined) return undefined;
    const folders = [...new Set([certificate, key].map((path) => posix.dirname(path)))];
    const beside = (await Promise.all(folders.map((folder) => source.readFolder(folder)))).flatMap(
        (files) => [...files.values()],
    );
    const others = [...own.slice(1), ...readable(beside, readCertificates).flat()];
    const signer = [site, ...others].find((one) => site.checkIssued(one) && site.verify(one.publicKey));
    const signerKey = signer && readable(beside, readKey).find((one) => belongs(one.key, signer));
    return {
        certPem: pemOf(own),
        keyPem: readKey(keyFile).pem,
        ca: signer && {
            pem: pemOf([signer]),
            subject: signer.subject.replaceAll("\n", ", "),
            // The key of a certificate that signs itself and is no CA signs nothing else.
            keyPem: signer.ca ? signerKey?.pem : undefined,
        },
        ...namesOf(site),
    };
}
