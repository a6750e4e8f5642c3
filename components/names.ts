/** The names that a deployment serves on its one port, and for which its CA signs: each stands for one thing. */
import { isIP } from "node:net";

import { mirrorNameProblem, siteName } from "../address/upstream";
import { upstreams } from "./nexus/plan";
import type { Rule } from "./definition/check";
import { formatPath, type Path, type Problem, problem, remove, set, type Step } from "./definition/problem";
import type { Options } from "./options";
import { inspectCa } from "./tls/inspect";
import { constraintProblem } from "./tls/judge";
import { DEFAULT_OWN_CA } from "./tls/options";

import { chosenFront, type Grounds } from "./front/options";

/** A name that the front serves. */
interface Served {
    name: string;
    /** What is served under it. */
    what: string;
    /** The option that changes the name. */
    path: string[];
    /** Another name for that option. */
    other: string;
}

function mirrorNames({ mirrors, domain = "" }: Grounds): Served[] {
    return Object.entries(mirrors ?? {})
        .filter(([mirror, { port }]) => port === undefined && mirrorNameProblem(mirror) === undefined)
        .map(([mirror, settings]) => {
            const name = siteName(domain, mirror, settings);
            const path = ["mirrors", mirror, "domain"];
            return { name, what: `the mirror ${mirror}`, path, other: `mirror-${name}` };
        });
}

function nexusNames({ nexus, domain = "" }: Grounds): Served[] {
    if (nexus === undefined) return [];
    const own = nexus.domain ?? `nexus.${domain}`;
    return upstreams("", { docker: nexus.docker, force: false }).map(({ label }) => ({
        name: label === undefined ? own : `${label}.${own}`,
        what: label === undefined ? "Nexus" : `the repository ${label} of Nexus`,
        path: ["nexus", "domain"],
        other: `repository-${own}`,
    }));
}

/** Names below an IP address are none. */
function belowAddress({ domain = "", mirrors, nexus }: Grounds): Problem[] {
    if (isIP(domain) === 0) return [];
    const missing = (path: string[], what: string, label: string) =>
        problem(
            path,
            `is not set, and the front shows ${what} under a name of its own, which cannot be made of the domain ${domain}`,
            set(path, `${label}.example.com`),
        );
    return [
        ...Object.entries(mirrors ?? {}).flatMap(([mirror, settings]) =>
            settings.port === undefined && settings.domain === undefined
                ? [missing(["mirrors", mirror, "domain"], "the mirror", "mirror")]
                : [],
        ),
        ...(nexus && nexus.domain === undefined ? [missing(["nexus", "domain"], "Nexus", "nexus")] : []),
    ];
}

/** Every name of a mirror or of Nexus that the front cannot serve. */
const served: Rule<Options> = (options) => {
    const { domain, dnsNames, tls } = options;
    const front = chosenFront(options);
    if (front === undefined || domain === undefined) return [];
    const wrong = belowAddress(options);
    if (wrong.length > 0) return wrong;
    const local =
        !tls?.files && !tls?.secret && (tls?.ownCa ?? DEFAULT_OWN_CA).site.localNames ? ["localhost"] : [];
    const taken = new Map<string, string>([
        ...[domain, ...(dnsNames ?? []), ...local].map(
            (name) => [name.toLowerCase(), "the registry"] as const,
        ),
        ...Object.keys(front.sites).map((name) => [name.toLowerCase(), "a site"] as const),
    ]);
    const told = new Set<string>();
    return [...mirrorNames(options), ...nexusNames(options)].flatMap(({ name, what, path, other }) => {
        const first = taken.get(name.toLowerCase());
        taken.set(name.toLowerCase(), first ?? what);
        if (first === undefined || told.has(path.join())) return [];
        told.add(path.join());
        const text = `gives ${what} the name ${name}, which at the front is the name of ${first}`;
        return [problem(path, text, set(path, other))];
    });
};

/** A name for which a certificate is made, and where the options have it. */
export interface Signed {
    name: string;
    path: Path;
    /** What takes the name away. */
    mend: Step;
}

/** @param permitted a name for which the CA may sign */
export function signedNames(options: Grounds, permitted: string): Signed[] {
    const { domain, dnsNames, ipAddresses, tls, mirrors, nexus } = options;
    const list = (key: string, names: readonly string[] = []): Signed[] =>
        names.map((name, i) => ({ name, path: [key, i], mend: remove([key, i]) }));
    const localNames = ["tls", "ownCa", "site", "localNames"];
    const local = (tls?.ownCa ?? DEFAULT_OWN_CA).site.localNames ? ["localhost", "127.0.0.1"] : [];
    const front = chosenFront(options);
    const nexusName = ["nexus", "domain"];
    return [
        ...(domain === undefined
            ? []
            : [{ name: domain, path: ["domain"], mend: set(["domain"], permitted) }]),
        ...list("dnsNames", dnsNames),
        ...list("ipAddresses", ipAddresses),
        ...local.map((name) => ({ name, path: localNames, mend: set(localNames, false) })),
        ...Object.entries(front?.sites ?? {})
            .filter(([, { cert }]) => cert === undefined)
            .map(([name]) => ({
                name,
                path: ["front", "sites", name],
                mend: remove(["front", "sites", name]),
            })),
        ...Object.entries(front ? (mirrors ?? {}) : {})
            .filter(([, { port }]) => port === undefined)
            .map(([mirror, settings]) => {
                const path = ["mirrors", mirror, "domain"];
                const name = siteName(domain ?? "", mirror, settings);
                return { name, path, mend: set(path, `${mirror}.${permitted}`) };
            }),
        ...(front && nexus
            ? [
                  {
                      name: nexus.domain ?? `nexus.${domain}`,
                      path: nexusName,
                      mend: set(nexusName, `nexus.${permitted}`),
                  },
              ]
            : []),
    ];
}

/** Names for which a CA may not sign, by its name constraints: no client would connect. */
const constrained: Rule<Options> = (options) => {
    const { tls } = options;
    if (!tls?.ownCa || tls.off || tls.files || tls.secret) return [];
    const { ownCa } = tls;
    return [
        ...constrainedBy(ownCa, ["tls", "ownCa", "cert"], options),
        ...constrainedBy(ownCa.next ?? {}, ["tls", "ownCa", "next", "cert"], options),
    ];
};

function constrainedBy(
    { cert, key }: { cert?: string | undefined; key?: string | undefined },
    of: Path,
    options: Grounds,
): Problem[] {
    if (!cert || !key) return [];
    const { ca, bundle } = inspectCa(cert, key);
    if (ca === undefined || bundle === undefined) return [];
    // "only for .corp.example": a name of that kind, for the step that mends it.
    const base = /only for \.?([^, ]+)/.exec(constraintProblem(ca, "x.invalid") ?? "")?.[1] ?? "example.com";
    const told = new Set<string>();
    return signedNames(options, `registry.${base}`).flatMap(({ name, path, mend }) => {
        const why = constraintProblem(ca, name);
        if (why === undefined || told.has(formatPath(path))) return [];
        told.add(formatPath(path));
        const what = isIP(name) === 0 ? "the name" : "the address";
        const text = `has ${what} ${name} signed by the CA in ${formatPath(of)}, which may sign ${why} (name constraints): no client would connect`;
        return [problem(path, text, mend)];
    });
}

export const nameRules: readonly Rule<Options>[] = [served, constrained];
