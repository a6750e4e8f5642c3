/**
 * Signing over @peculiar/x509. Import this file only where something is signed: the library takes longer to load than
 * the rest of the plugin.
 */
import "reflect-metadata";

import { createPublicKey, type KeyObject, webcrypto } from "node:crypto";

import * as x509 from "@peculiar/x509";

import { algorithmOf } from "./keys";

export * as x509 from "@peculiar/x509";

// The types of @peculiar/x509 are the browser's, which Node's own match.
x509.cryptoProvider.set(webcrypto as unknown as Parameters<typeof x509.cryptoProvider.set>[0]);

type KeyPair = x509.Pkcs10CertificateRequestCreateParams["keys"];
type SigningAlgorithm = { name: string; hash?: string; namedCurve?: string };

/** Go's choice of hash for each key (crypto/x509, signingParamsForKey). */
const CURVE_HASHES: Readonly<Record<string, [string, string]>> = {
    prime256v1: ["P-256", "SHA-256"],
    secp384r1: ["P-384", "SHA-384"],
    secp521r1: ["P-521", "SHA-512"],
};

/** The algorithm by which a key signs. @throws Error for a curve that WebCrypto does not know (P-224) */
export function signingAlgorithm(key: KeyObject): SigningAlgorithm {
    switch (algorithmOf(key)) {
        case "RSA":
            return { name: "RSASSA-PKCS1-v1_5", hash: "SHA-256" };
        case "ED25519":
            return { name: "Ed25519" };
        case "ECDSA": {
            const curve = key.asymmetricKeyDetails?.namedCurve ?? "";
            const [namedCurve, hash] = CURVE_HASHES[curve] ?? [];
            if (namedCurve === undefined || hash === undefined) {
                throw new Error(
                    `The embedded tls plugin cannot sign with the curve ${curve}; use P256, P384 or P521.`,
                );
            }
            return { name: "ECDSA", namedCurve, hash };
        }
    }
}

/** A private key and its public half for WebCrypto. */
export async function keyPair(key: KeyObject): Promise<KeyPair> {
    const algorithm = signingAlgorithm(key);
    const load = (format: "pkcs8" | "spki", der: Buffer, usage: "sign" | "verify") =>
        webcrypto.subtle.importKey(format, der, algorithm, true, [usage]);
    return {
        privateKey: await load("pkcs8", key.export({ type: "pkcs8", format: "der" }), "sign"),
        publicKey: await load("spki", createPublicKey(key).export({ type: "spki", format: "der" }), "verify"),
    };
}

/** PEM with the line break at its end that Go writes. */
export const pemText = (pem: string): string => `${pem.trimEnd()}\n`;
