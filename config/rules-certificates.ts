/** Rules of the certificates and keys that a user brings. */
import { isIP } from "node:net";

import { siteName } from "../components/mirror/upstream";
import { caDays } from "../components/tls/chain";
import { type Inspected, inspectCa, inspectSite, inspectTrust, type Part } from "../components/tls/inspect";
import { constraintProblem } from "../components/tls/judge";

import { formatPath, type Mistake, mistake, removeCommand, setCommand } from "./mistakes";
import { type Given, given } from "./pem";
import type { Partial } from "./rules";

type Path = readonly string[];

const isKey = (path: Path) => path.at(-1) === "key";

/** The command that sets a certificate or key of the configuration. */
const set = (path: Path, file: string) => setCommand(path, { example: file, secret: isKey(path) });

/** What a value stands for, or the mistake that it cannot be read. */
function read(path: Path, value: string, file: string, into: Mistake[]): Given | undefined {
    try {
        return given(value);
    } catch (error) {
        const { code, message } = error as NodeJS.ErrnoException;
        // The system's message has the value in it, which may be a key without its PEM frame.
        const why = isKey(path) && code !== undefined ? code : message;
        into.push(mistake(path, `names a file that cannot be read: ${why}`, set(path, file)));
        return undefined;
    }
}

/** A problem with the name of the file in it. */
const told = (problem: string, { name }: Given): string =>
    `cannot be used: ${name} ${problem.replaceAll("FILE", name === "its text" ? "FILE" : `'${name}'`)}`;

interface PairKeys {
    /** Where cert, key and chain stand. */
    path: Path;
    /** Start of the names of the files in the examples. */
    file: string;
}

interface Pair {
    cert?: string | undefined;
    key?: string | undefined;
    chain?: string | undefined;
}

/** Reads and inspects a certificate and its key, where both are set. */
function pairMistakes(
    { path, file }: PairKeys,
    pair: Pair,
    inspect: (cert: Given["source"], key: Given["source"], chain: Given["source"]) => Inspected,
): Mistake[] {
    const example = (part: Part) =>
        part === "chain" ? "./chain.crt" : `./${file}.${part === "key" ? "key" : "crt"}`;
    const found: Mistake[] = [];
    const files: { [P in Part]?: Given } = {};
    for (const part of ["cert", "key", "chain"] as const) {
        const value = pair[part];
        if (value) files[part] = read([...path, part], value, example(part), found);
    }
    const { cert, key, chain } = files;
    if (found.length > 0 || cert === undefined || key === undefined) return found;
    const { problems } = inspect(cert.source, key.source, chain?.source ?? "");
    return problems.map(({ part, problem }) =>
        mistake([...path, part], told(problem, files[part] ?? cert), set([...path, part], example(part))),
    );
}

/** A name for which the deployment's CA signs a certificate, and where the configuration has it. */
interface Signed {
    name: string;
    path: PropertyKey[];
    /** The command that takes the name away. */
    fix: string;
}

/** @param permitted a name for which the CA may sign */
function signedNames(config: Partial, permitted: string): Signed[] {
    const { domain, dnsNames, ipAddresses, localNames, sites, mirrors, nexus, front } = config;
    const own = (name: string | undefined, path: string[], fix: string): Signed[] =>
        name === undefined ? [] : [{ name, path, fix }];
    const list = (key: string, names: readonly string[] = []) =>
        names.map((name, i) => ({ name, path: [key, i], fix: removeCommand([key, i]) }));
    const local = localNames ? ["localhost", "127.0.0.1"] : [];
    const below = (label: string) => setCommand([label], { example: permitted });
    return [
        ...own(domain, ["domain"], below("domain")),
        ...list("dnsNames", dnsNames),
        ...list("ipAddresses", ipAddresses),
        ...local.map((name) => ({ name, path: ["localNames"], fix: "pulumi config set localNames false" })),
        ...Object.entries(front === "nginx" ? (sites ?? {}) : {})
            .filter(([, { cert }]) => cert === undefined)
            .map(([name]) => ({ name, path: ["sites", name], fix: removeCommand(["sites", name]) })),
        ...Object.entries(front === "nginx" ? (mirrors ?? {}) : {})
            .filter(([, { port }]) => port === undefined)
            .map(([mirror, settings]) => {
                const path = ["mirrors", mirror, "domain"];
                return {
                    name: siteName(domain ?? "", mirror, settings),
                    path,
                    fix: setCommand(path, { example: `${mirror}.${permitted}` }),
                };
            }),
        ...(front === "nginx" && nexus?.enabled
            ? own(
                  nexus.domain ?? `nexus.${domain}`,
                  ["nexus", "domain"],
                  setCommand(["nexus", "domain"], { example: `nexus.${permitted}` }),
              )
            : []),
    ];
}

/** Names for which a CA may not sign, by its name constraints: no client would connect. */
function constraintMistakes(config: Partial, cert: Given, key: Given): Mistake[] {
    const { ca } = inspectCa(cert.source, key.source);
    if (ca === undefined) return [];
    // "only for .corp.example": a name of that kind, for the command that mends it.
    const base = /only for \.?([^, ]+)/.exec(constraintProblem(ca, "x.invalid") ?? "")?.[1] ?? "example.com";
    const told = new Set<string>();
    return signedNames(config, `registry.${base}`).flatMap(({ name, path, fix }) => {
        const why = constraintProblem(ca, name);
        if (why === undefined || told.has(formatPath(path))) return [];
        told.add(formatPath(path));
        const what = isIP(name) === 0 ? "the name" : "the address";
        const problem = `has ${what} ${name} signed by the CA in ca.cert, which may sign ${why} (name constraints): no client would connect`;
        return [mistake(path, problem, fix)];
    });
}

/** `tls: own-ca` with a CA of the user's own. */
export function ownCaRule(config: Partial): Mistake[] {
    const { tls, ca, site } = config;
    if (!tls || !ca || (!ca.cert && !ca.key)) return [];
    if (tls !== "own-ca")
        return [
            mistake(["ca"], `brings a CA, which tls: ${tls} does not use`, "pulumi config set tls own-ca"),
        ];
    if (!ca.cert)
        return [mistake(["ca", "cert"], "is not set, and ca.key is", set(["ca", "cert"], "./ca.crt"))];
    if (!ca.key)
        return [mistake(["ca", "key"], "is not set, and ca.cert is", set(["ca", "key"], "./ca.key"))];
    const mistakes = pairMistakes({ path: ["ca"], file: "ca" }, ca, (cert, key) => inspectCa(cert, key));
    if (mistakes.length > 0) return mistakes;
    const [cert, key] = [given(ca.cert), given(ca.key)];
    const { bundle } = inspectCa(cert.source, key.source);
    const whole = Math.floor(caDays(bundle?.certPem ?? "")?.whole ?? Infinity);
    if (site && site.validityDays > whole) {
        const problem = `is ${site.validityDays}, longer than the ${whole} days of the CA in ca.cert`;
        const fix = `pulumi config set --path site.validityDays ${Math.max(1, whole)}`;
        mistakes.push(mistake(["site", "validityDays"], problem, fix));
    }
    return [...mistakes, ...constraintMistakes(config, cert, key)];
}

/** `tls: files`. */
export function filesRule({ tls, certificate, domain }: Partial): Mistake[] {
    if (!tls || !certificate) return [];
    const { cert, key, chain } = certificate;
    if (tls !== "files") {
        if (!cert && !key && !chain) return [];
        const problem = `brings a certificate, which tls: ${tls} does not use`;
        return [mistake(["certificate"], problem, "pulumi config set tls files")];
    }
    const missing = (["cert", "key"] as const)
        .filter((part) => !certificate[part])
        .map((part) =>
            mistake(
                ["certificate", part],
                "is not set; tls: files needs it",
                set(["certificate", part], `./site.${part === "key" ? "key" : "crt"}`),
            ),
        );
    if (missing.length > 0) return missing;
    return pairMistakes({ path: ["certificate"], file: "site" }, certificate, (...of) =>
        inspectSite(...of, domain ? [domain] : []),
    );
}

/** The certificate of a further site at the front. Both halves are set. */
export const siteCertificateMistakes = (site: string, pair: Pair): Mistake[] =>
    pairMistakes({ path: ["sites", site], file: site }, pair, (...of) => inspectSite(...of, [site]));

/** An authority to trust: of a store, of an upstream. */
export function trustMistakes(path: Path, value: string, file: string): Mistake[] {
    const found: Mistake[] = [];
    const source = read(path, value, file, found);
    if (source === undefined) return found;
    const trust = inspectTrust(source.source);
    return "problem" in trust ? [mistake(path, told(trust.problem, source), set(path, file))] : [];
}
