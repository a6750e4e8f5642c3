/** Rules of the nginx front. */
import { isIP } from "node:net";

import { formatPath, type Mistake, mistake, removeCommand, show } from "./mistakes";
import type { Partial } from "./rules";
import { siteCertificateMistakes } from "./rules-certificates";

const USE_NGINX = "pulumi config set front nginx";

/** What means something with a front alone. */
function withoutFront({ sites, anonymousPull, users, frontSettings }: Partial): Mistake[] {
    const needs = (path: PropertyKey[], what: string) =>
        mistake(path, `${what}, which takes front: nginx`, USE_NGINX);
    return [
        ...(anonymousPull ? [needs(["anonymousPull"], "is true")] : []),
        ...Object.keys(sites ?? {}).map((name) => needs(["sites", name], "is a site")),
        ...(frontSettings?.redirectHttp ? [needs(["frontSettings", "redirectHttp"], "is true")] : []),
        ...(frontSettings?.sitesFolder ? [needs(["frontSettings", "sitesFolder"], "is set")] : []),
        ...Object.entries(users ?? {}).flatMap(([name, { role, repositories }]) => [
            ...(role === undefined ? [] : [needs(["users", name, "role"], `is ${role}`)]),
            ...(repositories === undefined ? [] : [needs(["users", name, "repositories"], "is set")]),
        ]),
    ];
}

function siteMistakes(name: string, config: Partial): Mistake[] {
    const { sites, frontSettings, tls, domain, dnsNames } = config;
    const site = sites?.[name];
    if (site === undefined) return [];
    const path = (...rest: string[]) => ["sites", name, ...rest];
    const served = name.toLowerCase();
    if (served === domain || dnsNames?.includes(served) || isIP(name) !== 0)
        return [mistake(path(), "is the registry's own name", removeCommand(path()))];
    const twin = Object.keys(sites ?? {}).find((other) => other.toLowerCase() === served);
    if (twin !== undefined && twin !== name)
        return [
            mistake(path(), `is the name of ${formatPath(["sites", twin])} once more`, removeCommand(path())),
        ];
    if ((site.upstream === undefined) === (site.folder === undefined)) {
        const fix = site.upstream
            ? removeCommand(path("folder"))
            : `pulumi config set --path '${formatPath(path("upstream"))}' http://192.0.2.10:8080`;
        return [mistake(path(), "needs exactly one of upstream and folder", fix)];
    }
    const found: Mistake[] = [];
    if (site.folder !== undefined && frontSettings && !frontSettings.sitesFolder) {
        const problem = `is ${show(site.folder)}, a folder below frontSettings.sitesFolder, which is not set`;
        found.push(
            mistake(path("folder"), problem, "pulumi config set --path frontSettings.sitesFolder /srv/www"),
        );
    }
    const set = (part: string) =>
        `pulumi config set ${part === "key" ? "--secret " : ""}--path '${formatPath(path(part))}' ./${name}.${part === "key" ? "key" : "crt"}`;
    if (site.cert === undefined && site.key === undefined) {
        if (tls === "files")
            found.push(mistake(path("cert"), "is not set, and with tls: files no CA signs one", set("cert")));
        return found;
    }
    for (const part of ["cert", "key"] as const) {
        if (site[part] === undefined)
            found.push(mistake(path(part), "is not set, and the other half of the pair is", set(part)));
    }
    if (site.cert === undefined || site.key === undefined) return found;
    return [...found, ...siteCertificateMistakes(name, site)];
}

/** @returns the mistakes of front, frontSettings, sites, anonymousPull, roles and repositories */
export function front(config: Partial): Mistake[] {
    const { front, tls, auth, anonymousPull, users, sites, frontSettings, port, nexus } = config;
    if (front === undefined) return [];
    if (front === "none") return withoutFront(config);
    const found: Mistake[] = [];
    const http = config.registryConfig?.http;
    if (typeof http === "object" && http !== null && "tls" in http)
        found.push(
            mistake(
                ["registryConfig", "http", "tls"],
                "is of the registry's own TLS, and with front: nginx the front brings TLS",
                "pulumi config set front none",
            ),
        );
    if (tls === "off")
        found.push(
            mistake(["front"], "is nginx, which brings TLS, and tls is off", "pulumi config set tls own-ca"),
        );
    if (anonymousPull && auth === false)
        found.push(
            mistake(
                ["anonymousPull"],
                "is true, and with auth: false anyone may do anything",
                "pulumi config set auth true",
            ),
        );
    if (frontSettings?.redirectHttp && frontSettings.httpPort === (port ?? 443))
        found.push(
            mistake(
                ["frontSettings", "httpPort"],
                `is ${frontSettings.httpPort}, the port of the registry itself`,
                "pulumi config set --path frontSettings.httpPort 80",
            ),
        );
    if (tls === "files" && nexus?.enabled)
        found.push(
            mistake(
                ["nexus", "enabled"],
                "is true, and with tls: files no CA signs a certificate for its name at the front",
                "pulumi config set front none",
            ),
        );
    for (const name of Object.keys(users ?? {})) {
        // The front hands the name on in a header, which loses a space at its end.
        if (name !== name.trim())
            found.push(
                mistake(
                    ["users", name],
                    "ends with a space, which front: nginx cannot tell apart",
                    removeCommand(["users", name]),
                ),
            );
    }
    return [...found, ...Object.keys(sites ?? {}).flatMap((name) => siteMistakes(name, config))];
}
