/** The process that a collection or a lock belongs to, in a text that a later command can look up. */
import { hostname } from "node:os";

import { birthOf, isAlive } from "../../setup/start.cjs";

/** `HOST:PID:BIRTH` */
export const processText = (pid = process.pid, host = hostname()) => `${host}:${pid}:${birthOf(pid)}`;

const partsOf = (text: string) => /^(.*):(\d+):(.*)$/.exec(text)?.slice(1) ?? [];

/** `HOST:PID` */
export const shown = (text: string): string => partsOf(text).slice(0, 2).join(":");

/** Whether another process is at work. @param running whether a container of its work is: all that tells of another host */
export function isAtWork(text: string, running: boolean): boolean {
    const [host, number, birth] = partsOf(text);
    if (host !== hostname()) return running;
    const pid = Number(number);
    return pid !== process.pid && isAlive(pid) && birthOf(pid) === birth;
}
