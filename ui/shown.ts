/** What every part of the page may ask for. */
import { createContext } from "preact";
import { useCallback, useContext, useEffect, useRef, useState } from "preact/hooks";

import type { Facts, Me, Registry } from "./registry";
import type { Language, Words } from "./words";

export interface Shown {
    registry: Registry;
    me: Me;
    facts: Facts;
    /** "" where nobody is logged in. */
    user: string;
    /** Name and port of the registry, as clients write it. */
    host: string;
    words: Words;
    language: Language;
}

export const ShownContext = createContext<Shown | undefined>(undefined);

export function useShown(): Shown {
    const shown = useContext(ShownContext);
    if (shown === undefined) throw new Error("outside of the page");
    return shown;
}

export type Loading<T> = { value?: T; error?: unknown; again: () => void };

/**
 * What is loaded for a part of the page, and anew when one of `of` changes. What was there stays until then.
 *
 * @param load gives up where its signal says so: the part is gone
 */
export function useLoaded<T>(load: (signal: AbortSignal) => Promise<T>, of: readonly unknown[]): Loading<T> {
    const [state, setState] = useState<{ value?: T; error?: unknown }>({});
    const [turn, setTurn] = useState(0);
    useEffect(() => {
        const stop = new AbortController();
        const tell = (next: { value?: T; error?: unknown }) => {
            if (!stop.signal.aborted) setState(next);
        };
        setState(({ value }) => (value === undefined ? {} : { value }));
        load(stop.signal).then(
            (value) => tell({ value }),
            (error: unknown) => tell({ error }),
        );
        return () => stop.abort();
    }, [...of, turn]);
    return { ...state, again: useCallback(() => setTurn((n) => n + 1), []) };
}

/** The title of the window. */
export function useTitle(title: string): void {
    useEffect(() => void (document.title = title), [title]);
}

/** Draws again without a value of its own, for what is changed in place: at most once a frame. */
export function useRedraw(): () => void {
    const [, setTurn] = useState(0);
    const asked = useRef(0);
    useEffect(() => () => cancelAnimationFrame(asked.current), []);
    return useCallback(() => {
        cancelAnimationFrame(asked.current);
        asked.current = requestAnimationFrame(() => setTurn((n) => n + 1));
    }, []);
}
