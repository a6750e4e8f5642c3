/** What a request to the stand-in brings, and how it is refused. */
import type { z } from "zod";

import type { Store } from "./store";

/** An answer that ends the request. */
export class Refusal extends Error {
    constructor(
        readonly status: number,
        readonly body: unknown = "",
    ) {
        super(String(status));
    }
}

export interface Call {
    store: Store;
    /** Parts of the path in parentheses. */
    parts: string[];
    query: URLSearchParams;
    body: () => unknown;
    text: string;
}

export interface Reply {
    status: number;
    /** Text, bytes, or what becomes JSON. */
    body?: unknown;
    headers?: Record<string, string>;
}

export type Handler = (call: Call) => Reply;

export const wrong = (id: string, message: string) => new Refusal(400, [{ id, message }]);

export function valid<T>(schema: z.ZodType<T>, value: unknown): T {
    const { success, data, error } = schema.safeParse(value);
    if (success) return data;
    throw new Refusal(
        400,
        error.issues.map(({ path, message }) => ({ id: path.join("."), message })),
    );
}

/** Method, path under /service/rest, handler. All of them need the administrator. */
export type Route = [string, RegExp, Handler];
