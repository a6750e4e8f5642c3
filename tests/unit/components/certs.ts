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
    const certificate = await x509.X509CertificateGenerator.create({
        subject: `CN=${name}`,
        issuer: options.issuer?.certificate.subject ?? `CN=${name}`,
        notBefore: options.notBefore ?? new Date(Date.now() - DAY),
        notAfter: options.notAfter ?? new Date(Date.now() + DAY),
        signingAlgorithm: ALGORITHM,
        publicKey: keys.publicKey,
        signingKey: options.issuer?.keys.privateKey ?? keys.privateKey,
        extensions: [
            new x509.BasicConstraintsExtension(options.ca ?? false, undefined, true),
            ...(options.uses ? [new x509.ExtendedKeyUsageExtension(options.uses)] : []),
            ...(options.names
                ? [
                      new x509.SubjectAlternativeNameExtension(
                          options.names.map((value) => ({ type: "dns" as const, value })),
                      ),
                  ]
                : []),
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
