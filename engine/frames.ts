/**
 * Takes the frames of a container's streams apart as they come (Engine API, ContainerAttach, "Stream format"): eight bytes of
 * header, of which the first tells the stream and the last four the length, then the text.
 *
 * @param onText takes bytes of text; stream is 1 for stdout, 2 for stderr
 * @returns takes the next bytes
 */
export function unframed(onText: (text: Buffer, stream: number) => void): (bytes: Buffer) => void {
    let rest: Buffer = Buffer.alloc(0);
    let stream = 0;
    let left = 0;
    return (bytes) => {
        rest = Buffer.concat([rest, bytes]);
        while (rest.length > 0 && (left > 0 || rest.length >= 8)) {
            if (left === 0) {
                stream = rest.readUInt8(0);
                left = rest.readUInt32BE(4);
                rest = rest.subarray(8);
            }
            const text = rest.subarray(0, left);
            if (text.length > 0) onText(text, stream);
            left -= text.length;
            rest = rest.subarray(text.length);
        }
    };
}

/** The text in frames, both streams in their order. */
export function logText(frames: Buffer): string {
    const parts: Buffer[] = [];
    unframed((text) => parts.push(text))(frames);
    return Buffer.concat(parts).toString();
}
