/** The flags of `npm run upgrade`, and what it works on. */
import { isImageName } from "../../address/image-name";
import type { Engine } from "../../engine/client";
import type { Endpoint } from "../../engine/endpoint";
import { SetupError } from "../../setup/errors";
import type { Machine } from "../../setup/machine";
import type { StackFacts } from "../facts/stack-facts";
import { commandFlags, OF_STACK } from "../shared/arguments";
import type { LockOwner } from "../shared/lock";

import { type Image, PART_NAMES, type PartName } from "./parts";

const FLAGS = {
    to: { type: "string", value: "VERSION", text: "which version of the registry. Default: the kit's" },
    image: {
        type: "string",
        multiple: true,
        value: "PART=IMAGE",
        text: `another image of ${PART_NAMES.join(", ")}; may be given several times`,
    },
    "leave-unread": {
        type: "boolean",
        default: false,
        text: "goes on although the new registry cannot read some images, which stay in the store",
    },
    pull: { type: "boolean", default: false, text: "asks for a newer image of the same tag, too" },
    back: { type: "boolean", default: false, text: "undoes an upgrade that was not ended" },
    "dry-run": {
        type: "boolean",
        default: false,
        text: "tells what would change and what stands in the way",
    },
    json: { type: "boolean", default: false, text: "the result as JSON" },
    yes: { type: "boolean", short: "y", default: false, text: "answers the question" },
    ...OF_STACK,
} as const;

export const parse = (args: string[]) =>
    commandFlags("upgrade", args, FLAGS, "has newer versions run, and goes back by itself where one fails");
export type Flags = ReturnType<typeof parse>;

/** What the command works on. */
export interface Work {
    machine: Machine;
    flags: Flags;
    facts: StackFacts;
    endpoint: Endpoint;
    engine: Engine;
    owner: LockOwner;
    signal: AbortSignal;
    /** Reads the stack anew, as it is deployed now. */
    look: () => Promise<StackFacts>;
    /** Deploys the stack as it is configured. @returns why it failed; nothing where all runs */
    up: (before?: () => Promise<void>) => Promise<string | undefined>;
}

/** What came of it. */
export interface Outcome {
    result: "nothing" | "planned" | "refused" | "upgraded" | "back";
    parts: { part: PartName; containers: string[]; from: Image; to?: Image | undefined }[];
    /** What stands in the way, a sentence each. */
    refused?: string[];
    /** Why it went back. */
    cause?: string;
    seconds?: number;
}

/** Part → image, of the flags. @throws SetupError where one is none */
export function named({ to, image = [] }: Flags): Map<PartName, string> {
    const found = new Map<PartName, string>();
    for (const pair of image) {
        const [, part = "", name = ""] = /^([a-z]+)=(.+)$/.exec(pair) ?? [];
        if (!PART_NAMES.includes(part as PartName) || !isImageName(name))
            throw new SetupError(
                `--image is "${pair}"; it must be PART=IMAGE, with a part of ${PART_NAMES.join(", ")}: npm run upgrade -- --image front=nginx:1.30`,
            );
        found.set(part as PartName, name);
    }
    if (to !== undefined && !/^v?\d+(\.\d+)*([-.]\w+)*$/.test(to))
        throw new SetupError(
            `--to is "${to}"; it must be a version of the registry: npm run upgrade -- --to 3.1.2`,
        );
    return found;
}
