/** Keys in the forms that the tls plugin reads and writes. */
import { createHash, createPrivateKey, createPublicKey, type KeyObject } from "node:crypto";

/** Curve names of the tls plugin → OpenSSL's. */
export const CURVES: Readonly<Record<string, string>> = {
    P224: "secp224r1",
    P256: "prime256v1",
    P384: "secp384r1",
    P521: "secp521r1",
};

/** SSH's curve names (RFC 5656 section 10.1); P-224 has none there. */
const SSH_CURVES: Readonly<Record<string, string>> = {
    prime256v1: "nistp256",
    secp384r1: "nistp384",
    secp521r1: "nistp521",
};

/** Algorithm of a key, as the tls plugin names it. */
export function algorithmOf(key: KeyObject): "RSA" | "ECDSA" | "ED25519" {
    switch (key.asymmetricKeyType) {
        case "rsa":
            return "RSA";
        case "ec":
            return "ECDSA";
        case "ed25519":
            return "ED25519";
        default:
            throw new Error(
                `The private key is of type ${key.asymmetricKeyType}; RSA, ECDSA and ED25519 can be used.`,
            );
    }
}

/** Reads PKCS #8, PKCS #1 or SEC 1 PEM. @throws Error with one sentence where it is none of them */
export function readPrivateKey(pem: string, property: string): KeyObject {
    try {
        return createPrivateKey(pem);
    } catch {
        // OpenSSL's own text says nothing of use, and might quote the input.
        throw new Error(`${property} holds no unencrypted PEM private key (PKCS #8, PKCS #1 or SEC 1).`);
    }
}

/** A field with its length in front (RFC 4251 section 5, string). */
export function sshString(value: Buffer | string): Buffer {
    const bytes = Buffer.from(value as string);
    const length = Buffer.alloc(4);
    length.writeUInt32BE(bytes.length);
    return Buffer.concat([length, bytes]);
}

/** A number (RFC 4251 section 5, mpint): no leading zeros, and one where the first bit would mean a minus. */
export function sshNumber(base64url: string | undefined): Buffer {
    const bytes = Buffer.from(base64url ?? "", "base64url");
    const start = bytes.findIndex((byte) => byte !== 0);
    const digits = start < 0 ? Buffer.alloc(0) : bytes.subarray(start);
    return sshString((digits[0] ?? 0) & 0x80 ? Buffer.concat([Buffer.from([0]), digits]) : digits);
}

/** A public key as SSH has it: its type, and its blob (RFC 4253 section 6.6, RFC 5656 section 3.1, RFC 8709 section 4). */
export function sshPublicKey(key: KeyObject): { type: string; blob: Buffer } | undefined {
    const publicKey = key.type === "private" ? createPublicKey(key) : key;
    // Asked for only where it is needed: P-224 has no JWK form either (RFC 7518 section 6.2.1.1).
    const jwk = () => publicKey.export({ format: "jwk" });
    switch (algorithmOf(publicKey)) {
        case "RSA":
            return {
                type: "ssh-rsa",
                blob: Buffer.concat([sshString("ssh-rsa"), sshNumber(jwk().e), sshNumber(jwk().n)]),
            };
        case "ED25519": {
            const point = Buffer.from(jwk().x ?? "", "base64url");
            return { type: "ssh-ed25519", blob: Buffer.concat([sshString("ssh-ed25519"), sshString(point)]) };
        }
        case "ECDSA": {
            const curve = SSH_CURVES[publicKey.asymmetricKeyDetails?.namedCurve ?? ""];
            if (curve === undefined) return undefined;
            const type = `ecdsa-sha2-${curve}`;
            return {
                type,
                blob: Buffer.concat([sshString(type), sshString(curve), sshString(rawPoint(publicKey))]),
            };
        }
    }
}

/** The uncompressed point of an elliptic curve key (SEC 1 section 2.3.3): the last bytes of its SPKI. */
function rawPoint(publicKey: KeyObject): Buffer {
    const jwk = publicKey.export({ format: "jwk" });
    return Buffer.concat([
        Buffer.from([4]),
        Buffer.from(jwk.x ?? "", "base64url"),
        Buffer.from(jwk.y ?? "", "base64url"),
    ]);
}

/** SHA-1 of the subject public key (RFC 5280 section 4.2.1.2, method 1): the SKI that the official plugin writes. */
export function subjectKeyId(publicKey: KeyObject): Buffer {
    const bytes = {
        RSA: () => publicKey.export({ type: "pkcs1", format: "der" }),
        ECDSA: () => rawPoint(publicKey),
        // The official plugin hashes the key's DER OCTET STRING here, not its bytes alone.
        ED25519: () =>
            Buffer.concat([
                Buffer.from([4, 32]),
                Buffer.from(publicKey.export({ format: "jwk" }).x ?? "", "base64url"),
            ]),
    }[algorithmOf(publicKey)]();
    return createHash("sha1").update(bytes).digest();
}
