import { callEngine } from "../components/engine/request";
import type { Endpoint } from "./endpoint";
import { SetupError, messageOf } from "./errors";

export {
    callEngine,
    type EngineAnswer,
    type EngineRequest,
    EngineSilent,
    refusal,
} from "../components/engine/request";

/** Whether an engine answers there; else why not. */
export async function ping(
    endpoint: Endpoint,
): Promise<{ ok: true } | { ok: false; reason: string; code?: string }> {
    try {
        const idleMs = endpoint.url.startsWith("ssh:") ? 20_000 : 3_000;
        const answer = await callEngine(endpoint, { path: "/_ping", idleMs });
        if (answer.status === 200) return { ok: true };
        return { ok: false, reason: `HTTP status ${answer.status}` };
    } catch (error) {
        if (error instanceof SetupError) throw error;
        return { ok: false, reason: messageOf(error), code: (error as NodeJS.ErrnoException).code };
    }
}
