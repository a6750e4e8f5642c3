/** A user that is not there: the time of a refused login must not tell which ones are. */

/** A name that no user can have (components/auth/users.ts: it begins with a space). */
const NOBODY = " nobody";

/** The Authorization header that is checked where the client's user is not there. */
export const NOBODY_LOGIN = `Basic ${Buffer.from(`${NOBODY}:nothing`).toString("base64")}`;

/**
 * The htpasswd file with a user whom no password lets in, and whose check takes as long as that of the slowest hash.
 *
 * @param htpasswd lines `name:bcrypt hash`
 */
export const withNobody = (htpasswd: string): string => `${htpasswd}${NOBODY}:${hopeless(htpasswd)}\n`;

/**
 * The htpasswd file of some users with all others, whom no password there lets in: each wrong login is checked twice
 * then, and its time tells of nobody.
 *
 * @param htpasswd lines of some users
 * @param all lines of all users
 */
export function withEveryone(htpasswd: string, all: string): string {
    const names = (text: string) => text.split("\n").flatMap((line) => /^[^:]+/.exec(line)?.[0] ?? []);
    const known = new Set(names(htpasswd));
    const hash = hopeless(htpasswd + all);
    const others = names(all).filter((name) => !known.has(name));
    return withNobody(htpasswd + others.map((name) => `${name}:${hash}\n`).join(""));
}

/** A hash that no password has, and whose check takes as long as that of the slowest one of a file. */
function hopeless(htpasswd: string): string {
    const costs = [...htpasswd.matchAll(/:\$2[aby]\$(\d\d)\$/g)].map(([, cost]) => Number(cost));
    const cost = String(Math.max(4, ...costs)).padStart(2, "0");
    // Salt and hash of zeros: to find a password of this hash is as hard as to find one of any other.
    return `$2y$${cost}$${".".repeat(53)}`;
}
