/** What a user list must be. Pure: the configuration and the component ask the same questions. */

/** bcrypt uses the first 72 bytes and silently drops the rest, so a longer password is refused. */
export const PASSWORD_MAX_BYTES = 72;

const BCRYPT_HASH = /^\$2[aby]\$(0[4-9]|[12]\d|3[01])\$[./A-Za-z0-9]{53}$/;

/** A user with known values. Exactly one of the three ways to log in must be given. */
export interface PlainUser {
    password?: string | undefined;
    generate?: boolean | undefined;
    bcryptHash?: string | undefined;
}

/** A day or a time, in UTC (RFC 3339). */
export const UNTIL = /^\d{4}-(0[1-9]|1[0-2])-(0[1-9]|[12]\d|3[01])(T([01]\d|2[0-3]):[0-5]\d:[0-5]\dZ)?$/;

/** The end of a day or a time. @returns seconds since 1970 */
export const endOf = (until: string): number =>
    Math.floor(Date.parse(until.includes("T") ? until : `${until}T23:59:59Z`) / 1000);

/** The end of the time in which the password before is taken too; nothing where that is over, or never began. */
export function overlapOf(
    { previous }: { previous?: string | undefined },
    now = Date.now() / 1000,
): number | undefined {
    const end = previous === undefined ? undefined : endOf(previous);
    return end !== undefined && end > now ? end : undefined;
}

/** What is wrong with a date until which the password before is taken. */
export function previousProblem(
    user: PlainUser & { generation?: number | undefined; previous?: string | undefined },
) {
    if (user.previous === undefined) return undefined;
    if (Number.isNaN(endOf(user.previous))) return "is no day of the calendar";
    if (user.generate !== true) return "is set, and the password is not a generated one";
    return (user.generation ?? 1) > 1 ? undefined : "is set, and there was no generated password before";
}

/** What is wrong with a user name, as the end of a sentence; nothing where it is right. */
export function nameProblem(name: string): string | undefined {
    if (name === "") return "is empty; a user needs a name";
    // Objects take this key for their prototype, and drop it.
    if (name === "__proto__") return "has a name that JavaScript keeps for itself";
    // RFC 7617 section 2: the user-id ends at the first colon and holds no control characters.
    if (name.includes(":"))
        return "has a colon in its name, which ends the name in HTTP basic authentication";
    if (/[\x00-\x1f\x7f]/.test(name)) return "has a control character in its name";
    // The registry trims each line of htpasswd, and skips those that begin with #.
    if (/^[#\s\u0085]/.test(name)) return "begins with # or a space, which the registry does not read";
    if (Buffer.byteLength(name) > 255) return "has a name of more than 255 bytes";
    return undefined;
}

/** What is wrong with a given password. */
export function passwordProblem(password: string): string | undefined {
    if (password === "") return "has an empty password";
    if (Buffer.byteLength(password) > PASSWORD_MAX_BYTES) {
        return `has a password of ${Buffer.byteLength(password)} bytes; bcrypt reads ${PASSWORD_MAX_BYTES} at most`;
    }
    // RFC 7617 section 2 again.
    if (/[\x00-\x1f\x7f]/.test(password)) return "has a control character in the password";
    if (password !== password.trim())
        return "has a password with a blank at its begin or end, which `docker login` cuts off: it could never log in";
    return undefined;
}

/** What is wrong with a ready hash. */
export function hashProblem(hash: string): string | undefined {
    return BCRYPT_HASH.test(hash)
        ? undefined
        : "has a bcryptHash that is no bcrypt hash ($2a$, $2b$ or $2y$)";
}

/** What is wrong with a user, apart from the name. */
export function userProblem(user: PlainUser): string | undefined {
    const ways = [user.password !== undefined, user.generate === true, user.bcryptHash !== undefined];
    if (ways.filter(Boolean).length !== 1) return "needs exactly one of password, generate: true, bcryptHash";
    if (user.password !== undefined) return passwordProblem(user.password);
    if (user.bcryptHash !== undefined) return hashProblem(user.bcryptHash);
    return undefined;
}
