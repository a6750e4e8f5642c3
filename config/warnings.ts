/** What `pulumi up` should tell, and must not stop for. */
import { caDays } from "../components/tls/chain";

import { caBundle } from "./certificates";
import type { Schema } from "./schema";

/**
 * A given CA that ends before a site certificate made today. No mistake: every CA comes to that point in its last
 * year, and a stack must be able to lose a user then.
 */
function endingCa({ tls, ca, site }: Schema, now: Date): string[] {
    if (tls !== "own-ca" || !ca.cert || !ca.key) return [];
    const left = Math.floor(caDays(caBundle(ca.cert, ca.key).certPem, now)?.left ?? Infinity);
    if (left >= site.validityDays) return [];
    return [
        `The CA in ca.cert ends in ${left} days, before a site certificate of ${site.validityDays} days that is made now: ` +
            `bring a newer CA, or \`pulumi config set --path site.validityDays ${Math.max(1, left)}\`.`,
    ];
}

/** Warnings for a configuration that is right. */
export const warnings = (config: Schema, now = new Date()): string[] => endingCa(config, now);
