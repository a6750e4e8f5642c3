import type { Machine } from "../setup/machine";
import { SetupError } from "../setup/errors";
import { commandFlags } from "./shared/arguments";
import { mendedStack, runningRegistry } from "./gc/stack";
import { namesIn, wishOf } from "./retain/named";
import { refuseUnanswered, removeTags } from "./retain/work";

/** `npm run delete REPOSITORY[:TAG|@DIGEST] … [-- --dry-run --json --yes --stack NAME]`: removes images by their names. */
export async function remove(machine: Machine, args: string[]): Promise<number> {
    const given: string[] = [];
    const flags = commandFlags(
        "delete",
        args,
        {
            "dry-run": { type: "boolean" },
            json: { type: "boolean" },
            yes: { type: "boolean", short: "y" },
            stack: { type: "string", short: "s" },
            "config-file": { type: "string" },
        },
        given,
    );
    if (given.length === 0)
        throw new SetupError(
            "npm run delete needs names: REPOSITORY:TAG, REPOSITORY@sha256:…, or REPOSITORY for all that is in it. " +
                "`npm run catalog` lists them.",
        );
    const names = namesIn(given);
    refuseUnanswered("delete", flags);
    const found = await runningRegistry(await mendedStack(machine, args));
    return removeTags(found, wishOf(names), flags);
}
