import { createHash, createPublicKey, generateKeyPair, type KeyObject } from "node:crypto";
import { promisify } from "node:util";

import type { Props, ResourceType } from "../framework/resource";

import { algorithmOf, CURVES, sshPublicKey } from "./keys";
import { opensshPrivateKey } from "./openssh";

const ALGORITHMS = ["RSA", "ECDSA", "ED25519"];
const generate = promisify(generateKeyPair) as unknown as (
    type: string,
    options: object,
) => Promise<{ privateKey: KeyObject }>;

/** PEM in the traditional form of each algorithm: PKCS #1, SEC 1, and PKCS #8 for ED25519. */
function traditionalPem(key: KeyObject): string {
    const type = { RSA: "pkcs1", ECDSA: "sec1", ED25519: "pkcs8" } as const;
    return key.export({ type: type[algorithmOf(key)] as "pkcs8", format: "pem" }) as string;
}

function outputs(key: KeyObject, inputs: Props): Props {
    const publicKey = createPublicKey(key);
    const der = publicKey.export({ type: "spki", format: "der" });
    const ssh = sshPublicKey(publicKey);
    const md5 = ssh && createHash("md5").update(ssh.blob).digest("hex");
    const sha256 = ssh && createHash("sha256").update(ssh.blob).digest("base64").replace(/=+$/, "");
    return {
        id: createHash("sha1").update(der).digest("hex"),
        algorithm: inputs.algorithm,
        ecdsaCurve: inputs.ecdsaCurve ?? "P224",
        rsaBits: inputs.rsaBits ?? 2048,
        privateKeyPem: traditionalPem(key),
        privateKeyPemPkcs8: key.export({ type: "pkcs8", format: "pem" }),
        privateKeyOpenssh: ssh ? opensshPrivateKey(key) : "",
        publicKeyPem: publicKey.export({ type: "spki", format: "pem" }),
        publicKeyOpenssh: ssh ? `${ssh.type} ${ssh.blob.toString("base64")}\n` : "",
        publicKeyFingerprintMd5: md5 ? (md5.match(/../g) ?? []).join(":") : "",
        publicKeyFingerprintSha256: sha256 ? `SHA256:${sha256}` : "",
    };
}

/** tls:index/privateKey:PrivateKey. */
export const privateKey: ResourceType = {
    token: "tls:index/privateKey:PrivateKey",
    secretOutputs: ["privateKeyOpenssh", "privateKeyPem", "privateKeyPemPkcs8"],
    inputs: {
        algorithm: {
            type: "string",
            required: true,
            replace: true,
            validate: (name: string) =>
                ALGORITHMS.includes(name)
                    ? undefined
                    : `must be one of ${ALGORITHMS.join(", ")}, and is ${name}`,
        },
        ecdsaCurve: {
            type: "string",
            replace: true,
            implied: "P224",
            validate: (name: string) =>
                Object.hasOwn(CURVES, name)
                    ? undefined
                    : `must be one of ${Object.keys(CURVES).join(", ")}, and is ${name}`,
        },
        rsaBits: {
            type: "integer",
            replace: true,
            implied: 2048,
            // Go's limit (crypto/rsa, GenerateKey).
            validate: (bits: number) => (bits < 1024 ? `must be at least 1024, and is ${bits}` : undefined),
        },
    },
    async create(inputs) {
        const options: Record<string, [string, object]> = {
            RSA: ["rsa", { modulusLength: inputs.rsaBits ?? 2048 }],
            ECDSA: [
                "ec",
                { namedCurve: CURVES[(inputs.ecdsaCurve ?? "P224") as string], paramEncoding: "named" },
            ],
            ED25519: ["ed25519", {}],
        };
        const [type, details] = options[inputs.algorithm as string] ?? ["", {}];
        const outs = outputs((await generate(type, details)).privateKey, inputs);
        return { id: outs.id as string, outs };
    },
    async read(id, state, inputs) {
        if (state.privateKeyPem === undefined) throw new Error("A tls.PrivateKey cannot be imported.");
        return { id, outs: state, inputs };
    },
};
