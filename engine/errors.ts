/** A refusal of the Engine, in its own words. */
export class EngineError extends Error {
    override name = "EngineError";

    /** @param status of its HTTP answer */
    constructor(
        readonly status: number,
        words: string,
    ) {
        super(words.trim());
    }
}

/** What went wrong, without a stack. */
export const messageOf = (error: unknown): string => (error instanceof Error ? error.message : String(error));

/** Whether the Engine says that there is no such object. */
export const isNotFound = (error: unknown): boolean => error instanceof EngineError && error.status === 404;

/** Whether the Engine's words hold a text. */
export const says = (error: unknown, text: string): boolean =>
    messageOf(error).toLowerCase().includes(text.toLowerCase());

/** Puts what was tried in front of the Engine's words: `doing("create network x", () => …)`. */
export async function doing<T>(what: string, work: () => Promise<T>): Promise<T> {
    try {
        return await work();
    } catch (error) {
        throw new Error(`Unable to ${what}: ${messageOf(error)}`);
    }
}

/** What the Engine has, or nothing where it says that there is no such object. */
export async function found<T>(work: () => Promise<T>): Promise<T | undefined> {
    try {
        return await work();
    } catch (error) {
        if (isNotFound(error)) return undefined;
        throw error;
    }
}

/** Milliseconds. */
const pause = (time: number) => new Promise((resolve) => setTimeout(resolve, time));

/**
 * Tries every 500 ms until it works, as long as the Engine gives an answer that may pass.
 *
 * @param passes text of the answer that may pass, such as "volume is in use"
 * @param limit milliseconds
 */
export async function retrying<T>(passes: string, limit: number, work: () => Promise<T>): Promise<T> {
    for (const start = Date.now(); ;) {
        try {
            return await work();
        } catch (error) {
            if (!says(error, passes) || Date.now() - start > limit) throw error;
        }
        await pause(500);
    }
}
