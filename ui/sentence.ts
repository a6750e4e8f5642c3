/** An error as a sentence. */
import { RegistryError } from "./registry";
import type { Words } from "./words";

/** @param atLogin whether a login was just tried */
export function sentence(error: unknown, { errors }: Words, atLogin = false): string {
    // It was answered, and is not what it says: others push what they like.
    if (!(error instanceof RegistryError)) return errors.unreadable;
    const { status, code, told, retryAfter } = error;
    if (status === 0) return errors.offline;
    if (status === 401) return atLogin ? errors.wrong : errors.expired;
    if (status === 429) return /login/.test(told) ? errors.limited(retryAfter ?? 60) : errors.busy;
    if (code === "NAME_UNKNOWN") return errors.unknownRepository;
    if (/^MANIFEST_(?:BLOB_)?UNKNOWN$/.test(code) || status === 404) return errors.unknownManifest;
    // 3.x answers 405 where deletion is off; 2.8 takes no tag there, and says that it is no digest.
    if (status === 405 || code === "UNSUPPORTED" || code === "DIGEST_INVALID") return errors.noDelete;
    if (status === 403) return atLogin ? errors.numbersOnly : errors.denied;
    if (status === 503 && /garbage/.test(told)) return errors.collecting;
    if (status >= 500) return errors.away;
    return errors.other(status, told);
}
