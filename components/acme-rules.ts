/** What `tls.acme` asks of the other options: a front, a way for the challenge, names that a directory issues for. */
import { isIP } from "node:net";

import { isLocalhost } from "../address/address";

import type { Rule } from "./definition/check";
import { type Path, type Problem, problem, remove, set, type Step } from "./definition/problem";
import { chosenFront, type Grounds, toHaveFront } from "./front/options";
import { signedNames } from "./names";
import type { Options } from "./options";
import { type AcmeOptions, challengeOf } from "./tls/acme-options";
import { trustProblems } from "./tls/options";

const ACME = ["tls", "acme"];
const at = (...rest: PropertyKey[]): Path => [...ACME, ...rest];

/** Ends of names that are in no public DNS (RFC 6761, 6762, 7686, 8375, 9476, and ICANN's .internal). */
const PRIVATE =
    /\.(test|example|invalid|localhost|local|onion|alt|internal|lan|home|corp|intranet|private|home\.arpa)$/;

/** Why no directory that everyone trusts issues for a name; nothing where one may. */
function notPublic(name: string): string | undefined {
    if (isIP(name) !== 0) return "is an address, and a directory issues for names";
    if (isLocalhost(name)) return "is this machine itself, for which no directory issues";
    if (!name.includes("."))
        return "has no dot, and a public directory issues for names of the public DNS alone";
    if (PRIVATE.test(name)) return "is in no public DNS, and a public directory issues for no other";
    return undefined;
}

/** Whether a name of a certificate stands for a host: a star stands for one label (RFC 9525 section 6.3). */
const covers = (pattern: string, name: string): boolean =>
    pattern === name || (pattern.startsWith("*.") && name.replace(/^[^.]+\./, "") === pattern.slice(2));

function nameProblems(acme: AcmeOptions, options: Grounds): Problem[] {
    const anywhere = acme.directoryCa !== undefined;
    const served = signedNames(options, "registry.example.com").filter(
        ({ path }) => path[0] !== "tls" && path[0] !== "ipAddresses",
    );
    const wrong = (name: string, path: Path, mend: Step): Problem[] => {
        const why = notPublic(name.replace(/^\*\./, ""));
        // A private directory issues for the names of its own network.
        if (why === undefined || (anywhere && isIP(name) === 0 && !isLocalhost(name))) return [];
        return [problem(path, `is ${name}, which ${why} (tls.acme)`, mend)];
    };
    const told = new Set<string>();
    const names: Problem[] = served.flatMap(({ name, path, mend }) => {
        if (told.has(path.join())) return [];
        told.add(path.join());
        return wrong(name.toLowerCase(), path, mend);
    });
    const list = acme.names.length > 0;
    return [
        ...names,
        ...acme.names.flatMap((name, i) => [
            ...wrong(name, at("names", i), remove(at("names", i))),
            ...(name.startsWith("*.") && challengeOf(acme) === "http-01"
                ? [
                      problem(
                          at("names", i),
                          "has a star, which can be shown by a record in DNS alone",
                          set(at("dns", "provider"), "cloudflare"),
                      ),
                  ]
                : []),
        ]),
        ...(list && names.length === 0
            ? served.flatMap(({ name }) =>
                  acme.names.some((pattern) => covers(pattern, name.toLowerCase()))
                      ? []
                      : [
                            problem(
                                at("names"),
                                `has none for ${name}, which the front serves`,
                                set(at("names", acme.names.length), name),
                            ),
                        ],
              )
            : []),
    ];
}

function challengeProblems(acme: AcmeOptions, options: Grounds): Problem[] {
    if (challengeOf(acme) === "dns-01" || chosenFront(options)?.httpPort !== undefined) return [];
    const path = ["front", "httpPort"];
    const text = "is not set; the directory asks there for http-01, and reaches it as port 80 of the name";
    return [problem(path, text, set(path, 80))];
}

const acmeRule: Rule<Options> = (options) => {
    const { tls, mirrors, ipAddresses } = options;
    const acme = tls?.acme;
    if (acme === undefined || tls?.off || tls?.files || options.target === "systemd") return [];
    if (chosenFront(options) === undefined)
        return [
            problem(ACME, "is set, and there is no front, which shows its certificate", toHaveFront(options)),
        ];
    return [
        ...(acme.acceptTerms
            ? []
            : [
                  problem(
                      at("acceptTerms"),
                      `is false; ${acme.directory} issues only under its terms of service: read them, and accept them or do without tls.acme`,
                      set(at("acceptTerms"), true),
                  ),
              ]),
        ...challengeProblems(acme, options),
        ...nameProblems(acme, options),
        ...(ipAddresses ?? []).map((ip, i) =>
            problem(
                ["ipAddresses", i],
                `is ${ip}, and the directory of tls.acme issues for names alone`,
                remove(["ipAddresses", i]),
            ),
        ),
        ...Object.entries(mirrors ?? {}).flatMap(([mirror, { port }]) =>
            port === undefined
                ? []
                : [
                      problem(
                          ["mirrors", mirror, "port"],
                          `is ${port}, and the certificate of tls.acme is at the front alone: without a port the mirror is a name of the front`,
                          remove(["mirrors", mirror, "port"]),
                      ),
                  ],
        ),
        ...(acme.directoryCa ? trustProblems(at("directoryCa"), acme.directoryCa, "./directory-ca.crt") : []),
        ...(acme.trust ? trustProblems(at("trust"), acme.trust, "./issuing-ca.crt") : []),
    ];
};

export const acmeRules: readonly Rule<Options>[] = [acmeRule];
