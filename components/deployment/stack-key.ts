import { createHash } from "node:crypto";
import { existsSync, readFileSync } from "node:fs";
import { join, resolve } from "node:path";

import * as pulumi from "@pulumi/pulumi";

/** Of a salt or key, what may be shown. */
const fingerprint = (text: string): string =>
    createHash("sha256").update(`private-registry ${text}`).digest("hex").slice(0, 32);

/** The backend's organisation; nothing for a backend that has none, which Pulumi calls "organization". */
function organizationOf(): string | undefined {
    try {
        const name = pulumi.getOrganization();
        return name === "organization" ? undefined : name;
    } catch {
        // An engine that does not know of organisations.
        return undefined;
    }
}

/** Salt or key out of a stack's file. */
function ownLine(file: string): string | undefined {
    const text = existsSync(file) ? readFileSync(file, "utf8") : "";
    // One of the few lines that Pulumi itself writes into the file; parsing YAML would take longer than all else here.
    return /^(?:encryptionsalt|encryptedkey): *["']?([^"'\s]+)/m.exec(text)?.[1];
}

/**
 * What tells a stack from all others of its name, and outlives `pulumi destroy`: a fingerprint of the random salt, or of the
 * encrypted key, that Pulumi writes into the stack's file. It is changed by `pulumi stack change-secrets-provider` alone.
 * With a backend that has organisations the stack's full name is unique.
 *
 * @param configFile what `--config-file` names: Pulumi tells its program of none, so it counts only where `Pulumi.STACK.yaml`, which
 * every command sees, has no salt
 * @returns nothing where there is none of them
 */
export function stackKeyOf(configFile?: string, folder = process.cwd()): string | undefined {
    const stack = pulumi.getStack();
    const own =
        ownLine(join(folder, `Pulumi.${stack}.yaml`)) ??
        (configFile === undefined ? undefined : ownLine(resolve(folder, configFile)));
    if (own !== undefined) return fingerprint(own);
    const organization = organizationOf();
    return organization === undefined
        ? undefined
        : fingerprint(`${organization}/${pulumi.getProject()}/${stack}`);
}
