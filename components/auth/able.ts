/** Who may do what: for the kit, which acts as one of the users. The front decides by its own configuration (front/access.ts). Pure. */
import { meansRepository } from "../definition/matches";

import type { User } from "./options";

/** What of a user decides what he may do. */
export type Rights = Pick<Partial<User>, "role" | "repositories">;

/** What somebody is needed for. */
export interface Deed {
    /** read: pulls, lists. push: writes and deletes, too. */
    does: "read" | "push";
    /** In every repository, in any one, or in this one. */
    where: "everywhere" | "somewhere" | { repository: string };
}

function may({ role = "push", repositories }: Rights, { does, where }: Deed): boolean {
    if (role === "metrics" || (does === "push" && role === "pull")) return false;
    if (repositories === undefined || where === "somewhere") return true;
    return (
        where !== "everywhere" && repositories.some((pattern) => meansRepository(pattern, where.repository))
    );
}

/** Names of the users who may do something, the first in line first. */
export const ableTo = (users: Readonly<Record<string, Rights>>, deed: Deed): string[] =>
    Object.entries(users).flatMap(([name, rights]) => (may(rights, deed) ? [name] : []));

/** What a login is good for, the most first. */
export const USES: readonly Deed[] = [
    { does: "push", where: "everywhere" },
    { does: "push", where: "somewhere" },
    { does: "read", where: "somewhere" },
];

/** The first user who may do the first of several things that anyone may do at all. */
export function mostAble(
    users: Readonly<Record<string, Rights>>,
    deeds: readonly Deed[] = USES,
): string | undefined {
    for (const deed of deeds) {
        const [able] = ableTo(users, deed);
        if (able !== undefined) return able;
    }
    return undefined;
}

/** That the kit has nobody for something, for a sentence. */
export function nobodyMay({ does, where }: Deed): string {
    const place =
        typeof where !== "string" ? `to ${where.repository}` : where === "somewhere" ? "anything" : where;
    return `no user may ${does} ${place} by a password that the stack knows`;
}
