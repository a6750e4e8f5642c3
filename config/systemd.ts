/** What a host without Docker cannot have of a stack's configuration: `npm run export`, docs/systemd.md. */
import { formatPath } from "./mistakes";

/** Keys that speak of Docker, or of what runs beside the registry → why such a host has none of it. */
const DOCKER_ONLY: readonly (readonly [path: string, why: string])[] = [
    ["containerName", "there is no container"],
    ["imageMirror", "there is no image"],
    ["imageTarball", "there is no image"],
    ["storage.volume", "the images lie in the package's own folder"],
    ["dockerHost", "there is no Docker Engine"],
    ["cache", "the registry keeps what it knows of blobs in its own memory"],
    ["front", "the registry itself serves TLS and the users"],
    ["sites", "they belong to the front"],
    ["mirrors", "each mirror is a registry of its own"],
    ["nexus", "it is another program"],
];

/** Keys without which the export would be another registry, or give users more than the stack does. */
const INDISPENSABLE: readonly (readonly [path: string, why: string])[] = [
    ["anonymousPull", "the registry's htpasswd knows no anonymous reader"],
    ["users.*.role", "in the registry's htpasswd every user may push"],
    ["users.*.repositories", "in the registry's htpasswd every user reaches every repository"],
    ["storage.s3.ca", "the export carries no CA of the store; the host's own trust store may have it"],
    ["storage.gcs.keyFile", "the export carries no key of the store; the host's own account may have access"],
];

/** A key that is set, and why the host cannot have it. */
export interface Missing {
    steps: string[];
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

/** A key that is off, empty, or says what holds anyway. */
const isIdle = (value: unknown): boolean =>
    value === undefined ||
    value === false ||
    value === "none" ||
    value === "inmemory" ||
    value === "push" ||
    (typeof value === "object" &&
        value !== null &&
        (Object.keys(value).length === 0 || ("enabled" in value && value.enabled === false)));

const setOnes = (config: object, table: typeof DOCKER_ONLY): Missing[] =>
    table.flatMap(([path, why]) =>
        valuesAt(config, path.split("."))
            .filter(([, value]) => !isIdle(value))
            .map(([steps]) => ({ steps, why })),
    );

/** What an export of this configuration leaves out, and what it cannot be made with. */
export function missing(config: object): { leftOut: Missing[]; refused: Missing[] } {
    return { leftOut: setOnes(config, DOCKER_ONLY), refused: setOnes(config, INDISPENSABLE) };
}

/** The same in words, for the stack's output. */
export function leftOut(config: object): { leftOut: string[]; refused: string[] } {
    const words = ({ steps, why }: Missing) => `${formatPath(steps)}: ${why}`;
    const found = missing(config);
    return { leftOut: found.leftOut.map(words), refused: found.refused.map(words) };
}
