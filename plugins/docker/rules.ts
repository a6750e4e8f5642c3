/** Checks of values, each giving the end of a sentence whose subject is the input. */
import { parseDuration } from "./duration";

export const oneOf =
    (...allowed: string[]) =>
    (value: string) =>
        allowed.includes(value) ? undefined : `is "${value}", and must be one of ${allowed.join(", ")}`;

export const atLeast = (limit: number) => (value: number) =>
    value >= limit ? undefined : `is ${value}, and must be at least ${limit}`;

export const port = (value: number) =>
    value >= 0 && value <= 65535 ? undefined : `is ${value}, and must be a port from 1 to 65535`;

export const duration = (value: string) =>
    parseDuration(value) === undefined
        ? `is "${value}", and must be a duration such as 500ms, 30s or 1m30s`
        : undefined;

export const matching = (pattern: RegExp, example: string) => (value: string) =>
    pattern.test(value) ? undefined : `is "${value}", and must look like ${example}`;

/** A value that may be a secret is not repeated. */
export const base64 = (value: string) =>
    /^([A-Za-z0-9+/]{4})*([A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?$/.test(value)
        ? undefined
        : "must be base64 text";

export const absolutePath = matching(/^([a-zA-Z]:[\\/]|\/)/, "an absolute path such as /srv/data");
