/** The options of who may log in. */
import * as z from "zod";

import type { Definition, Rule } from "../definition/check";
import { generations, GENERATIONS_ALLOWED } from "../definition/generation";
import { option, plain } from "../definition/option";
import { REPOSITORIES } from "../definition/patterns";
import { problem, type Problem, remove, set } from "../definition/problem";
import { text, YES_OR_NO } from "../definition/values";
import type { Options } from "../options";

import { nameProblem, previousProblem, UNTIL, userProblem } from "./users";

const user = z.strictObject({
    password: option(text.optional(), {
        description: "The password, at most 72 bytes (the limit of bcrypt)",
        allowed: "a string of 1 to 72 bytes",
        example: "a long password",
        secret: true,
    }),
    generate: plain(z.boolean().optional(), {
        description:
            "true: a password of 24 random characters, shown by `pulumi stack output --show-secrets passwords`",
        allowed: YES_OR_NO,
        example: true,
    }),
    bcryptHash: option(z.string().optional(), {
        description: "A ready bcrypt hash, as `htpasswd -nB NAME` prints it",
        allowed: "a bcrypt hash ($2a$, $2b$ or $2y$)",
        example: `$2y$10$${"EXAMPLE".repeat(7)}EXAM`,
        secret: true,
    }),
    generation: plain(generations.optional(), {
        description: "Which generated password, counted from 1: another number makes another one",
        default: "1",
        allowed: GENERATIONS_ALLOWED,
        example: 2,
    }),
    previous: plain(z.string().regex(UNTIL).optional(), {
        description:
            "Takes the front. Until when the generated password of the generation before is taken too: a day, to its end, or a time, in UTC",
        allowed: "a day such as 2027-01-31 or a time such as 2027-01-31T18:00:00Z",
        example: "2027-01-31",
    }),
    role: option(z.enum(["push", "pull", "metrics"]).optional(), {
        description:
            "Takes the front. push: reads, writes and deletes. pull: reads. metrics: reads the numbers at /metrics, and nothing else",
        default: "push",
        allowed: "push, pull or metrics",
        example: "pull",
    }),
    repositories: option(z.array(z.string().regex(REPOSITORIES)).min(1).optional(), {
        description: "Takes the front. Repositories that the user may use, team/app or team/* for all below",
        default: "all",
        allowed: "a list of repositories in lower case, each whole or with /* at its end",
        example: ["team/*"],
    }),
});
export type User = z.output<typeof user>;

export const authOptions = {
    auth: plain(z.boolean().default(true), {
        description: "false: no users, anyone who reaches the port may push and delete",
        allowed: YES_OR_NO,
        example: true,
    }),
    realm: option(
        z
            .string()
            .regex(/^[\x20-\x7e]+$/)
            .default("basic-realm"),
        {
            description: "Realm of the login (RFC 7617)",
            allowed: "printable ASCII characters",
            example: "basic-realm",
        },
    ),
    users: option(z.record(z.string(), user).default({}), {
        description: "User name → one of password, generate: true, bcryptHash",
        allowed: "an object of user names, each with one of password, generate, bcryptHash",
        example: { admin: { generate: true } },
        secret: true,
    }),
    bcryptCost: option(z.int().min(4).max(14).default(10), {
        description:
            "Cost of the hash of given passwords; each step doubles the time of every request's check",
        allowed: "a whole number from 4 to 14",
        example: 10,
    }),
};

const WAYS = ["password", "generate", "bcryptHash"] as const;

/**
 * A user with the one way in which he gets his password: a password or a hash that is given takes the place of a
 * generated one, so that setting `users.NAME.password` is all that it takes.
 */
export function chosenWay<T extends { [K in (typeof WAYS)[number]]?: unknown }>(user: T): T {
    if (user.password === undefined && user.bcryptHash === undefined) return user;
    return { ...user, generate: undefined };
}

function userProblems(name: string, user: User): Problem[] {
    const path = ["users", name];
    const wrongName = nameProblem(name);
    if (wrongName !== undefined) return [problem(path, wrongName, remove(path))];
    const previous = previousProblem(chosenWay(user));
    if (previous !== undefined) {
        const at = [...path, "previous"];
        return [problem(at, previous, remove(at))];
    }
    const wrong = userProblem(chosenWay(user));
    if (wrong === undefined) return [];
    const [only, surplus] = WAYS.filter((way) => user[way] !== undefined);
    if (surplus !== undefined) return [problem(path, wrong, remove([...path, surplus]))];
    return [
        problem(
            path,
            wrong,
            // A password beside the wrong hash would be one way to log in too many.
            ...(only === "bcryptHash" ? [remove([...path, only])] : []),
            set([...path, "password"], "a password of 1 to 72 bytes", true),
        ),
    ];
}

const usersRule: Rule<Options> = ({ users, auth }) => {
    const entries = Object.entries(users ?? {});
    if (auth === false)
        return entries.length === 0
            ? []
            : [problem(["auth"], `is false, and ${entries.length} users are set`, set(["auth"], true))];
    if (users && entries.length === 0)
        return [
            problem(
                ["users"],
                "names no user; with authentication on, at least one is needed",
                set(["users", "admin", "generate"], true),
            ),
        ];
    return entries.flatMap(([name, user]) => userProblems(name, user));
};

/** The options of users by themselves. */
export const accounts = z.strictObject({
    users: authOptions.users,
    bcryptCost: authOptions.bcryptCost,
    evenCost: plain(z.boolean().default(false), {
        description:
            "Generated passwords get the same cost, so that the time of a refused login does not tell them apart. For a front, which checks a password once a minute; the registry itself does on every request",
        allowed: YES_OR_NO,
        example: true,
    }),
});
export const ACCOUNTS: Definition<typeof accounts> = {
    options: accounts,
    rules: [({ users }) => usersRule({ users })],
};

export const authRules: readonly Rule<Options>[] = [usersRule];
