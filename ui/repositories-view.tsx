import { useCallback, useEffect, useRef, useState } from "preact/hooks";

import { sortOut } from "./attachments";
import { byVersion } from "./order";
import { Problem, Waiting } from "./parts";
import type { Registry } from "./registry";
import { linkTo } from "./route";
import { Rows } from "./rows";
import { useLoaded, useShown, useTitle } from "./shown";

/** The names that were loaded so far, of one login: they stay while one looks at an image. */
class Names {
    all: string[] = [];
    whole = false;
    /** What was searched for last. */
    search = "";
    private loading: Promise<void> | undefined;

    constructor(
        private readonly registry: Registry,
        known: readonly string[] | null,
    ) {
        if (known === null) return;
        this.whole = true;
        this.all = known.filter((one) => !one.endsWith("*")).sort();
    }

    /** Loads the next names. Of several callers at once, all wait for the same. */
    more(): Promise<void> {
        this.loading ??= this.next().finally(() => (this.loading = undefined));
        return this.loading;
    }

    private async next(): Promise<void> {
        if (this.whole) return;
        const { names, more } = await this.registry.repositories(this.all.at(-1));
        this.all = [...this.all, ...names];
        this.whole = !more || names.length === 0;
    }
}

const loaded = new WeakMap<Registry, Names>();

/** `team/app` is within `team/*`. */
const within = (name: string, patterns: readonly string[]): boolean =>
    patterns.some((one) =>
        one.endsWith("*") ? name.startsWith(one.slice(0, -1)) && name.length >= one.length : name === one,
    );

export function RepositoriesView() {
    const { host, me, registry, words } = useShown();
    useTitle(`${words.repositories} · ${host}`);
    const names = loaded.get(registry) ?? new Names(registry, me.repositories);
    loaded.set(registry, names);
    const [search, setSearch] = useState(names.search);
    const [, redraw] = useState(0);
    const [error, setError] = useState<unknown>();
    const box = useRef<HTMLInputElement>(null);

    const more = useCallback(() => {
        if (names.whole) return;
        setError(undefined);
        names.more().then(() => redraw((n) => n + 1), setError);
    }, [names]);
    useEffect(() => {
        if (names.all.length === 0) more();
    }, [more]);
    // A search is over all names: the rest comes page by page.
    useEffect(() => {
        if (search !== "" && error === undefined) more();
    }, [search, names.all.length, more]);
    useEffect(() => {
        const key = (event: KeyboardEvent) => {
            if (event.key !== "/" || event.target instanceof HTMLInputElement) return;
            event.preventDefault();
            box.current?.focus();
        };
        addEventListener("keydown", key);
        return () => removeEventListener("keydown", key);
    }, []);

    const parts = search.toLowerCase().split(/\s+/).filter(Boolean);
    const shown =
        parts.length === 0
            ? names.all
            : names.all.filter((name) => parts.every((part) => name.includes(part)));
    const typed = search.trim();
    const openable =
        me.repositories !== null && !shown.includes(typed) && within(typed, me.repositories)
            ? typed
            : undefined;
    return (
        <>
            <h1 class="told">{words.repositories}</h1>
            <div class="tools" role="search">
                <input
                    ref={box}
                    type="search"
                    aria-label={words.search}
                    placeholder={`${words.search}  ( / )`}
                    value={search}
                    onInput={({ currentTarget }) => setSearch((names.search = currentTarget.value))}
                    spellcheck={false}
                    autocapitalize="none"
                />
                <span class="count" role="status">
                    {(names.all.length > 0 || names.whole) &&
                        words.repositoryCount(shown.length, names.all.length, names.whole)}
                </span>
            </div>
            {me.repositories?.some((one) => one.endsWith("*")) && (
                <p class="hint">
                    {words.scoped}{" "}
                    {me.repositories.map((one) => (
                        <code key={one}>{one} </code>
                    ))}
                </p>
            )}
            {openable && (
                <p>
                    <a class="button" href={linkTo(openable)}>
                        {words.open(openable)}
                    </a>
                </p>
            )}
            {error !== undefined && <Problem error={error} again={more} />}
            {names.all.length === 0 && !names.whole && error === undefined && <Waiting />}
            {shown.length === 0 && names.whole && me.repositories === null && (
                <p class="empty">{names.all.length === 0 ? words.noRepositories : words.nothingFound}</p>
            )}
            {shown.length > 0 && (
                <Rows
                    count={shown.length}
                    label={words.repositories}
                    keyOf={(i) => shown[i] ?? ""}
                    row={(i) => <Repository name={shown[i] ?? ""} />}
                    onEnd={more}
                />
            )}
        </>
    );
}

/** A row: its number of tags is asked for when it is in sight. */
function Repository({ name }: { name: string }) {
    const { registry, words } = useShown();
    const { value } = useLoaded(
        async (signal) => {
            await new Promise((done) => setTimeout(done, 120));
            if (signal.aborted) return undefined;
            const { tags } = sortOut(await registry.tags(name, signal));
            return {
                count: tags.length,
                newest: tags.reduce<string | undefined>(
                    (best, tag) => (best === undefined || byVersion(tag, best) < 0 ? tag : best),
                    undefined,
                ),
            };
        },
        [registry, name],
    );
    const slash = name.lastIndexOf("/") + 1;
    return (
        <>
            <span class="name" role="cell">
                <a href={linkTo(name)}>
                    <span class="dim">{name.slice(0, slash)}</span>
                    {name.slice(slash)}
                </a>
            </span>
            <span class="newest" role="cell">
                {value?.newest && <code>{value.newest}</code>}
            </span>
            <span class="number" role="cell">
                {value && words.tagCount(value.count)}
            </span>
        </>
    );
}
