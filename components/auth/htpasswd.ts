import { encodeBase64, hashSync } from "bcryptjs";

import { passwordProblem } from "./users";

/**
 * The bcrypt hash of a password, the same on every call with the same arguments.
 *
 * @param salt 16 bytes as base64, kept in state so that an unchanged password keeps its hash
 * @param cost 4 to 31; each step doubles the time
 * @returns `$2y$COST$…`, the form that `htpasswd -B` writes
 * @throws Error where the password is over 72 bytes or the salt is not 16 bytes long
 */
export function bcrypt(password: string, salt: string, cost: number): string {
    const problem = passwordProblem(password);
    if (problem !== undefined) throw new Error(`The user ${problem}.`);
    const bytes = Buffer.from(salt, "base64");
    if (bytes.length !== 16) throw new Error(`A bcrypt salt has 16 bytes, not ${bytes.length}.`);
    return hashSync(password, `$2y$${String(cost).padStart(2, "0")}$${encodeBase64(bytes, 16)}`);
}

/**
 * The text of an htpasswd file.
 *
 * @param hashes user name → bcrypt hash
 * @returns a line per user, sorted by name so that the same users give the same file
 */
export function renderHtpasswd(hashes: Readonly<Record<string, string>>): string {
    return Object.keys(hashes)
        .sort()
        .map((name) => `${name}:${hashes[name]}\n`)
        .join("");
}
