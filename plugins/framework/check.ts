import { randomBytes } from "node:crypto";

import type { InputRule, Props, ResourceType } from "./resource";
import { isUnknown } from "./values";

/** An input that is wrong. */
export interface Failure {
    property: string;
    reason: string;
}

function hasType(value: unknown, rule: InputRule): boolean {
    switch (rule.type) {
        case "string":
        case "boolean":
        case "number":
            return typeof value === rule.type;
        case "integer":
            return Number.isInteger(value);
        case "array":
            return Array.isArray(value);
        case "object":
        case "map":
            return typeof value === "object" && value !== null && !Array.isArray(value);
    }
}

/** SDKs and the CLI may hand a number or a boolean over as text, as the official plugins accept it. */
function coerce(value: unknown, rule: InputRule): unknown {
    if (
        typeof value === "string" &&
        (rule.type === "integer" || rule.type === "number") &&
        value.trim() !== ""
    ) {
        return Number.isNaN(Number(value)) ? value : Number(value);
    }
    if (rule.type === "boolean" && (value === "true" || value === "false")) return value === "true";
    return value;
}

function checkValue(path: string, given: unknown, rule: InputRule, failures: Failure[]): unknown {
    if (isUnknown(given) && (typeof given !== "object" || given === null)) return given;
    const value = coerce(given, rule);
    if (!hasType(value, rule)) {
        failures.push({ property: path, reason: `must be of type ${rule.type}, and is ${typeof given}` });
        return value;
    }
    if (rule.members && rule.type === "array") {
        return (value as unknown[]).map((item, i) =>
            checkValue(`${path}[${i}]`, item, { type: "object", members: rule.members ?? {} }, failures),
        );
    }
    if (rule.members) return checkMembers(`${path}.`, value as Props, rule.members, failures);
    const checked = rule.element === undefined ? value : checkElements(path, value, rule.element, failures);
    const reason = isUnknown(value) ? undefined : rule.validate?.(checked as never);
    if (reason !== undefined) failures.push({ property: path, reason });
    return checked;
}

/** Checks the elements of an array or of a map. */
function checkElements(
    path: string,
    value: unknown,
    type: NonNullable<InputRule["element"]>,
    failures: Failure[],
): unknown {
    if (Array.isArray(value))
        return value.map((item, i) => checkValue(`${path}[${i}]`, item, { type }, failures));
    return Object.fromEntries(
        Object.entries(value as Props).map(([key, item]) => [
            key,
            checkValue(`${path}[${JSON.stringify(key)}]`, item, { type }, failures),
        ]),
    );
}

/** Checks properties against rules, and fills in the defaults. */
export function checkMembers(
    prefix: string,
    props: Props,
    rules: Readonly<Record<string, InputRule>>,
    failures: Failure[],
): Props {
    const result: Props = {};
    for (const [key, value] of Object.entries(props)) {
        const rule = Object.hasOwn(rules, key) ? rules[key] : undefined;
        if (rule !== undefined) result[key] = checkValue(`${prefix}${key}`, value, rule, failures);
        else {
            const reason =
                "is not implemented by the kit's embedded plugin; leave it out, or install the official plugin";
            failures.push({ property: `${prefix}${key}`, reason });
        }
    }
    for (const [key, rule] of Object.entries(rules)) {
        if (key in result) continue;
        if (rule.default !== undefined) result[key] = rule.default;
        else if (rule.required) failures.push({ property: `${prefix}${key}`, reason: "is required" });
    }
    return result;
}

/** The logical name at the end of a URN. */
export const nameOf = (urn: string): string => urn.slice(urn.lastIndexOf("::") + 2);

/** Check: what a resource is made of, or what is wrong with it. */
export function check<C>(
    type: ResourceType<C>,
    urn: string,
    olds: Props,
    news: Props,
): { inputs: Props; failures: Failure[] } {
    const failures: Failure[] = [];
    const named = { ...news };
    if (type.autoName !== undefined && named[type.autoName] === undefined) {
        named[type.autoName] =
            olds[type.autoName] ?? `${nameOf(urn)}-${randomBytes(4).toString("hex").slice(0, 7)}`;
    }
    const inputs = checkMembers("", named, type.inputs, failures);
    if (failures.length === 0) {
        for (const reason of type.check?.(inputs) ?? []) failures.push({ property: "", reason });
    }
    return { inputs, failures };
}
