/** Small parts that several views have. */
import type { ComponentChildren } from "preact";
import { useEffect, useId, useRef, useState } from "preact/hooks";

import type { Lines } from "./commands";
import { sentence } from "./sentence";
import { useShown } from "./shown";

export function Problem({ error, again }: { error: unknown; again?: () => void }) {
    const { words } = useShown();
    return (
        <p class="problem" role="alert">
            {sentence(error, words)} {again && <button onClick={again}>{words.again}</button>}
        </p>
    );
}

export function Waiting() {
    const { words } = useShown();
    return (
        <p class="waiting" role="status">
            {words.loading}
        </p>
    );
}

export function Copy({ text, label }: { text: string; label?: string }) {
    const { words } = useShown();
    const [done, setDone] = useState(false);
    useEffect(() => {
        const timer = done ? setTimeout(() => setDone(false), 1500) : undefined;
        return () => clearTimeout(timer);
    }, [done]);
    const copy = () => void navigator.clipboard.writeText(text).then(() => setDone(true));
    return (
        <button class="copy" type="button" onClick={copy} aria-label={`${words.copy}: ${label ?? text}`}>
            <svg viewBox="0 0 16 16" aria-hidden="true">
                {done ? (
                    <path d="M2.5 8.5 6.5 12.5 13.5 4" />
                ) : (
                    <path d="M5.5 5.5h8v8h-8zM3 10.5H2.5v-8h8V3" />
                )}
            </svg>
            <span class="told" role="status">
                {done ? words.copied : ""}
            </span>
        </button>
    );
}

/** One of several lines, chosen by its tool. */
export function Choice({ lines, title }: { lines: Lines; title: string }) {
    const names = Object.keys(lines);
    const [chosen, choose] = useState(names[0] ?? "");
    const name = names.includes(chosen) ? chosen : (names[0] ?? "");
    const id = useId();
    const move = (step: number) => {
        const next = names[(names.indexOf(name) + step + names.length) % names.length] ?? name;
        choose(next);
        document.getElementById(`${id}-${next}`)?.focus();
    };
    const line = lines[name] ?? "";
    return (
        <div class="choice">
            {names.length > 1 && (
                <div
                    role="tablist"
                    aria-label={title}
                    onKeyDown={({ key }) =>
                        key === "ArrowRight" ? move(1) : key === "ArrowLeft" ? move(-1) : undefined
                    }
                >
                    {names.map((one) => (
                        <button
                            key={one}
                            id={`${id}-${one}`}
                            role="tab"
                            aria-selected={one === name}
                            aria-controls={`${id}-line`}
                            tabIndex={one === name ? 0 : -1}
                            onClick={() => choose(one)}
                        >
                            {one}
                        </button>
                    ))}
                </div>
            )}
            <Line id={`${id}-line`} text={line} {...(names.length > 1 ? { by: `${id}-${name}` } : {})} />
        </div>
    );
}

/** A line for a terminal. */
export function Line({ text, id, by }: { text: string; id?: string; by?: string }) {
    return (
        <div class="line" id={id} {...(by === undefined ? {} : { role: "tabpanel", "aria-labelledby": by })}>
            <code tabIndex={0}>{text}</code>
            <Copy text={text} />
        </div>
    );
}

/** A dialog over the page; Escape closes it. */
export function Dialog({
    title,
    close,
    children,
}: {
    title: string;
    close: () => void;
    children: ComponentChildren;
}) {
    const place = useRef<HTMLDialogElement>(null);
    const id = useId();
    useEffect(() => {
        const before = document.activeElement;
        place.current?.showModal();
        return () => before instanceof HTMLElement && before.focus();
    }, []);
    return (
        <dialog ref={place} aria-labelledby={id} onCancel={(event) => (event.preventDefault(), close())}>
            <h2 id={id}>{title}</h2>
            {children}
        </dialog>
    );
}
