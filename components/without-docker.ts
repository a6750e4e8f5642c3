/** What a host without Docker cannot have of a deployment's options: `npm run export`, docs/systemd.md. */
import type { Rule } from "./definition/check";
import { formatPath, type Path, problem, remove, set } from "./definition/problem";
import type { Options } from "./options";

import { dataPathProblem } from "../host/material";

/** Options that speak of Docker, or of what runs beside the registry → why such a host has none of it. */
const DOCKER_ONLY: readonly (readonly [path: string, why: string])[] = [
    ["containerName", "there is no container"],
    ["imageMirror", "there is no image"],
    ["imageTarball", "there is no image"],
    ["storage.volume", "the images lie in the package's own folder"],
    ["dockerHost", "there is no Docker Engine"],
    ["cache.valkey", "the registry keeps what it knows of blobs in its own memory"],
    ["tls.acme", "the front shows its certificate, and a container renews it"],
    ["front", "the registry itself serves TLS and the users"],
    ["metrics", "the front tells the numbers"],
    ["mirrors", "each mirror is a registry of its own"],
    ["nexus", "it is another program"],
    ["backup", "it reads a volume or folder of a Docker host"],
];

/** Options without which the export would be another registry, or give users more than the stack does. */
const INDISPENSABLE: readonly (readonly [path: string, why: string])[] = [
    ["front.anonymousPull", "the registry's htpasswd knows no anonymous reader"],
    ["users.*.role", "in the registry's htpasswd every user may push"],
    ["users.*.repositories", "in the registry's htpasswd every user reaches every repository"],
    ["users.*.previous", "in the registry's htpasswd a user has one password"],
    ["storage.s3.ca", "the export carries no CA of the store; the host's own trust store may have it"],
    ["storage.gcs.keyFile", "the export carries no key of the store; the host's own account may have access"],
];

/** An option that is set, and why the host cannot have it. */
export interface Missing {
    path: Path;
    why: string;
}

/** Values at a path with `*` for any name. */
function valuesAt(
    tree: unknown,
    steps: readonly string[],
    path: readonly string[] = [],
): [string[], unknown][] {
    const [step, ...rest] = steps;
    if (step === undefined) return [[[...path], tree]];
    if (typeof tree !== "object" || tree === null) return [];
    return Object.entries(tree)
        .filter(([key]) => step === "*" || key === step)
        .flatMap(([key, value]) => valuesAt(value, rest, [...path, key]));
}

/** An option that is off, empty, or says what holds anyway. */
const isIdle = (value: unknown): boolean =>
    value === undefined ||
    value === false ||
    value === "push" ||
    (typeof value === "object" &&
        value !== null &&
        (Object.keys(value).length === 0 || ("off" in value && value.off === true)));

const setOnes = (options: object, table: typeof DOCKER_ONLY): Missing[] =>
    table.flatMap(([path, why]) =>
        valuesAt(options, path.split("."))
            .filter(([, value]) => !isIdle(value))
            .map(([steps]) => ({ path: steps, why })),
    );

/** What an export of these options leaves out, and what it cannot be made with. */
export const missing = (options: object): { leftOut: Missing[]; refused: Missing[] } => ({
    leftOut: setOnes(options, DOCKER_ONLY),
    refused: setOnes(options, INDISPENSABLE),
});

/** The same in words, for the stack's output. */
export function leftOut(options: object): { leftOut: string[]; refused: string[] } {
    const words = ({ path, why }: Missing) => `${formatPath(path)}: ${why}`;
    const found = missing(options);
    return { leftOut: found.leftOut.map(words), refused: found.refused.map(words) };
}

/** A host without Docker has no container, no image and nothing beside the registry. */
const systemd: Rule<Options> = (options) => {
    if (options.target !== "systemd") return [];
    const { leftOut, refused } = missing(options);
    const folder = options.storage?.folder;
    const wrong = folder === undefined ? undefined : dataPathProblem(folder);
    return [
        ...[...leftOut, ...refused].map(({ path, why }) =>
            problem(path, `is set, and target systemd cannot have it: ${why}`, remove(path)),
        ),
        ...(wrong === undefined
            ? []
            : [
                  problem(
                      ["storage", "folder"],
                      `is ${JSON.stringify(folder)}, which ${wrong}`,
                      set(["storage", "folder"], "/srv/registry"),
                  ),
              ]),
    ];
};

export const systemdRules: readonly Rule<Options>[] = [systemd];
