/** Values as they travel between the engine and a plugin. */
import { Struct } from "google-protobuf/google/protobuf/struct_pb";

import { type Props, UNKNOWN } from "./resource";

/** What the engine and the official plugins leave in inputs and outputs for themselves. */
const BOOKKEEPING: readonly string[] = ["__defaults", "__internal", "__meta", "__pulumi_raw_state_delta"];

/** Key and value that mark a secret on the wire (pulumi/pulumi, sdk/go/common/resource/sig). */
const SIGNATURE = "4dabf18193072939515e22adb298388d";
const SECRET = { [SIGNATURE]: "1b47061264138c4ac30d75fd1eb44270" };

/** A value out of the wrapper of a secret: provider configuration comes in it, before the engine knows what we take. */
export function unwrapped(value: unknown): unknown {
    if (typeof value !== "object" || value === null) return value;
    const { [SIGNATURE]: signature, value: inner } = value as Record<string, unknown>;
    return signature === SECRET[SIGNATURE] ? inner : value;
}

const isAbsent = (value: unknown) => value === undefined || value === null;

/** A value without bookkeeping keys and without members that are absent. */
export function clean(value: unknown): unknown {
    if (Array.isArray(value)) return value.map(clean);
    if (typeof value !== "object" || value === null) return value;
    return Object.fromEntries(
        Object.entries(value)
            .filter(([key, member]) => !BOOKKEEPING.includes(key) && !isAbsent(member))
            .map(([key, member]) => [key, clean(member)]),
    );
}

/** The properties of a message, cleaned. */
export const fromStruct = (struct: Struct | undefined): Props => clean(struct?.toJavaScript() ?? {}) as Props;

/** A value without members that are undefined, which the wire format has no form for. */
function defined(value: unknown): unknown {
    if (Array.isArray(value)) return value.map(defined);
    if (typeof value !== "object" || value === null) return value;
    return Object.fromEntries(
        Object.entries(value)
            .filter(([, member]) => member !== undefined)
            .map(([key, member]) => [key, defined(member)]),
    );
}

/**
 * Properties for a message. Absent outputs stay null, as the official plugins write them.
 *
 * @param secrets names of the properties that are marked as secret
 */
export function toStruct(props: Props, secrets: readonly string[] = []): Struct {
    const marked = Object.entries(defined(props) as Props).map(([key, value]) => [
        key,
        secrets.includes(key) ? { ...SECRET, value } : value,
    ]);
    return Struct.fromJavaScript(Object.fromEntries(marked) as Parameters<typeof Struct.fromJavaScript>[0]);
}

/** Whether a preview does not know a value yet, or not the whole of it. */
export function isUnknown(value: unknown): boolean {
    if (value === UNKNOWN) return true;
    if (typeof value !== "object" || value === null) return false;
    return Object.values(value).some(isUnknown);
}
