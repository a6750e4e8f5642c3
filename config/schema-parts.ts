/** The parts of the schema that are objects: a user, the health check. */
import * as z from "zod";

import { field, text } from "./fields";

// The grammar of names (OCI distribution spec), with a star for all below.
const PART = "[a-z0-9]+(?:(?:[._]|__|-+)[a-z0-9]+)*";
const REPOSITORIES = new RegExp(`^${PART}(?:/${PART})*(?:/\\*)?$`);

export const user = z.strictObject({
    password: field(text.optional(), {
        description: "The password, at most 72 bytes (the limit of bcrypt)",
        allowed: "a string of 1 to 72 bytes",
        example: "'a long password'",
        secret: true,
    }),
    generate: field(z.boolean().optional(), {
        description:
            "true: a password of 24 random characters, shown by `pulumi stack output --show-secrets passwords`",
        allowed: "true or false",
        example: "true",
    }),
    bcryptHash: field(z.string().optional(), {
        description: "A ready bcrypt hash, as `htpasswd -nB NAME` prints it",
        allowed: "a bcrypt hash ($2a$, $2b$ or $2y$)",
        example: "'$2y$10$…'",
        secret: true,
    }),
    role: field(z.enum(["push", "pull"]).optional(), {
        description: "front: nginx. push: reads, writes and deletes. pull: reads. Default: push",
        allowed: "push or pull",
        example: "pull",
    }),
    repositories: field(z.array(z.string().regex(REPOSITORIES)).min(1).optional(), {
        description:
            "front: nginx. Repositories that the user may use, team/app or team/* for all below. Default: all",
        allowed: "a list of repositories in lower case, each whole or with /* at its end",
        example: "--path 'users.NAME.repositories[0]' 'team/*'",
    }),
});

export const health = z.strictObject({
    enabled: field(z.boolean().default(true), {
        description: "The registry watches its storage, and answers 503 when it fails",
        allowed: "true or false",
        example: "true",
    }),
    interval: field(
        z
            .string()
            .regex(/^\d+(ms|s|m|h)$/)
            .default("10s"),
        {
            description: "Time between two checks of the storage",
            allowed: "a number with ms, s, m or h",
            example: "10s",
        },
    ),
    threshold: field(z.int().min(1).default(3), {
        description: "Failures in a row that make the storage unhealthy",
        allowed: "a whole number from 1",
        example: "3",
    }),
});

export const adopt = field(z.array(z.string().regex(/^[a-zA-Z0-9][a-zA-Z0-9_.-]+$/)).default([]), {
    description:
        "What another deployment made and this one takes over: identities of lost deployments, or names of Docker objects (docs/ownership.md)",
    allowed: "a list of identities and of names of Docker objects",
    example: "--path 'adopt[0]' 0123456789abcdef0123456789abcdef",
});
