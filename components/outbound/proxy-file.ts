/** The file by which a container learns of an HTTP proxy. Pure. */
import { inQuotes } from "../../text/shell";

/** Name in a configuration volume: a variable of the container would show a login in `docker inspect`. */
export const PROXY_FILE = "proxy.env";

export interface ProxySettings {
    /** Proxy for http:// URLs; nothing for none. */
    http?: string | undefined;
    /** Proxy for https:// URLs. */
    https?: string | undefined;
    /** What is reached without it, as NO_PROXY takes it (golang.org/x/net/http/httpproxy). */
    none: readonly string[];
}

/** The file's text, in both spellings: some programs read the one, some the other. */
export function renderProxy({ http, https, none }: ProxySettings): string {
    const values = {
        HTTP_PROXY: http,
        HTTPS_PROXY: https,
        NO_PROXY: ["localhost", "127.0.0.1", "::1", ...none].join(","),
    };
    return Object.entries(values)
        .flatMap(([name, value]) =>
            value === undefined ? [] : [name, name.toLowerCase()].map((one) => [one, value]),
        )
        .map(([name, value = ""]) => `export ${name}=${inQuotes(value)}\n`)
        .join("");
}

/** The shell's words that read the file, where there is one, before a program starts. @param folder of the volume */
export const withProxy = (folder: string): string =>
    `[ ! -e ${folder}/${PROXY_FILE} ] || . ${folder}/${PROXY_FILE}`;
