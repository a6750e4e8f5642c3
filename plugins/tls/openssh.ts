import { createPublicKey, type KeyObject, randomBytes } from "node:crypto";

import { algorithmOf, sshNumber, sshPublicKey, sshString } from "./keys";

const BLOCK = 8;

/**
 * A private key in OpenSSH's own form, not encrypted (openssh-portable, PROTOCOL.key).
 *
 * @throws Error for a key that SSH has no name for (P-224)
 */
export function opensshPrivateKey(key: KeyObject): string {
    const ssh = sshPublicKey(createPublicKey(key));
    if (!ssh) throw new Error("This key has no OpenSSH form.");
    const jwk = key.export({ format: "jwk" });
    const secret = {
        RSA: () => [jwk.n, jwk.e, jwk.d, jwk.qi, jwk.p, jwk.q].map(sshNumber),
        // The blob's own fields after its type (curve and point), then the private number.
        ECDSA: () => [ssh.blob.subarray(4 + ssh.type.length), sshNumber(jwk.d)],
        ED25519: () => {
            const [point, seed] = [
                Buffer.from(jwk.x ?? "", "base64url"),
                Buffer.from(jwk.d ?? "", "base64url"),
            ];
            return [sshString(point), sshString(Buffer.concat([seed, point]))];
        },
    }[algorithmOf(key)]();
    // The same number twice: whoever decrypts sees by it whether the passphrase was right.
    const check = randomBytes(4);
    const comment = sshString("");
    const body = Buffer.concat([check, check, sshString(ssh.type), ...secret, comment]);
    const padding = Buffer.from(
        Array.from({ length: (BLOCK - (body.length % BLOCK)) % BLOCK }, (_, i) => i + 1),
    );
    const count = Buffer.from([0, 0, 0, 1]);
    const file = Buffer.concat([
        Buffer.from("openssh-key-v1\0"),
        sshString("none"),
        sshString("none"),
        sshString(""),
        count,
        sshString(ssh.blob),
        sshString(Buffer.concat([body, padding])),
    ]);
    const lines = file.toString("base64").match(/.{1,64}/g) ?? [];
    return `-----BEGIN OPENSSH PRIVATE KEY-----\n${lines.join("\n")}\n-----END OPENSSH PRIVATE KEY-----\n`;
}
