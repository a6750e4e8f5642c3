/** Certificates for the tests, made in memory. */
import "reflect-metadata";

import { webcrypto } from "node:crypto";

import * as x509 from "@peculiar/x509";

x509.cryptoProvider.set(webcrypto as never);

const ALGORITHM = { name: "ECDSA", namedCurve: "P-256", hash: "SHA-256" };
const DAY = 86_400_000;

export interface Issued {
    pem: string;
    keyPem: string;
    certificate: x509.X509Certificate;
    keys: webcrypto.CryptoKeyPair;
}

export interface CertOptions {
    /** Nothing makes a self-signed certificate. */
    issuer?: Issued;
    ca?: boolean;
    /** Host names. */
    names?: string[];
    /** IP addresses. */
    addresses?: string[];
    /** Organization of the subject. @default none */
    organization?: string;
    /** OIDs of the extended key usage. Default: no such extension. */
    uses?: string[];
    notBefore?: Date;
    notAfter?: Date;
}

/** A certificate of a key of its own. Without key identifiers: issuers are told apart by name and signature alone. */
export async function issue(name: string, options: CertOptions = {}): Promise<Issued> {
    const keys = (await webcrypto.subtle.generateKey(ALGORITHM, true, [
        "sign",
        "verify",
    ])) as webcrypto.CryptoKeyPair;
    const subject = [...(options.organization ? [`O=${options.organization}`] : []), `CN=${name}`].join(", ");
    const names = [
        ...(options.names ?? []).map((value) => ({ type: "dns" as const, value })),
        ...(options.addresses ?? []).map((value) => ({ type: "ip" as const, value })),
    ];
    const certificate = await x509.X509CertificateGenerator.create({
        subject,
        issuer: options.issuer?.certificate.subject ?? subject,
        notBefore: options.notBefore ?? new Date(Date.now() - DAY),
        notAfter: options.notAfter ?? new Date(Date.now() + DAY),
        signingAlgorithm: ALGORITHM,
        publicKey: keys.publicKey,
        signingKey: options.issuer?.keys.privateKey ?? keys.privateKey,
        extensions: [
            new x509.BasicConstraintsExtension(options.ca ?? false, undefined, true),
            ...(options.uses ? [new x509.ExtendedKeyUsageExtension(options.uses)] : []),
            ...(names.length > 0 ? [new x509.SubjectAlternativeNameExtension(names)] : []),
        ],
    });
    const pkcs8 = await webcrypto.subtle.exportKey("pkcs8", keys.privateKey);
    return {
        pem: `${certificate.toString("pem")}\n`,
        keyPem: x509.PemConverter.encode(pkcs8, "PRIVATE KEY"),
        certificate,
        keys,
    };
}
