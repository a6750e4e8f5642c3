/** The names that the front serves on its one port: each stands for one thing. */
import { isIP } from "node:net";

import { mirrorNameProblem, siteName } from "../components/mirror/upstream";
import { upstreams } from "../components/nexus/plan";

import { type Mistake, mistake, setCommand } from "./mistakes";
import type { Partial } from "./rules";

/** A name that the front serves. */
interface Served {
    name: string;
    /** What is served under it. */
    what: string;
    /** The key that changes the name. */
    path: string[];
    /** Another name for that key. */
    other: string;
}

function mirrorNames({ mirrors, domain = "" }: Partial): Served[] {
    return Object.entries(mirrors ?? {})
        .filter(([mirror, { port }]) => port === undefined && mirrorNameProblem(mirror) === undefined)
        .map(([mirror, settings]) => {
            const name = siteName(domain, mirror, settings);
            const path = ["mirrors", mirror, "domain"];
            return { name, what: `the mirror ${mirror}`, path, other: `mirror-${name}` };
        });
}

function nexusNames({ nexus, domain = "" }: Partial): Served[] {
    if (!nexus?.enabled) return [];
    const own = nexus.domain ?? `nexus.${domain}`;
    return Object.keys(upstreams(own, "", { docker: nexus.docker, force: false })).map((name) => ({
        name,
        what: name === own ? "Nexus" : `the repository ${name.split(".")[0]} of Nexus`,
        path: ["nexus", "domain"],
        other: `repository-${own}`,
    }));
}

/** Names below an IP address are none. */
function belowAddress(config: Partial): Mistake[] {
    const { domain = "", mirrors, nexus } = config;
    if (isIP(domain) === 0) return [];
    const missing = (path: string[], what: string, label: string) =>
        mistake(
            path,
            `is not set, and the front shows ${what} under a name of its own, which cannot be made of the domain ${domain}`,
            setCommand(path, { example: `${label}.example.com` }),
        );
    return [
        ...Object.entries(mirrors ?? {}).flatMap(([mirror, settings]) =>
            settings.port === undefined && settings.domain === undefined
                ? [missing(["mirrors", mirror, "domain"], "the mirror", "mirror")]
                : [],
        ),
        ...(nexus?.enabled && nexus.domain === undefined
            ? [missing(["nexus", "domain"], "Nexus", "nexus")]
            : []),
    ];
}

/** Every name of a mirror or of Nexus that the front cannot serve. */
export function frontNames(config: Partial): Mistake[] {
    const { front, domain, dnsNames, tls, localNames, sites } = config;
    if (front !== "nginx" || domain === undefined) return [];
    const wrong = belowAddress(config);
    if (wrong.length > 0) return wrong;
    const local = tls === "own-ca" && localNames ? ["localhost"] : [];
    const taken = new Map<string, string>([
        ...[domain, ...(dnsNames ?? []), ...local].map(
            (name) => [name.toLowerCase(), "the registry"] as const,
        ),
        ...Object.keys(sites ?? {}).map((name) => [name.toLowerCase(), "a site"] as const),
    ]);
    const told = new Set<string>();
    return [...mirrorNames(config), ...nexusNames(config)].flatMap(({ name, what, path, other }) => {
        const first = taken.get(name.toLowerCase());
        taken.set(name.toLowerCase(), first ?? what);
        if (first === undefined || told.has(path.join())) return [];
        told.add(path.join());
        const problem = `gives ${what} the name ${name}, which at the front is the name of ${first}`;
        return [mistake(path, problem, setCommand(path, { example: other }))];
    });
}
