/** HTTP/1.1 answers that came one after the other on a connection (RFC 9112). Pure. */

export interface Answer {
    status: number;
    /** Names in small letters. */
    headers: Record<string, string>;
    body: Buffer;
}

const END = Buffer.from("\r\n\r\n");

function chunked(bytes: Buffer, at: number): { body: Buffer; next: number } {
    const parts: Buffer[] = [];
    for (;;) {
        const end = bytes.indexOf("\r\n", at);
        const size = end < 0 ? NaN : parseInt(bytes.toString("latin1", at, end), 16);
        if (Number.isNaN(size)) throw new Error("an answer of the registry was cut short");
        const begin = end + 2;
        if (size === 0) return { body: Buffer.concat(parts), next: begin + 2 };
        parts.push(bytes.subarray(begin, begin + size));
        at = begin + size + 2;
    }
}

/** @throws Error where the last one is not whole */
export function answersIn(bytes: Buffer): Answer[] {
    const found: Answer[] = [];
    for (let at = 0; at < bytes.length;) {
        const end = bytes.indexOf(END, at);
        if (end < 0) throw new Error("an answer of the registry was cut short");
        const [first = "", ...lines] = bytes.toString("latin1", at, end).split("\r\n");
        const headers = Object.fromEntries(
            lines.map((line) => {
                const colon = line.indexOf(":");
                return [line.slice(0, colon).toLowerCase(), line.slice(colon + 1).trim()];
            }),
        );
        const status = Number(/^HTTP\/1\.[01] (\d{3})/.exec(first)?.[1]);
        if (Number.isNaN(status)) throw new Error(`the registry answered no HTTP: ${first.slice(0, 80)}`);
        const begin = end + END.length;
        const length = Number(headers["content-length"] ?? 0);
        const { body, next } =
            headers["transfer-encoding"] === "chunked"
                ? chunked(bytes, begin)
                : { body: bytes.subarray(begin, begin + length), next: begin + length };
        if (next > bytes.length) throw new Error("an answer of the registry was cut short");
        found.push({ status, headers, body });
        at = next;
    }
    return found;
}
