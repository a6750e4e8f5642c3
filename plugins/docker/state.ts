/** What inputs become in state. */
import { diff } from "../framework/diff";
import type { InputRule, Props, ResourceType } from "../framework/resource";

/** What the official provider writes for a member that is not given: Terraform's zero value. */
function zero(rule: InputRule): unknown {
    switch (rule.type) {
        case "string":
            return "";
        case "integer":
        case "number":
            return 0;
        case "boolean":
            return false;
        case "array":
            return [];
        case "map":
            return {};
        case "object":
            return null;
    }
}

function complete(rule: InputRule, value: unknown): unknown {
    const { members } = rule;
    if (!members) return value;
    if (rule.type === "array")
        return (value as unknown[]).map((item) => complete({ ...rule, type: "object" }, item));
    const given = value as Props;
    return Object.fromEntries(
        Object.entries(members).map(([key, member]) => [
            key,
            given[key] === undefined ? (member.default ?? zero(member)) : complete(member, given[key]),
        ]),
    );
}

/** Lists and maps are empty where they are not given, and all else is null. */
const missing = (rule: InputRule): unknown =>
    rule.type === "array" || rule.type === "map" ? zero(rule) : null;

/**
 * The state that inputs ask for, each with every member, as the official provider writes it.
 *
 * @param olds what is known of the object already, for what it fills in itself
 */
export function planned(rules: Record<string, InputRule>, inputs: Props, olds: Props = {}): Props {
    return Object.fromEntries(
        Object.entries(rules).map(([key, rule]) => {
            const value = inputs[key] ?? rule.default;
            if (value !== undefined) return [key, complete(rule, value)];
            return [key, (rule.computed ? olds[key] : undefined) ?? missing(rule)];
        }),
    );
}

/**
 * The state of an object that was read. What says the same in other words (order of a set, `90s` for `1m30s`) keeps
 * the words of the program, since the official provider compares the words.
 *
 * @param base the state as it was, or as it is planned
 */
export function settle<C>(type: ResourceType<C>, base: Props, fresh: Props): Props {
    const words = Object.fromEntries(Object.entries(base).filter(([, value]) => value !== null));
    const changed = new Set(diff(type, fresh, {}, words).map(({ property }) => property));
    const stays = (key: string) => key in type.inputs && key in words && !changed.has(key);
    return Object.fromEntries(
        Object.entries(fresh).map(([key, value]) => [key, stays(key) ? base[key] : value]),
    );
}

/**
 * The inputs that would make an object as it stands. An input that says the same in other words stays as it is.
 *
 * @param inputs the last known ones; empty on import
 */
export function inputsOf<C>(type: ResourceType<C>, inputs: Props, outs: Props): Props {
    const imported = Object.keys(inputs).length === 0;
    const changed = new Set(diff(type, outs, inputs, inputs).map(({ property }) => property));
    const result: Props = {};
    for (const key of Object.keys(type.inputs)) {
        const stays = key in inputs && !changed.has(key);
        const value = stays ? inputs[key] : outs[key];
        const wanted = imported ? isSet(value) : key in inputs;
        if (wanted) result[key] = imported ? withoutZeros(type.inputs[key], value) : value;
    }
    return result;
}

/** Only what a program would write: a member that is not set, and need not be, is left out. */
function withoutZeros(rule: InputRule | undefined, value: unknown): unknown {
    const members = rule?.members;
    if (!members) return value;
    if (Array.isArray(value)) return value.map((item) => withoutZeros({ type: "object", members }, item));
    return Object.fromEntries(
        Object.entries(value as Props)
            .filter(([key, member]) => members[key]?.required === true || isSet(member))
            .map(([key, member]) => [key, withoutZeros(members[key], member)]),
    );
}

/** Whether a value is more than the zero of its type. */
const isSet = (value: unknown): boolean =>
    typeof value === "object" ? Object.keys(value ?? {}).length > 0 : Boolean(value);

/** Labels as the Engine has them, in a stable order. */
export const labelList = (labels: Record<string, string> | null | undefined) =>
    Object.entries(labels ?? {})
        .sort(([a], [b]) => (a < b ? -1 : 1))
        .map(([label, value]) => ({ label, value }));

/** Labels as the Engine wants them. */
export const labelMap = (labels: { label: string; value: string }[] | undefined): Record<string, string> =>
    Object.fromEntries((labels ?? []).map(({ label, value }) => [label, value]));

/** The input `labels`. */
export const labelsRule: InputRule = {
    type: "array",
    set: true,
    replace: true,
    members: { label: { type: "string", required: true }, value: { type: "string", required: true } },
};
