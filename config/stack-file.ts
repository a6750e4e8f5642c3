/** What the stack's file alone shows: how a value was set, and which secrets stand there for everyone to read. Pure. */
import { isMap, parse, parseDocument, visit } from "yaml";

import { infoAt, ownInfo } from "../components/definition/option";
import { formatPath } from "../components/definition/problem";
import { isPem } from "../components/definition/values";

import { options } from "./options";
import { parse as parseValue } from "./parse";
import type { Texts } from "./print";

/** Key without namespace → value as it stands in Pulumi.STACK.yaml. */
export type StackFile = ReadonlyMap<string, unknown>;

/** Key without namespace → value as Pulumi hands it over. */
export type Entries = Readonly<Record<string, string>>;

/** @param project namespace of the keys @param text of Pulumi.STACK.yaml */
export function readStackFile(project: string, text: string): StackFile {
    const { config } = (parse(text) ?? {}) as { config?: Record<string, unknown> };
    return new Map(
        Object.entries(config ?? {})
            .filter(([full]) => full.startsWith(`${project}:`))
            .map(([full, value]) => [full.slice(project.length + 1), value]),
    );
}

const inPulumi = (value: unknown): string =>
    typeof value === "object" ? JSON.stringify(value) : String(value ?? "");

/**
 * Whether a configuration is the one that a file holds: with `--config-file` Pulumi reads another, and tells no program which.
 *
 * @param projectText of Pulumi.yaml, which has the defaults
 */
export function holds(file: StackFile, entries: Entries, projectText: string): boolean {
    const { config = {} } = parse(projectText) as {
        config?: Record<string, { default?: unknown } | undefined>;
    };
    return Object.entries(entries).every(([key, value]) => {
        const set = file.get(key);
        // Of objects and encrypted values the form is enough.
        return typeof set === "object" || inPulumi(set ?? config[key]?.default) === value;
    });
}

const isEncrypted = (value: object): boolean => "secure" in value;

/**
 * Keys whose value is one text, encrypted or not: to `pulumi config` such an object or list has no parts.
 *
 * @param file undefined where it is not known: what is changed as one text is right in both forms
 */
export function textKeys(entries: Entries, file: StackFile | undefined): Texts {
    const isText = (value: unknown) =>
        typeof value === "string"
            ? /^\s*[[{]/.test(value)
            : typeof value === "object" && value !== null && isEncrypted(value);
    return new Set(
        [...(file ?? Object.entries(entries))].filter(([, value]) => isText(value)).map(([key]) => key),
    );
}

/** What in an object of any keys, such as registryConfig, is a secret: the last name on the way to a text tells. */
const SECRET_NAME = /pass|secret|token|key|credential|authorization|dsn/i;

/** Whether the text of an option that takes a file, too, is the secret itself. */
const isSecret = (value: string): boolean => isPem(value) || value.trimStart().startsWith("{");

function secretsBelow(path: PropertyKey[], value: unknown): PropertyKey[][] {
    if (typeof value === "object" && value !== null) {
        if (isEncrypted(value)) return [];
        return Object.entries(value).flatMap(([key, inner]) =>
            secretsBelow([...path, Array.isArray(value) ? Number(key) : key], inner),
        );
    }
    const info = infoAt(options, path);
    if (!info?.secret || value === undefined || value === null || value === "") return [];
    if (ownInfo(options, path) === undefined) {
        const name = path.findLast((step) => typeof step === "string") as string;
        return typeof value === "string" && (SECRET_NAME.test(name) || isPem(value)) ? [path] : [];
    }
    return info.file && !isSecret(String(value)) ? [] : [path];
}

const plainSecretPaths = (file: StackFile): PropertyKey[][] =>
    [...file].flatMap(([key, value]) => secretsBelow([key], parseValue([key], value)));

/** Paths of the secrets that a stack's file has in clear. */
export const plainSecrets = (file: StackFile): string[] => plainSecretPaths(file).map(formatPath);

/**
 * The text of a stack's file without its secrets, neither encrypted ones nor those in clear, and without the key of their encryption.
 *
 * @param project namespace of the keys @param text of Pulumi.STACK.yaml
 * @returns the text, and the paths of what was left out
 */
export function withoutSecrets(project: string, text: string): { text: string; left: string[] } {
    const document = parseDocument(text);
    for (const key of ["encryptionsalt", "secretsprovider", "encryptedkey"]) document.delete(key);
    const clear = plainSecretPaths(readStackFile(project, text));
    const left = clear.map(formatPath);
    for (const [key, ...steps] of clear) {
        const at = ["config", `${project}:${String(key)}`];
        // What is one text, as `pulumi config set KEY '{…}'` writes it, has no parts: it goes as a whole.
        document.deleteIn(isMap(document.getIn(at)) ? [...at, ...steps] : at);
    }
    visit(document, {
        Pair(_key, pair, ancestors) {
            if (!isMap(pair.value) || !pair.value.has("secure")) return undefined;
            const names = [...ancestors.filter((node) => "key" in node), pair].map((node) =>
                String((node as { key: unknown }).key),
            );
            left.push(names.slice(1).join(".").replace(`${project}:`, ""));
            return visit.REMOVE;
        },
    });
    return { text: document.toString({ lineWidth: 0 }), left };
}
