import type { Machine } from "../setup/machine";
import { commandFlags } from "./arguments";
import { catalogTable, readCatalog } from "./catalog-read";
import { publishedAddress } from "./published";
import { RegistryApi } from "./registry-api";
import { readStack, registryTarget } from "./stack-facts";
import { SetupError } from "../setup/errors";

/** `npm run catalog [-- --json --page-size N --stack NAME]`: what the registry holds, over its API. */
export async function catalog(machine: Machine, args: string[]): Promise<number> {
    const flags = commandFlags("catalog", args, {
        json: { type: "boolean" },
        "page-size": { type: "string" },
        stack: { type: "string", short: "s" },
    });
    const size = flags["page-size"];
    if (size !== undefined && !/^[1-9]\d*$/.test(size))
        throw new SetupError(`--page-size is "${size}"; it must be a whole number from 1.`);
    const facts = await readStack(machine, flags.stack);
    const api = new RegistryApi(registryTarget(facts, await publishedAddress(facts)));
    try {
        const found = await readCatalog(api, size === undefined ? undefined : Number(size));
        process.stdout.write(flags.json ? `${JSON.stringify(found, undefined, 2)}\n` : catalogTable(found));
    } finally {
        api.close();
    }
    return 0;
}
