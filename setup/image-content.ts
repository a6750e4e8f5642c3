import { createHash } from "node:crypto";

import type { ImageInspectInfo } from "../engine/types";

/**
 * Tells images apart by what is in them, the same on every Engine: an image's ID is another one where the Engine keeps its images in
 * containerd.
 *
 * @returns SHA-256, in hex
 */
export function contentOf({ Created = "", RootFS, Config }: ImageInspectInfo): string {
    const { Env, Cmd, Entrypoint, User, WorkingDir, Labels } = Config ?? {};
    const content = [
        Date.parse(Created),
        RootFS?.Layers ?? [],
        ...[Env, Cmd, Entrypoint].map((list) => list ?? []),
        ...[User, WorkingDir].map((text) => text ?? ""),
        Object.entries(Labels ?? {}).sort(([one], [other]) => (one < other ? -1 : 1)),
    ];
    return createHash("sha256").update(JSON.stringify(content)).digest("hex");
}
