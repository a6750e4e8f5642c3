import type { Machine } from "../setup/machine";
import { SetupError } from "../setup/errors";
import { commandFlags, OF_STACK } from "./shared/arguments";
import { withMendedStack } from "./gc/stack";
import { namesIn, wishOf } from "./retain/named";
import { refuseUnanswered, removeTags } from "./retain/work";

const FLAGS = {
    "dry-run": { type: "boolean", text: "tells what goes and what stays, and changes nothing" },
    json: { type: "boolean", text: "the same as JSON" },
    yes: { type: "boolean", short: "y", text: "answers the question" },
    ...OF_STACK,
} as const;

/** `npm run delete REPOSITORY[:TAG|@DIGEST] …`: removes images by their names. */
export async function remove(machine: Machine, args: string[]): Promise<number> {
    const given: string[] = [];
    const text =
        "removes tags, images and repositories: REPOSITORY, REPOSITORY:TAG or REPOSITORY@DIGEST, one or more";
    const flags = commandFlags("delete", args, FLAGS, text, undefined, given);
    if (given.length === 0)
        throw new SetupError(
            "npm run delete needs names: REPOSITORY:TAG, REPOSITORY@sha256:…, or REPOSITORY for all that is in it. " +
                "`npm run catalog` lists them.",
        );
    const names = namesIn(given);
    refuseUnanswered("delete", flags);
    return withMendedStack(machine, args, { "config-file": flags["config-file"] }, async (running) =>
        removeTags(await running("delete"), wishOf(names), flags),
    );
}
