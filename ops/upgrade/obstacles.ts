/** What stands in the way of another version, as far as the configuration and the versions tell. Pure. */
import { formatPath } from "../../components/definition/problem";
import { remove, set } from "../../components/definition/problem";
import { type Tree, valueAt } from "../../components/definition/tree";
import { commands, type Texts } from "../../config/print";

import { compare, major } from "./version";

/** The oldest registry that the kit runs. */
const OLDEST = "3.1.1";

/** Options of registry 2 (configuration.go of 2.8.3 and 3.1.1): what each is in registry 3; nothing where it is gone. */
const FORMER: readonly (readonly [former: string, now: string | undefined])[] = [
    ["redis.addr", "redis.addrs"],
    ["redis.pool.maxactive", "redis.poolsize"],
    ["redis.pool.maxidle", "redis.maxidleconns"],
    ["redis.pool.idletimeout", "redis.connmaxidletime"],
    ["compatibility", undefined],
    ["reporting", undefined],
];

/** Options in `registryConfig` that registry 3 does not know any more; it would pass over them without a word. */
export function formerOptions(registryConfig: Tree, texts: Texts): string[] {
    return FORMER.flatMap(([former, now]) => {
        const steps = former.split(".");
        const value = valueAt(registryConfig, steps);
        if (value === undefined) return [];
        const path = ["registryConfig", ...steps];
        const to = now === undefined ? [] : ["registryConfig", ...now.split(".")];
        const mend = commands(
            now === undefined
                ? [remove(path)]
                : [set(to, former === "redis.addr" ? [value] : value), remove(path)],
            texts,
        );
        return [
            `${formatPath(path)} ${now === undefined ? "is gone with registry 3" : `is ${formatPath(to)} in registry 3`}, which would pass over it: ${mend}`,
        ];
    });
}

/** @param from version that runs; nothing where it does not tell one */
export function registryObstacles(
    from: string | undefined,
    to: string,
    { registryConfig, texts }: { registryConfig: Tree; texts: Texts },
): string[] {
    if (compare(to, OLDEST) < 0)
        return [
            `Registry ${to} is older than ${OLDEST}, the oldest that the kit's promises hold for (CVE-2026-41888, CVE-2026-35172), and may not ` +
                "read what a newer one wrote: npm run upgrade -- --to 3.1.2",
        ];
    return from !== undefined && major(from) < 3 ? formerOptions(registryConfig, texts) : [];
}

/** @param orient whether its data lies in an OrientDB */
export function nexusObstacles(from: string, to: string, orient: boolean): string[] {
    if (compare(to, from) < 0)
        return [
            `Nexus ${to} cannot read what ${from} wrote: a newer one changes its database for good. npm run upgrade -- --image nexus=sonatype/nexus3:${from}`,
        ];
    if (compare(to, "3.71") < 0) return [];
    if (compare(from, "3.70") < 0)
        return [
            `Nexus ${from} cannot become ${to} at once: first the newest 3.70 (npm run upgrade -- --image nexus=sonatype/nexus3:3.70.1), then its ` +
                "data out of OrientDB into H2 (https://help.sonatype.com/en/orient-pre-3-70-java-8-or-11.html), then this.",
        ];
    return orient
        ? [
              `Nexus ${to} has no OrientDB any more, and the data of ${from} lies in one: move it into H2 first ` +
                  "(https://help.sonatype.com/en/orient-3-70-java-8-or-11.html).",
          ]
        : [];
}
