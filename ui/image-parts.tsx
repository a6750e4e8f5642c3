/** What an image is made of, and how it is run. */
import { bytes, shortDigest } from "./format";
import type { ImageConfig, Layer } from "./manifest";
import { Copy } from "./parts";
import { useShown } from "./shown";

/** The layers, each with a bar: what makes the image big. @param told whether images of this kind tell commands */
export function Layers({ layers, told }: { layers: Layer[]; told: boolean }) {
    const { words } = useShown();
    const largest = Math.max(1, ...layers.map(({ size }) => size));
    return (
        <ol class="layers">
            {layers.map(({ digest, size, mediaType, command }, i) => (
                <li key={`${i} ${digest}`}>
                    <span class="bar" style={{ width: `${(100 * size) / largest}%` }} />
                    <span class="size">{bytes(size)}</span>
                    {command ? (
                        <code class="command" title={command}>
                            {command}
                        </code>
                    ) : (
                        <span class="command dim">{told ? words.noHistory : mediaType}</span>
                    )}
                    <span class="digest">
                        <code title={digest}>{shortDigest(digest)}</code>
                        <Copy text={digest} label={`${words.layer} ${i + 1}`} />
                    </span>
                </li>
            ))}
        </ol>
    );
}

/** Names and what they are; nothing where there are none. */
export function Table({
    title,
    rows = {},
}: {
    title: string;
    rows?: Record<string, string | undefined> | undefined;
}) {
    const given = Object.entries(rows).filter(([, text]) => text !== undefined && text !== "");
    if (given.length === 0) return null;
    return (
        <section class="card">
            <h2>{title}</h2>
            <dl class="facts">
                {given.map(([name, text]) => (
                    <>
                        <dt key={name}>{name}</dt>
                        <dd>{text}</dd>
                    </>
                ))}
            </dl>
        </section>
    );
}

/** Words as an exec form has them. */
const words = (all: readonly string[] | null | undefined): string | undefined =>
    all && all.length > 0
        ? all.map((one) => (/^[\w@%+=:,./-]+$/.test(one) ? one : JSON.stringify(one))).join(" ")
        : undefined;

export function Settings({ config: image }: { config: ImageConfig }) {
    const { words: told } = useShown();
    const config = image.config ?? {};
    const keys = (of: Record<string, object> | null | undefined) => Object.keys(of ?? {}).join(", ");
    return (
        <>
            <Table
                title={told.configuration}
                rows={{
                    [told.user_]: config.User,
                    [told.entrypoint]: words(config.Entrypoint),
                    [told.cmd]: words(config.Cmd),
                    [told.workdir]: config.WorkingDir,
                    [told.ports]: keys(config.ExposedPorts),
                    [told.volumes]: keys(config.Volumes),
                    [told.env]: config.Env?.join("\n"),
                    [told.stopSignal]: config.StopSignal,
                    [told.author]: image.author,
                }}
            />
            <Table title={told.labels} rows={config.Labels ?? {}} />
        </>
    );
}
