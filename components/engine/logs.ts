import type { Engine } from "./client";

/**
 * Takes the frames of a container's log apart (Engine API, ContainerAttach, "Stream format"): eight bytes of header,
 * of which the last four are the length, then the text.
 */
export function logText(frames: Buffer): string {
    const parts: Buffer[] = [];
    for (let at = 0; at + 8 <= frames.length;) {
        const end = at + 8 + frames.readUInt32BE(at + 4);
        parts.push(frames.subarray(at + 8, end));
        at = end;
    }
    return Buffer.concat(parts).toString();
}

/** All that an ended container wrote, both streams in their order. @param tty the log has no frames */
export async function logsOf(engine: Engine, id: string, tty: boolean): Promise<string> {
    const log = await engine.getContainer(id).logs({ stdout: true, stderr: true, follow: false });
    return tty ? log.toString() : logText(log);
}
