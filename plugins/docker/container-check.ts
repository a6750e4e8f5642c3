import { UNKNOWN } from "../framework/resource";

import type { ContainerInputs } from "./container-inputs";

/** The elements of a list that a preview knows already. */
function known<T>(list: T[] | undefined): T[] {
    return Array.isArray(list) ? list.filter((item) => item !== UNKNOWN) : [];
}

/** Errors that need more than one input. */
export function checkContainer(inputs: ContainerInputs): string[] {
    const errors: string[] = [];
    for (const { file, content, contentBase64, source } of known(inputs.uploads)) {
        const given = [content, contentBase64, source].filter((value) => value !== undefined && value !== "");
        if (given.length !== 1) {
            errors.push(
                `uploads: ${file} has ${given.length} sources; give exactly one of content, contentBase64 and source, ` +
                    `and not an empty one.`,
            );
        }
    }
    if (inputs.readOnly === true && known(inputs.uploads).length > 0) {
        errors.push(
            "uploads: the Engine writes no file into a container with readOnly: true; " +
                "write it into a volume from another container, and mount that volume.",
        );
    }
    for (const { containerPath, fromContainer } of known(inputs.volumes)) {
        if (Boolean(containerPath) === Boolean(fromContainer)) {
            errors.push("volumes: give each entry either a containerPath or a fromContainer.");
        }
    }
    if (known(inputs.securityOpts).includes("systempaths=unconfined")) {
        errors.push("securityOpts: systempaths=unconfined is not implemented by the kit's embedded plugin.");
    }
    if (known(inputs.command).includes(""))
        errors.push("command: an empty word is not possible; leave it out.");
    return errors;
}
