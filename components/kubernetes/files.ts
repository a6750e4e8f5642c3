/** Files of a container, as a Secret and a ConfigMap that never change: another content has another name, so that a change rolls. */
import { createHash } from "node:crypto";

import * as pulumi from "@pulumi/pulumi";

import type { FileArgs } from "../registry/config-volume";

import { KubernetesObject } from "./object";
import type { Place } from "./place";

/** Whether not everyone on the machine may read it: what is a secret here is one there. */
const isSecret = ({ mode = "0444" }: FileArgs): boolean => mode.endsWith("0");

/**
 * Name of an object that never changes, by what is in it: with a part of a SHA-256. Among what a Secret holds is a random text or a
 * private key, so it gives nothing away.
 */
export const contentName = (
    own: pulumi.Output<string>,
    part: string,
    data: pulumi.Input<unknown>,
): pulumi.Output<string> =>
    pulumi.unsecret(
        pulumi
            .all([own, data])
            .apply(
                ([start, all]) =>
                    `${start}-${part}-${createHash("sha256").update(JSON.stringify(all)).digest("hex").slice(0, 12)}`,
            ),
    );

/** A file of a pod. */
export interface PodFile extends FileArgs {
    /** Where it lies in the volume. @default its name */
    path?: pulumi.Input<string> | undefined;
}

/** Whether its owner may run it: here that is root, and a pod's group does. */
const isProgram = ({ mode = "0444" }: FileArgs): boolean => (parseInt(mode, 8) & 0o100) !== 0;

/** Which file lies where; nothing where each lies under its name, to be read. */
const itemsOf = (members: readonly (readonly [name: string, file: PodFile])[]) =>
    members.some(([, file]) => file.path !== undefined || isProgram(file))
        ? {
              items: members.map(([key, file]) => ({
                  ...{ key, path: file.path ?? key },
                  ...(isProgram(file) ? { mode: 0o550 } : {}),
              })),
          }
        : {};

/** As the fields `data` and `binaryData` have it. */
export const base64 = (text: string): string => Buffer.from(text).toString("base64");

/** The volume of a pod that holds the files. */
export interface FilesVolume {
    name: string;
    projected: { sources: unknown[]; defaultMode: number };
}

/** @param part of the pod: name of the volume */
export function filesVolume(
    part: string,
    files: Readonly<Record<string, PodFile>>,
    { program, own, metadata, opts }: Place,
): FilesVolume {
    const sources = (["Secret", "ConfigMap"] as const).flatMap((kind) => {
        const members = Object.entries(files).filter(([, file]) => isSecret(file) === (kind === "Secret"));
        if (members.length === 0) return [];
        const data = pulumi
            .all(members.map(([file, { content, base64: ready }]) => pulumi.all([file, content, ready])))
            .apply((all) =>
                Object.fromEntries(all.map(([file, text, ready]) => [file, ready ? text : base64(text)])),
            );
        const { name } = new KubernetesObject(
            kind,
            `${program}-${part}-${kind === "Secret" ? "secrets" : "files"}`,
            {
                metadata: { ...metadata, name: contentName(own, part, data) },
                immutable: true,
                // A certificate is among the files that are no secrets, and comes out of one.
                ...(kind === "Secret"
                    ? { data: pulumi.secret(data) }
                    : { binaryData: pulumi.unsecret(data) }),
            },
            kind === "Secret" ? { ...opts, additionalSecretOutputs: ["data"] } : opts,
        ).metadata;
        const source = { name, ...itemsOf(members) };
        return [kind === "Secret" ? { secret: source } : { configMap: source }];
    });
    // Readable for the pod's group alone.
    return { name: part, projected: { sources, defaultMode: 0o440 } };
}
