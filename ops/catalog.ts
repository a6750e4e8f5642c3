import type { Deed } from "../components/auth/able";
import type { Machine } from "../setup/machine";
import { say, withProgress } from "../setup/progress";
import { commandFlags, OF_STACK } from "./shared/arguments";
import { catalogTable, readCatalog, type Unreadable } from "./catalog-read";
import { damagesIn, registryName } from "./doctor/store";
import { damageText } from "./gc/store";
import { publishedAddress } from "./facts/published";
import { RegistryApi } from "./shared/registry-api";
import { lackOf, noUsers, readStack, registryTarget, type StackFacts } from "./facts/stack-facts";
import { SetupError } from "../setup/errors";

const FLAGS = {
    json: { type: "boolean", text: "for programs" },
    all: {
        type: "boolean",
        default: false,
        text: "repositories without tags, and those of the kit's checks, too",
    },
    "page-size": { type: "string", value: "N", text: "repositories and tags in one answer of the registry" },
    ...OF_STACK,
} as const;

const READ_ALL: Deed = { does: "read", where: "everywhere" };

/** `npm run catalog`: what the registry holds, over its API. */
export async function catalog(machine: Machine, args: string[]): Promise<number> {
    const flags = commandFlags("catalog", args, FLAGS, "repositories, tags and sizes of the registry");
    const size = flags["page-size"];
    if (size !== undefined && !/^[1-9]\d*$/.test(size))
        throw new SetupError(`--page-size is "${size}"; it must be a whole number from 1.`);
    const facts = await readStack(machine, args);
    const target = registryTarget(facts, await publishedAddress(facts), READ_ALL);
    if (target.login === undefined && !noUsers(facts.users)) {
        const { text, fix } = lackOf(READ_ALL, "catalog");
        throw new SetupError(`The catalog is read as a user, and ${text}: ${fix}`);
    }
    const api = new RegistryApi(target);
    try {
        const pages = size === undefined ? undefined : Number(size);
        const found = await withProgress("reading the catalog", () => readCatalog(api, pages, flags.all), {
            done: false,
        });
        const { unreadable, ...listed } = found;
        process.stdout.write(flags.json ? `${JSON.stringify(found, undefined, 2)}\n` : catalogTable(listed));
        if (unreadable.length === 0) return 0;
        say(await unreadableText(facts, unreadable));
        return 1;
    } finally {
        api.close();
    }
}

/** Names what could not be read, and where the storage can be looked into the files that are to blame. */
async function unreadableText(facts: StackFacts, unreadable: readonly Unreadable[]): Promise<string> {
    const names = unreadable.map(
        ({ repository, tag, problem }) => `  ${repository}${tag === undefined ? "" : `:${tag}`}: ${problem}`,
    );
    const repositories = new Set(unreadable.map(({ repository }) => repository));
    const damages = (await damagesIn(facts))?.filter(({ repository }) => repositories.has(repository ?? ""));
    const way =
        damages === undefined || damages.length === 0
            ? `What is wrong is in the registry's log: docker logs ${registryName(facts)}`
            : damageText(damages);
    return `All but these could be read:\n${names.join("\n")}\n${way}`;
}
