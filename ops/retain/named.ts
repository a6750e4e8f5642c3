/** What `npm run delete` is asked for. Pure. */
import { REPOSITORY } from "../../address/image-name";
import { SetupError } from "../../setup/errors";

import { type Content, reach, type Repository, subjectOf } from "./content";
import type { Verdict } from "./rules";
import type { Wish } from "./work";

export interface Named {
    repository: string;
    /** Neither: the repository with all that is in it. */
    tag?: string | undefined;
    digest?: string | undefined;
}

const NAME = new RegExp(
    `^(?<repository>${REPOSITORY})(?::(?<tag>[A-Za-z0-9_][\\w.-]{0,127})|@(?<digest>sha(?:256:[0-9a-f]{64}|512:[0-9a-f]{128})))?$`,
);

/** @throws SetupError for a name that is none */
export function namesIn(given: readonly string[]): Named[] {
    return given.map((text) => {
        const groups = NAME.exec(text)?.groups;
        if (groups?.repository === undefined)
            throw new SetupError(
                `"${text}" is no name: it must be REPOSITORY:TAG, REPOSITORY@sha256:… or REPOSITORY, without the registry's own name. Nothing was changed.`,
            );
        return { repository: groups.repository, tag: groups.tag, digest: groups.digest };
    });
}

const some = (names: readonly string[]): string =>
    names.length === 0
        ? "none"
        : `${names.slice(0, 10).join(", ")}${names.length > 10 ? `, and ${names.length - 10} more` : ""}`;

/** @throws SetupError where one is not there, or is part of what stays */
function check(names: readonly Named[], content: Content): void {
    for (const { repository: name, tag, digest } of names) {
        const repository = content.get(name);
        if (repository === undefined)
            throw new SetupError(
                `There is no repository ${name}. Nothing was changed. There are: ${some([...content.keys()])}.`,
            );
        if (tag !== undefined && !repository.tags.has(tag) && !repository.unreadable.includes(tag))
            throw new SetupError(
                `${name} has no tag ${tag}. Nothing was changed. It has: ${some([...repository.tags.keys()])}.`,
            );
        if (digest === undefined) continue;
        if (!repository.manifests.has(digest))
            throw new SetupError(`${name} has no manifest ${digest}. Nothing was changed.`);
        const holder = [...repository.manifests].find(
            ([other]) =>
                other !== digest && !isNamed(names, name, other) && reach(repository, [other]).has(digest),
        )?.[0];
        if (holder === undefined) continue;
        const tags = [...repository.tags].filter(([, one]) => one.digest === holder).map(([own]) => own);
        throw new SetupError(
            `${name}@${digest} is part of ${tags.length === 0 ? holder : `${name}:${tags.join(", ")}`}, which would be broken without it: name that. Nothing was changed.`,
        );
    }
}

const isNamed = (names: readonly Named[], repository: string, digest: string): boolean =>
    names.some(
        (one) =>
            one.repository === repository &&
            (one.digest === digest || (one.digest === undefined && one.tag === undefined)),
    );

export function wishOf(names: readonly Named[]): Wish {
    const of = (repository: string) => names.filter((one) => one.repository === repository);
    // As it was when it was shown: what came since stays.
    const chosen = new Map<string, ReadonlySet<string>>();
    return {
        command: "delete",
        verdicts: (name: string, { tags }: Repository) => {
            const own = of(name);
            if (own.length === 0) return undefined;
            const verdicts = new Map<string, Verdict>();
            for (const [tag, { digest }] of tags) {
                const goes = own.some((one) => one.tag === tag) || isNamed(own, name, digest);
                if (goes) verdicts.set(tag, { stays: false, why: "named" });
                // Attachments go with what they belong to.
                else if (subjectOf(tag) === undefined) verdicts.set(tag, { stays: true, why: "not named" });
            }
            return verdicts;
        },
        chosen: (name, { manifests }) => {
            const former = chosen.get(name);
            if (former !== undefined) return former;
            const all = new Set([...manifests.keys()].filter((digest) => isNamed(names, name, digest)));
            chosen.set(name, all);
            return all;
        },
        check: (content) => check(names, content),
        only: ({ stays, repository, digest }, going) =>
            !stays || going.some((one) => one.repository === repository && one.digest === digest),
    };
}
