/** What a host without Docker cannot have of a deployment's options: `npm run export`, docs/systemd.md. */
import type { Rule } from "./definition/check";
import { formatPath, problem, remove, set } from "./definition/problem";
import { setAt, type SetOne } from "./definition/set-at";
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

/** What an export of these options leaves out, and what it cannot be made with. */
export const missing = (options: object): { leftOut: SetOne[]; refused: SetOne[] } => ({
    leftOut: setAt(options, DOCKER_ONLY),
    refused: setAt(options, INDISPENSABLE),
});

/** The same in words, for the stack's output. */
export function leftOut(options: object): { leftOut: string[]; refused: string[] } {
    const words = ({ path, why }: SetOne) => `${formatPath(path)}: ${why}`;
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
