/** Which generation of each secret a configuration asks for: what `up` tells it did, and rotations compare. Pure. */
import { chosenWay } from "../components/auth/options";
import { overlapOf } from "../components/auth/users";

import type { Config } from "./options";

/** What is of the first generation is left out. */
export interface Keys {
    /** Of the CA of the kit's own. */
    ca?: number;
    /** A second CA is trusted; or it signs, and the first one is trusted still. */
    next?: "trusted" | "signs";
    /** Of the key of the site certificate. */
    site?: number;
    httpSecret?: number;
    /** User → generation of the generated password, and until when the one before is taken too. */
    passwords?: Record<string, { generation: number; previous?: string }>;
}

/** @returns nothing where all is of the first generation */
export function keysOf(config: Config): Keys | undefined {
    const { tls, httpSecretGeneration, users } = config;
    const own = tls.off || tls.files || tls.acme || tls.secret ? undefined : tls.ownCa;
    const passwords = Object.entries(users).flatMap(([name, user]) => {
        const { generate, generation = 1, previous } = chosenWay(user);
        if (!generate || generation === 1) return [];
        const until = previous !== undefined && overlapOf({ previous }) !== undefined ? { previous } : {};
        return [[name, { generation, ...until }] as const];
    });
    const keys: Keys = {
        ...(own && own.generation > 1 && { ca: own.generation }),
        ...(own?.next && { next: own.next.signs ? "signs" : "trusted" }),
        ...(own && own.site.generation > 1 && { site: own.site.generation }),
        ...(httpSecretGeneration > 1 && { httpSecret: httpSecretGeneration }),
        ...(passwords.length > 0 && { passwords: Object.fromEntries(passwords) }),
    };
    return Object.keys(keys).length === 0 ? undefined : keys;
}
