import type { Endpoint } from "../engine/endpoint";
import { callEngine, refusal } from "../engine/http";
import { SetupError } from "./errors";
import { parseImage } from "../address/image-name";
import { withProgress } from "./progress";

interface Version {
    Os: string;
    Arch: string;
}

/** The engine's processor, in the words of Go and Debian; fails where the engine runs no Linux containers. */
export async function linuxArch(engine: Endpoint): Promise<string> {
    const version = JSON.parse((await callEngine(engine, { path: "/version" })).body) as Version;
    if (version.Os !== "linux") {
        throw new SetupError(
            `The Docker Engine runs ${version.Os} containers, and the kit needs Linux ones: switch it over.`,
        );
    }
    return version.Arch;
}

/**
 * Makes an image of a root file system. An import makes one layer in one call, where a build would need a
 * Dockerfile, a context and BuildKit or not.
 *
 * @param archive tar of the root file system
 * @param changes instructions of a Dockerfile
 */
export async function importImage(
    engine: Endpoint,
    image: string,
    archive: Buffer,
    changes: string[],
): Promise<void> {
    const { repository, tag } = parseImage(image);
    const query = new URLSearchParams({ fromSrc: "-", repo: repository, tag });
    for (const change of changes) query.append("changes", change);
    const answer = await withProgress("making the image", () =>
        callEngine(engine, {
            method: "POST",
            path: `/images/create?${query.toString()}`,
            headers: { "Content-Type": "application/x-tar" },
            body: archive,
            idleMs: 300_000,
        }),
    );
    if (answer.status !== 200 || /"error":/.test(answer.body)) {
        throw new SetupError(`The Docker Engine does not take the image: ${refusal(answer)}`);
    }
}
