/** ApacheBench, which comes with htpasswd: a client in Node would take more of the machine than the servers. */
import { must } from "../tests/e2e/run";

export interface Asking {
    /** Connections at once, which stay. */
    clients: number;
    seconds: number;
    /** `user:password`; "" for none. */
    login: string;
}

/** Answers a second. @throws Error with what ab says where one was not 2xx */
export async function answersEachSecond(url: string, { clients, seconds, login }: Asking): Promise<number> {
    const args = ["-q", "-k", "-c", String(clients), "-t", String(seconds), "-n", "1000000"];
    const text = await must("ab", [...args, ...(login === "" ? [] : ["-A", login]), url]);
    const [, each] = /^Requests per second: +([\d.]+)/m.exec(text) ?? [];
    if (each === undefined || /^Non-2xx/m.test(text)) throw new Error(`ab ${url}:\n${text}`);
    return Number(each);
}
