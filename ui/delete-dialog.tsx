import { useEffect, useState } from "preact/hooks";

import { Dialog } from "./parts";
import { sentence } from "./sentence";
import type { Shelf } from "./shelf";
import { useRedraw, useShown } from "./shown";

interface DeleteDialogProps {
    shelf: Shelf;
    tags: readonly string[];
    /** @param gone how many were deleted */
    close: (gone: number) => void;
}

/** Tags that are named one by one; the others are a number. */
const NAMED = 50;

/** Asks before tags go, and tells under which other names the same images stay. */
export function DeleteDialog({ shelf, tags: given, close }: DeleteDialogProps) {
    const { words } = useShown();
    /** As they were asked for: the shelf forgets those that are gone. */
    const [tags] = useState(given);
    const [gone, setGone] = useState(0);
    const [busy, setBusy] = useState(false);
    const [problem, setProblem] = useState<unknown>();
    const redraw = useRedraw();
    useEffect(() => {
        const stop = new AbortController();
        void shelf.all("digests", stop.signal, redraw);
        return () => stop.abort();
    }, [shelf]);

    const remove = async () => {
        setBusy(true);
        setProblem(undefined);
        let count = gone;
        try {
            for (const tag of tags) {
                if (!shelf.tags.includes(tag)) continue;
                await shelf.remove(tag);
                setGone(++count);
            }
            close(count);
        } catch (error) {
            setProblem(error);
            setBusy(false);
        }
    };
    const looked = shelf.tags.filter((tag) => shelf.digests.has(tag)).length;
    const whole = looked >= shelf.tags.length;
    return (
        <Dialog title={words.deleteTitle(tags.length)} close={() => close(gone)}>
            <ul class="going">
                {tags.slice(0, NAMED).map((tag) => {
                    // What goes along with it is not where it stays.
                    const twins = shelf.twins(tag).filter((other) => !tags.includes(other));
                    return (
                        <li key={tag}>
                            <code>
                                {shelf.repository}:{tag}
                            </code>{" "}
                            <small>
                                {twins.length > 0
                                    ? words.alsoUnder(
                                          twins.slice(0, 5).join(", ") + (twins.length > 5 ? " …" : ""),
                                      )
                                    : whole
                                      ? words.noOther
                                      : ""}
                            </small>
                        </li>
                    );
                })}
                {tags.length > NAMED && <li>+{tags.length - NAMED}</li>}
            </ul>
            {!whole && (
                <p class="hint">
                    <progress value={looked} max={shelf.tags.length} aria-label={words.sameDigest} />{" "}
                    {words.looking(looked, shelf.tags.length)}
                </p>
            )}
            <p class="hint">{words.deleteHint}</p>
            {problem !== undefined && (
                <p class="problem" role="alert">
                    {sentence(problem, words)}
                </p>
            )}
            <div class="buttons">
                <button onClick={() => close(gone)} autofocus>
                    {words.cancel}
                </button>
                <button class="danger" disabled={busy} onClick={() => void remove()}>
                    {busy ? `${words.deleting} ${words.progress(gone, tags.length)}` : words.deleteNow}
                </button>
            </div>
        </Dialog>
    );
}
