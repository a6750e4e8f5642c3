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
export function withNobody(htpasswd: string): string {
    const costs = [...htpasswd.matchAll(/:\$2[aby]\$(\d\d)\$/g)].map(([, cost]) => Number(cost));
    const cost = String(Math.max(4, ...costs)).padStart(2, "0");
    // Salt and hash of zeros: to find a password of this hash is as hard as to find one of any other.
    return `${htpasswd}${NOBODY}:$2y$${cost}$${".".repeat(53)}\n`;
}
