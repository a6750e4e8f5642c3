import { isDeepStrictEqual } from "node:util";

import type { InputRule, Props, ResourceType } from "./resource";
import { isUnknown } from "./values";

/** One property that changes. */
export interface Change {
    property: string;
    kind: "add" | "delete" | "update";
    replace: boolean;
}

/** Values that stand for "not set" in the state of the official plugins. */
const isEmpty = (value: unknown): boolean =>
    value === undefined ||
    value === null ||
    value === "" ||
    value === 0 ||
    value === false ||
    (typeof value === "object" && Object.values(value).every(isEmpty));

/** Whether a value in state is what the program asks for. Members that the program leaves out are the Engine's. */
function matches(wanted: unknown, state: unknown, rule: InputRule): boolean {
    if (Array.isArray(wanted)) {
        const have = Array.isArray(state) ? state : [];
        if (wanted.length !== have.length) return false;
        const item: InputRule = rule.members ? { type: "object", members: rule.members } : { type: "string" };
        if (!rule.set) return wanted.every((value, i) => matches(value, have[i], item));
        const left = [...have];
        return wanted.every((value) => {
            const at = left.findIndex((candidate) => matches(value, candidate, item));
            if (at >= 0) left.splice(at, 1);
            return at >= 0;
        });
    }
    if (rule.members) {
        const [want, have] = [wanted, state ?? {}] as [Props, Props];
        return Object.entries(rule.members).every(([key, member]) => {
            const value = want[key] ?? member.default;
            if (value === undefined) return member.computed === true || isEmpty(have[key]);
            return matches(value, have[key], member);
        });
    }
    return isDeepStrictEqual(wanted, state) || (isEmpty(wanted) && isEmpty(state));
}

/**
 * What has to change, by a comparison of the wanted inputs with the outputs in state, as the official plugins do it.
 *
 * @param oldInputs tell an input that the program took back from one that it never gave
 */
export function diff<C>(type: ResourceType<C>, olds: Props, oldInputs: Props, news: Props): Change[] {
    const changes: Change[] = [];
    const normal = (key: string, value: unknown) => type.normalize?.(key, value) ?? value;
    for (const [key, rule] of Object.entries(type.inputs)) {
        const replace = rule.replace ?? false;
        const wanted = news[key] ?? undefined;
        if (wanted === undefined && rule.implied !== undefined) {
            const inForce = olds[key] ?? rule.implied;
            if (!isDeepStrictEqual(inForce, rule.implied))
                changes.push({ property: key, kind: "delete", replace });
            continue;
        }
        if (wanted === undefined) {
            const takenBack = oldInputs[key] !== undefined && !isEmpty(olds[key]);
            if (takenBack && !rule.computed) changes.push({ property: key, kind: "delete", replace });
            continue;
        }
        if (isUnknown(wanted)) {
            changes.push({ property: key, kind: "update", replace });
        } else if (!matches(normal(key, wanted), normal(key, olds[key]), rule)) {
            changes.push({ property: key, kind: isEmpty(olds[key]) ? "add" : "update", replace });
        }
    }
    for (const { property, replace } of type.diff?.(olds, news) ?? []) {
        changes.push({ property, kind: "update", replace });
    }
    return changes;
}
