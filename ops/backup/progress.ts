/** How far restic is, in words. Pure. */
import { howFar } from "../shared/size";

interface Status {
    message_type?: string;
    bytes_done?: number;
    total_bytes?: number;
}

/** @param seconds since restic began to read */
export function progressText(line: string, seconds: number): string | undefined {
    if (!line.includes('"message_type":"status"')) return undefined;
    let status: Status;
    try {
        status = JSON.parse(line) as Status;
    } catch {
        return undefined;
    }
    const { bytes_done: done = 0, total_bytes: total = 0 } = status;
    if (total === 0) return undefined;
    return howFar(done, total, seconds);
}
