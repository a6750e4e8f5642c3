import * as pulumi from "@pulumi/pulumi";
import type * as tls from "@pulumi/tls";

import type { KeyAlgorithm } from "./options";

/** The arguments of tls.PrivateKey for an algorithm. */
export function keyArgs(algorithm: pulumi.Input<KeyAlgorithm>): tls.PrivateKeyArgs {
    const parts = pulumi.output(algorithm).apply((text) => text.split("-") as [string, string]);
    const isRsa = parts.apply(([family]) => family === "RSA");
    return {
        algorithm: parts.apply(([family]) => family),
        ecdsaCurve: pulumi
            .all([isRsa, parts])
            .apply(([rsa, [, size]]) => (rsa ? undefined : size)) as pulumi.Output<string>,
        rsaBits: pulumi
            .all([isRsa, parts])
            .apply(([rsa, [, size]]) => (rsa ? Number(size) : undefined)) as pulumi.Output<number>,
    };
}

/** Hours in a number of days, the unit of the tls provider. */
export const hours = (days: number): number => days * 24;
