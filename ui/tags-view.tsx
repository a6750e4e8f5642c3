import { useEffect, useMemo, useRef, useState } from "preact/hooks";

import { DeleteDialog } from "./delete-dialog";
import { type Details, sum, together } from "./details";
import { ago, bytes, shortDigest } from "./format";
import type { Order } from "./order";
import { Copy, Problem, Waiting } from "./parts";
import { linkTo } from "./route";
import { Rows } from "./rows";
import { sentence } from "./sentence";
import { Shelf } from "./shelf";
import { useLoaded, useRedraw, useShown, useTitle } from "./shown";

const ORDERS: readonly Order[] = ["version", "time", "name"];
/** Platforms that a row names; the others are a number. */
const NAMED = 3;

export function TagsView({ repository }: { repository: string }) {
    const { host, me, registry, words } = useShown();
    useTitle(`${repository} · ${host}`);
    const shelf = useMemo(() => new Shelf(registry, repository), [registry, repository]);
    const { value, error, again } = useLoaded((signal) => shelf.open(signal), [shelf]);
    const [order, setOrder] = useState<Order>("version");
    const [filter, setFilter] = useState("");
    const [chosen, setChosen] = useState<ReadonlySet<string>>(new Set());
    const [asking, setAsking] = useState(false);
    const [done, setDone] = useState("");
    const redraw = useRedraw();
    /** While all tags are being looked at. */
    const counting = useRef<AbortController | undefined>(undefined);
    useEffect(() => () => counting.current?.abort(), [shelf]);

    const count = () => {
        const stop = new AbortController();
        counting.current = stop;
        redraw();
        void shelf.all("details", stop.signal, redraw).then(() => {
            counting.current = undefined;
            redraw();
        });
    };
    const stop = () => {
        counting.current?.abort();
        counting.current = undefined;
        redraw();
    };
    const sortBy = (by: Order) => {
        setOrder(by);
        // The API has no time of a tag: each one's configuration tells it.
        if (by === "time" && counting.current === undefined && shelf.details.size < shelf.tags.length)
            count();
    };
    const toggle = (tag: string) => {
        const next = new Set(chosen);
        if (!next.delete(tag)) next.add(tag);
        setChosen(next);
    };

    const known = shelf.details.size;
    const listed = useMemo(
        () => shelf.listed(order, filter),
        [shelf, value, shelf.tags, order, filter, order === "time" ? known : 0],
    );
    const { total, shared } = useMemo(() => together(shelf.details.values()), [shelf, known]);
    const mayDelete = me.role === "push";
    const all = listed.length > 0 && listed.every((tag) => chosen.has(tag));
    return (
        <>
            <nav class="path" aria-label={words.repositories}>
                <a href="#">{words.repositories}</a>
            </nav>
            <h1>
                {repository} <Copy text={`${host}/${repository}`} />
            </h1>
            <div class="tools">
                <input
                    type="search"
                    aria-label={words.searchTags}
                    placeholder={words.searchTags}
                    value={filter}
                    onInput={({ currentTarget }) => setFilter(currentTarget.value)}
                    spellcheck={false}
                    autocapitalize="none"
                />
                <label>
                    {words.sort}{" "}
                    <select
                        value={order}
                        onChange={({ currentTarget }) => sortBy(currentTarget.value as Order)}
                    >
                        {ORDERS.map((one) => (
                            <option key={one} value={one}>
                                {{ version: words.byVersion, time: words.byTime, name: words.byName }[one]}
                            </option>
                        ))}
                    </select>
                </label>
                <button onClick={again}>{words.reload}</button>
                {mayDelete && chosen.size > 0 && (
                    <button class="danger" onClick={() => setAsking(true)}>
                        {words.deleteSome(chosen.size)}
                    </button>
                )}
                <span class="count" role="status">
                    {done || (value && words.tagsShown(listed.length, shelf.tags.length))}
                </span>
            </div>
            {error !== undefined && <Problem error={error} again={again} />}
            {value === undefined && error === undefined && <Waiting />}
            {value && shelf.tags.length === 0 && <p class="empty">{words.noTags}</p>}
            {value && shelf.tags.length > 0 && (
                <p class="sums">
                    {words.measured(known, bytes(total), bytes(shared))}{" "}
                    {counting.current ? (
                        <>
                            <progress value={known} max={shelf.tags.length} aria-label={words.measure} />{" "}
                            {words.progress(known, shelf.tags.length)}{" "}
                            <button onClick={stop}>{words.stop}</button>
                        </>
                    ) : (
                        known < shelf.tags.length && <button onClick={count}>{words.measure}</button>
                    )}
                </p>
            )}
            {listed.length > 0 && (
                <div class={mayDelete ? "tags choosing" : "tags"}>
                    <Rows
                        count={listed.length}
                        label={repository}
                        keyOf={(i) => listed[i] ?? ""}
                        head={
                            <>
                                {mayDelete && (
                                    <span role="columnheader" class="choose">
                                        <input
                                            type="checkbox"
                                            aria-label={words.selectAll}
                                            checked={all}
                                            onChange={() => setChosen(new Set(all ? [] : listed))}
                                        />
                                    </span>
                                )}
                                <span role="columnheader">{words.tag}</span>
                                <span role="columnheader">{words.platforms}</span>
                                <span role="columnheader">{words.created}</span>
                                <span role="columnheader">{words.digest}</span>
                                <span role="columnheader" class="number">
                                    {words.size}
                                </span>
                            </>
                        }
                        row={(i) => {
                            const tag = listed[i] ?? "";
                            return (
                                <TagRow
                                    shelf={shelf}
                                    tag={tag}
                                    told={redraw}
                                    {...(mayDelete && { chosen: chosen.has(tag), choose: () => toggle(tag) })}
                                />
                            );
                        }}
                    />
                </div>
            )}
            {value && listed.length === 0 && shelf.tags.length > 0 && (
                <p class="empty">{words.nothingFound}</p>
            )}
            {asking && (
                <DeleteDialog
                    shelf={shelf}
                    tags={[...chosen].filter((tag) => shelf.tags.includes(tag))}
                    close={(gone) => {
                        setAsking(false);
                        setChosen(new Set([...chosen].filter((tag) => shelf.tags.includes(tag))));
                        if (gone > 0) setDone(words.deleted(gone));
                    }}
                />
            )}
        </>
    );
}

interface TagRowProps {
    shelf: Shelf;
    tag: string;
    told: () => void;
    chosen?: boolean;
    choose?: () => void;
}

/** What is behind a tag is loaded when its row is in sight. */
function TagRow({ shelf, tag, told, chosen, choose }: TagRowProps) {
    const { language, words } = useShown();
    const { value = shelf.details.get(tag), error } = useLoaded(
        async (signal) => {
            const known = shelf.details.get(tag);
            if (known) return known;
            // Who scrolls past a row does not wait for it.
            await new Promise((done) => setTimeout(done, 120));
            if (signal.aborted) throw signal.reason;
            const found = await shelf.look(tag, signal);
            told();
            return found;
        },
        [shelf, tag],
    );
    return (
        <>
            {choose && (
                <span role="cell" class="choose">
                    <input
                        type="checkbox"
                        aria-label={words.select(tag)}
                        checked={chosen}
                        onChange={choose}
                    />
                </span>
            )}
            <span role="cell" class="name">
                <a href={linkTo(shelf.repository, tag)}>{tag}</a>
                {value && <Badges shelf={shelf} details={value} />}
            </span>
            <span role="cell" class="platforms">
                {error !== undefined && value === undefined && <em>{sentence(error, words)}</em>}
                {value?.platforms.slice(0, NAMED).map((one) => (
                    <code key={one}>{one}</code>
                ))}
                {value && value.platforms.length > NAMED && (
                    <code title={value.platforms.join(", ")}>+{value.platforms.length - NAMED}</code>
                )}
            </span>
            <span role="cell" class="time" title={value?.created?.toLocaleString(language)}>
                {value?.created && ago(value.created, language)}
            </span>
            <span role="cell" class="digest">
                {value && (
                    <>
                        <code title={value.digest}>{shortDigest(value.digest)}</code>
                        <Copy text={value.digest} label={`${words.digest} ${tag}`} />
                    </>
                )}
            </span>
            <span role="cell" class="number">
                {value && bytes(sum(value.blobs))}
            </span>
        </>
    );
}

/** What it is, where it is no image, and what is attached to it. */
function Badges({ shelf, details }: { shelf: Shelf; details: Details }) {
    const { words } = useShown();
    const outside = (shelf.attached.get(details.digest) ?? []).map(({ ending }) => kindOfEnding(ending));
    const all = [...new Set([...details.inside, ...outside])];
    // What an index of attachments lists is told where one looks at the image.
    const kinds = all.length > 1 ? all.filter((kind) => kind !== "other") : all;
    return (
        <>
            {details.kind === "helm" && <b class="badge">{words.chart}</b>}
            {details.kind === "artifact" && <b class="badge">{words.artifact}</b>}
            {kinds.map((kind) => (
                <b key={kind} class="badge quiet">
                    {words.kinds[kind as keyof typeof words.kinds]}
                </b>
            ))}
        </>
    );
}

const kindOfEnding = (ending: string | undefined) =>
    ending === "sig" ? "signature" : ending === "sbom" ? "sbom" : ending === "att" ? "attestation" : "other";
