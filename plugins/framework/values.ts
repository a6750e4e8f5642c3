/** Values as they travel between the engine and a plugin. */
import { Struct } from "google-protobuf/google/protobuf/struct_pb";

import { type Props, UNKNOWN } from "./resource";

/** Bookkeeping that the official plugins leave in inputs and outputs (`__defaults`, `__meta`). */
const isBookkeeping = (key: string) => key.startsWith("__");

const isAbsent = (value: unknown) => value === undefined || value === null;

/** A value without bookkeeping keys and without members that are absent. */
export function clean(value: unknown): unknown {
    if (Array.isArray(value)) return value.map(clean);
    if (typeof value !== "object" || value === null) return value;
    return Object.fromEntries(
        Object.entries(value)
            .filter(([key, member]) => !isBookkeeping(key) && !isAbsent(member))
            .map(([key, member]) => [key, clean(member)]),
    );
}

/** The properties of a message, cleaned. */
export const fromStruct = (struct: Struct | undefined): Props => clean(struct?.toJavaScript() ?? {}) as Props;

/** Properties for a message. Absent outputs stay null, as the official plugins write them. */
export function toStruct(props: Props): Struct {
    const known = Object.entries(props).filter(([, value]) => value !== undefined);
    return Struct.fromJavaScript(Object.fromEntries(known) as Parameters<typeof Struct.fromJavaScript>[0]);
}

/** Whether a preview does not know a value yet, or not the whole of it. */
export function isUnknown(value: unknown): boolean {
    if (value === UNKNOWN) return true;
    if (typeof value !== "object" || value === null) return false;
    return Object.values(value).some(isUnknown);
}
