import { readFileSync } from "node:fs";

import type { Upload } from "./container-inputs";
import { tar, type TarEntry } from "../../engine/tar";

function content({ content, contentBase64, source }: Upload): Buffer {
    if (content) return Buffer.from(content);
    if (contentBase64) return Buffer.from(contentBase64, "base64");
    return readFileSync(String(source));
}

function mode({ permissions, executable }: Upload): number {
    if (permissions) return parseInt(permissions, 8);
    return executable ? 0o744 : 0o644;
}

const toFile = (upload: Upload): TarEntry => ({
    path: upload.file,
    mode: mode(upload),
    content: content(upload),
});

/** The archive that puts the uploads into a container's file system, when unpacked at its root. */
export const archive = (uploads: Upload[], time = new Date()): Promise<Buffer> =>
    tar(uploads.map(toFile), time);
