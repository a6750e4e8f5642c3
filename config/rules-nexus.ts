/** Rules of the configuration of Nexus that need more than one key. */
import { DOCKER_NAMES } from "../components/nexus/plan";

import { type Mistake, mistake as mistakeAt, removeCommand, setCommand, show } from "./mistakes";
import type { Partial } from "./rules";
import type { Schema } from "./schema";

type Settings = Schema["nexus"];

const mistake = (path: readonly PropertyKey[], problem: string, fix: string): Mistake =>
    mistakeAt(["nexus", ...path], problem, fix);

/** Keys that mean that Nexus is wanted. */
const WISHES = ["acceptEula", "adminPassword", "anonymous", "apiUrl", "domain"] as const;

function off(nexus: Settings): Mistake[] {
    const set = [
        ...WISHES.filter((key) => nexus[key] !== undefined && nexus[key] !== false),
        ...(Object.keys(nexus.repositories).length > 0 ? ["repositories"] : []),
        ...(Object.keys(nexus.cleanup).length > 0 ? ["cleanup"] : []),
    ];
    if (set.length === 0) return [];
    const problem = `is false, and ${set.map((key) => `nexus.${key}`).join(", ")} is set`;
    return [mistake(["enabled"], problem, "pulumi config set --path nexus.enabled true")];
}

const eula = ({ acceptEula }: Settings): Mistake[] =>
    acceptEula
        ? []
        : [
              mistake(
                  ["acceptEula"],
                  "is false; Nexus runs only under its licence: read https://links.sonatype.com/products/nxrm/ce-eula, and accept it or do without Nexus",
                  "pulumi config set --path nexus.acceptEula true",
              ),
          ];

const group = ({ docker }: Settings): Mistake[] =>
    docker.group && !docker.hosted && !docker.proxy
        ? [
              mistake(
                  ["docker", "group"],
                  "is true, and neither nexus.docker.hosted nor nexus.docker.proxy is: a group needs one of them",
                  "pulumi config set --path nexus.docker.group false",
              ),
          ]
        : [];

function repositories({ repositories }: Settings): Mistake[] {
    const seen = new Map(DOCKER_NAMES.map((name) => [name as string, "a Docker repository of the kit"]));
    return Object.entries(repositories).flatMap(([name, { format, versionPolicy, repodataDepth }]) => {
        const path = ["repositories", name];
        const wrong: Mistake[] = [];
        // Nexus compares names without regard to case.
        const taken = seen.get(name.toLowerCase());
        seen.set(name.toLowerCase(), `the repository ${name}`);
        if (taken) wrong.push(mistake(path, `has the name of ${taken}`, removeCommand(["nexus", ...path])));
        const unfit = (key: string, of: string) =>
            mistake(
                [...path, key],
                `means nothing for a ${format} repository; it is for ${of}`,
                removeCommand(["nexus", ...path, key]),
            );
        if (versionPolicy !== undefined && format !== "maven") wrong.push(unfit("versionPolicy", "maven"));
        if (repodataDepth !== undefined && format !== "yum") wrong.push(unfit("repodataDepth", "yum"));
        return wrong;
    });
}

const LOOPBACK = /^(localhost|127\.[\d.]+|\[::1\])$/;

function reach(nexus: Settings, dockerHost: string | undefined): Mistake[] {
    const fix = setCommand(["nexus", "apiUrl"], { example: `http://127.0.0.1:${nexus.port}` });
    if (nexus.apiUrl !== undefined) {
        const { protocol, hostname } = new URL(nexus.apiUrl);
        if (protocol === "https:" || LOOPBACK.test(hostname)) return [];
        const problem = `is ${show(nexus.apiUrl)}; the administrator's password would cross the network in clear: use https://, or a tunnel that ends on 127.0.0.1`;
        return [mistake(["apiUrl"], problem, fix)];
    }
    if (dockerHost === undefined || !/^(ssh|tcp):/.test(dockerHost)) return [];
    const problem = `is not set, and dockerHost is ${show(dockerHost)}: the port of Nexus opens on 127.0.0.1 of that host. Open a tunnel (ssh -L ${nexus.port}:127.0.0.1:${nexus.port} HOST) and name its end here`;
    return [mistake(["apiUrl"], problem, fix)];
}

function ports({ nexus, port, tls }: Partial): Mistake[] {
    const registry = port ?? (tls === "off" ? 5000 : 443);
    if (nexus?.port !== registry) return [];
    const problem = `is ${nexus.port}, the port of the registry`;
    return [mistake(["port"], problem, "pulumi config set --path nexus.port 18081")];
}

/** Every mistake about Nexus. */
export function nexusRule(config: Partial): Mistake[] {
    const { nexus, dockerHost } = config;
    if (!nexus) return [];
    if (!nexus.enabled) return off(nexus);
    return [
        ...eula(nexus),
        ...group(nexus),
        ...repositories(nexus),
        ...reach(nexus, dockerHost),
        ...ports(config),
    ];
}
