/** A list of any length, of which no more rows are there than one sees. */
import type { ComponentChildren } from "preact";
import { useEffect, useLayoutEffect, useRef, useState } from "preact/hooks";

interface RowsProps {
    count: number;
    /** What a screen reader calls the list. */
    label: string;
    /** The names of the columns: a row of its own. */
    head?: ComponentChildren;
    row: (index: number) => ComponentChildren;
    /** Identity of a row. */
    keyOf: (index: number) => string;
    /** The last row is in sight. */
    onEnd?: () => void;
}

/** Rows beyond the edges, so that scrolling finds them drawn. */
const BEYOND = 6;

/** Height of a row, which the style has in --row. */
const rowHeight = (): number =>
    parseFloat(getComputedStyle(document.documentElement).getPropertyValue("--row")) || 44;

export function Rows({ count, label, head, row, keyOf, onEnd }: RowsProps) {
    const place = useRef<HTMLDivElement>(null);
    const [{ first, last, height }, setRange] = useState({ first: 0, last: 30, height: 44 });
    /** The row that is to have the focus as soon as it is there. */
    const wanted = useRef<number | undefined>(undefined);

    useLayoutEffect(() => {
        const look = () => {
            const box = place.current?.getBoundingClientRect();
            if (box === undefined) return;
            const height = rowHeight();
            const first = Math.max(0, Math.floor(-box.top / height) - BEYOND);
            const last = Math.max(first, Math.ceil((innerHeight - box.top) / height) + BEYOND);
            setRange((now) =>
                now.first === first && now.last === last && now.height === height
                    ? now
                    : { first, last, height },
            );
        };
        look();
        addEventListener("scroll", look, { passive: true });
        addEventListener("resize", look);
        return () => {
            removeEventListener("scroll", look);
            removeEventListener("resize", look);
        };
    }, [count]);

    const end = Math.min(count, last);
    useEffect(() => {
        if (end === count) onEnd?.();
    }, [end, count, onEnd]);

    const linkOf = (index: number) =>
        place.current?.querySelector<HTMLElement>(`[aria-rowindex="${index + 1 + (head ? 1 : 0)}"] a`);
    useLayoutEffect(() => {
        const link = wanted.current === undefined ? undefined : linkOf(wanted.current);
        if (link) {
            wanted.current = undefined;
            link.focus({ preventScroll: true });
        }
    });

    /** Arrows go from row to row, also to those that are not there yet. */
    const onKeyDown = (event: KeyboardEvent) => {
        const at = (event.target as Element).closest?.("[aria-rowindex]")?.getAttribute("aria-rowindex");
        if (!at || !(event.target as Element).matches("a")) return;
        const index = Number(at) - 1 - (head ? 1 : 0);
        const steps: Record<string, number> = {
            ArrowDown: index + 1,
            ArrowUp: index - 1,
            Home: 0,
            End: count - 1,
        };
        const next = steps[event.key];
        if (next === undefined || next < 0 || next >= count) return;
        event.preventDefault();
        const top = (place.current?.getBoundingClientRect().top ?? 0) + scrollY + next * height;
        if (top < scrollY + 80) scrollTo(0, top - 160);
        if (top + height > scrollY + innerHeight - 20) scrollTo(0, top + 2 * height - innerHeight);
        const link = linkOf(next);
        if (link) link.focus({ preventScroll: true });
        else wanted.current = next;
    };

    const drawn = [];
    for (let i = Math.min(first, Math.max(0, count - 1)); i < end; i++)
        drawn.push(
            <div
                key={keyOf(i)}
                class="row"
                role="row"
                aria-rowindex={i + 1 + (head ? 1 : 0)}
                style={{ top: `${i * height}px` }}
            >
                {row(i)}
            </div>,
        );
    return (
        <div
            class="rows"
            role="table"
            aria-label={label}
            aria-rowcount={count + (head ? 1 : 0)}
            onKeyDown={onKeyDown}
        >
            {head && (
                <div class="head" role="row" aria-rowindex={1}>
                    {head}
                </div>
            )}
            <div class="body" role="rowgroup" ref={place} style={{ height: `${count * height}px` }}>
                {drawn}
            </div>
        </div>
    );
}
