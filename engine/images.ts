import type { Engine } from "./client";
import { EngineError } from "./errors";
import { parseImage } from "../address/image-name";
import { type Credentials, loginHeader } from "./login";

/** What the Engine reports of a pull. */
export interface PullLine {
    status?: string;
    /** Of a layer. */
    id?: string;
    /** Bytes. */
    progressDetail?: { current?: number; total?: number };
    error?: string;
}

/**
 * Has the Engine pull an image; without a tag `latest`.
 *
 * @param platform such as linux/arm64. Default: the Engine's own
 * @param onProgress called for each of its reports, several times a second
 * @throws EngineError where it cannot be had
 */
export async function pull(
    engine: Engine,
    image: string,
    {
        login,
        platform,
        onProgress,
    }: {
        login?: Credentials | undefined;
        platform?: string | undefined;
        onProgress?: (line: PullLine) => void;
    } = {},
): Promise<void> {
    const { repository, tag } = parseImage(image);
    let failure: string | undefined;
    const { status } = await engine.call("POST", "/images/create", {
        query: { fromImage: repository, tag, platform },
        headers: loginHeader(login),
        onLine: (text) => {
            const line = JSON.parse(text) as PullLine;
            failure ??= line.error;
            onProgress?.(line);
        },
    });
    // The Engine says yes before it begins.
    if (failure !== undefined) throw new EngineError(status, failure);
}
