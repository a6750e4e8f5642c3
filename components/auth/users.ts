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
