import type { ComponentChildren } from "preact";
import { useMemo, useState } from "preact/hooks";

import { Attached } from "./attached";
import { pullLines } from "./commands";
import { DeleteDialog } from "./delete-dialog";
import { ago, bytes } from "./format";
import { Layers, Settings, Table } from "./image-parts";
import {
    blobsOf,
    type Chart,
    chief,
    createdOf,
    type Descriptor,
    type ImageConfig,
    kindOf,
    layersOf,
    platformsOf,
    platformText,
    type Stored,
} from "./manifest";
import { Choice, Copy, Problem, Waiting } from "./parts";
import { linkTo, nameOf } from "./route";
import { sum } from "./details";
import { Shelf } from "./shelf";
import { useLoaded, useRedraw, useShown, useTitle } from "./shown";

/** A tag, or a manifest by its digest. */
export function ImageView({ repository, reference }: { repository: string; reference: string }) {
    const { host, me, registry, words } = useShown();
    useTitle(`${nameOf(repository, reference)} · ${host}`);
    const shelf = useMemo(() => new Shelf(registry, repository), [registry, repository]);
    const { value, error, again } = useLoaded(
        async (signal) => {
            const [stored] = await Promise.all([
                registry.manifest(repository, reference, signal),
                shelf.open(signal),
            ]);
            if (!reference.includes(":")) shelf.digests.set(reference, stored.digest);
            return stored;
        },
        [registry, repository, reference],
    );
    const [asking, setAsking] = useState(false);
    const isTag = !reference.includes(":");
    const kind = value && kindOf(value);
    return (
        <>
            <nav class="path" aria-label={words.repositories}>
                <a href="#">{words.repositories}</a> › <a href={linkTo(repository)}>{repository}</a>
            </nav>
            <h1>
                {isTag ? reference : reference.slice(0, 19)}{" "}
                {kind && <b class="badge">{words[kind === "helm" ? "chart" : kind]}</b>}
                <Copy text={`${host}/${nameOf(repository, reference)}`} />
            </h1>
            {error !== undefined && <Problem error={error} again={again} />}
            {value === undefined && error === undefined && <Waiting />}
            {value && kind && (
                <>
                    <section class="card" aria-label={words.pull}>
                        <h2>{words.pull}</h2>
                        <Choice
                            lines={pullLines(host, repository, reference, kind)}
                            title={words.toolLines}
                        />
                        <Facts repository={repository} stored={value} />
                        {isTag && (
                            <Twins shelf={shelf} tag={reference}>
                                {me.role === "push" && (
                                    <button class="danger" onClick={() => setAsking(true)}>
                                        {words.deleteThis}
                                    </button>
                                )}
                            </Twins>
                        )}
                    </section>
                    {kind === "index" ? (
                        <Platforms shelf={shelf} index={value} />
                    ) : (
                        <One shelf={shelf} stored={value} />
                    )}
                    <Table title={words.annotations} rows={value.manifest.annotations} />
                </>
            )}
            {asking && (
                <DeleteDialog
                    shelf={shelf}
                    tags={[reference]}
                    close={(gone) => {
                        setAsking(false);
                        if (gone > 0) location.hash = linkTo(repository);
                    }}
                />
            )}
        </>
    );
}

function Facts({ stored }: { repository: string; stored: Stored }) {
    const { words } = useShown();
    return (
        <dl class="facts">
            <dt>{words.digest}</dt>
            <dd>
                <code>{stored.digest}</code> <Copy text={stored.digest} label={words.digest} />
            </dd>
            <dt>{words.mediaType}</dt>
            <dd>
                <code>{stored.manifest.artifactType ?? stored.mediaType}</code>
            </dd>
        </dl>
    );
}

/** Other tags of the same digest; to know them all, each one's digest has to be asked for. */
function Twins({ shelf, tag, children }: { shelf: Shelf; tag: string; children: ComponentChildren }) {
    const { words } = useShown();
    const redraw = useRedraw();
    const [stop, setStop] = useState<AbortController | undefined>();
    const look = () => {
        const running = new AbortController();
        setStop(running);
        void shelf.all("digests", running.signal, redraw).then(() => setStop(undefined));
    };
    const twins = shelf.twins(tag);
    const whole = shelf.digests.size >= shelf.tags.length;
    return (
        <p class="twins">
            {twins.length > 0 && (
                <>
                    {words.sameDigest}:{" "}
                    {twins.map((one) => (
                        <a key={one} href={linkTo(shelf.repository, one)}>
                            {one}{" "}
                        </a>
                    ))}
                </>
            )}
            {twins.length === 0 &&
                (whole || stop) &&
                words.sameDigestNone(shelf.digests.size, shelf.tags.length)}{" "}
            {!whole && !stop && <button onClick={look}>{words.lookForOthers}</button>}
            {stop && <button onClick={() => stop.abort()}>{words.stop}</button>} {children}
        </p>
    );
}

const titleOf = ({ platform, digest }: Descriptor): string =>
    platform ? platformText(platform) : digest.slice(0, 19);

/** The images of an index, one of them in full. */
function Platforms({ shelf, index }: { shelf: Shelf; index: Stored }) {
    const { registry, words } = useShown();
    const platforms = platformsOf(index.manifest);
    const [chosen, choose] = useState(chief(platforms)?.digest ?? "");
    const { value, error } = useLoaded(
        (signal) => registry.manifest(shelf.repository, chosen, signal),
        [shelf, chosen],
    );
    if (platforms.length === 0) return <Attached shelf={shelf} stored={index} index={index} />;
    return (
        <>
            <div class="chips" role="group" aria-label={words.platforms}>
                {platforms.map((one) => (
                    <button
                        key={one.digest}
                        aria-pressed={one.digest === chosen}
                        onClick={() => choose(one.digest)}
                    >
                        {titleOf(one)}
                    </button>
                ))}
            </div>
            {error !== undefined && <Problem error={error} />}
            {error === undefined && value?.digest === chosen && (
                <One key={chosen} shelf={shelf} stored={value} index={index} />
            )}
        </>
    );
}

/** One image, chart or artifact. @param index that it stands in */
function One({ shelf, stored, index }: { shelf: Shelf; stored: Stored; index?: Stored }) {
    const { language, registry, words } = useShown();
    const kind = kindOf(stored);
    const readable = kind === "image" || kind === "helm";
    const { value: config, error } = useLoaded<ImageConfig & Chart>(
        async () => (readable ? await registry.config(shelf.repository, stored) : {}),
        [stored.digest],
    );
    const created = createdOf(config?.created);
    return (
        <>
            {error !== undefined && <Problem error={error} />}
            <section class="card">
                <h2>
                    {words.layers} <small>{bytes(sum(blobsOf(stored)))}</small>
                    {created && (
                        <small title={created.toLocaleString(language)}>
                            {words.created}: {ago(created, language)}
                        </small>
                    )}
                </h2>
                <Layers layers={layersOf(stored.manifest, config ?? {})} told={kind === "image"} />
            </section>
            {kind === "helm" && config && (
                <Table
                    title={words.chart}
                    rows={{
                        [words.version]: config.version,
                        [words.appVersion]: config.appVersion,
                        [words.description]: config.description,
                        [words.kubeVersion]: config.kubeVersion,
                        [words.home]: config.home,
                    }}
                />
            )}
            {kind === "image" && config && <Settings config={config} />}
            {index && <Table title={words.annotations} rows={stored.manifest.annotations} />}
            <Attached shelf={shelf} stored={stored} {...(index && { index })} />
        </>
    );
}
