/** The keys that the kit makes: ECDSA for speed and small handshakes, RSA for old clients. */
export const KEY_ALGORITHMS = ["ECDSA-P256", "ECDSA-P384", "RSA-2048", "RSA-3072", "RSA-4096"] as const;
export type KeyAlgorithm = (typeof KEY_ALGORITHMS)[number];

/** The arguments of tls.PrivateKey for an algorithm. */
export function keyArgs(algorithm: KeyAlgorithm): {
    algorithm: string;
    ecdsaCurve?: string;
    rsaBits?: number;
} {
    const [family, size] = algorithm.split("-") as [string, string];
    return family === "RSA"
        ? { algorithm: "RSA", rsaBits: Number(size) }
        : { algorithm: "ECDSA", ecdsaCurve: size };
}

/** Hours in a number of days, the unit of the tls provider. */
export const hours = (days: number): number => days * 24;
