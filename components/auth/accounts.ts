import * as pulumi from "@pulumi/pulumi";
import * as random from "@pulumi/random";

import { bcrypt, renderHtpasswd } from "./htpasswd";
import { nameProblem } from "./users";

/** Length of a generated password: 24 of 62 characters are 142 bits. */
const GENERATED_LENGTH = 24;

/**
 * Cost of the hash of a generated password. A slow hash protects passwords that can be guessed; 142 random bits
 * cannot, and the registry pays for the hash on every request.
 */
const GENERATED_COST = 4;

/** A user. Exactly one of `password`, `generate` and `bcryptHash`. */
export interface AccountArgs {
    /** Without colon and control characters (RFC 7617 section 2). */
    name: string;
    /** At most 72 bytes. Kept as a secret. */
    password?: pulumi.Input<string> | undefined;
    /** Generate a password of 24 letters and digits. @default false */
    generate?: boolean | undefined;
    /** A ready bcrypt hash. Kept as a secret. */
    bcryptHash?: pulumi.Input<string> | undefined;
    /** What a front lets the user do: pull reads, push writes and deletes too. @default "push" */
    role?: pulumi.Input<"push" | "pull"> | undefined;
    /** Repositories that a front lets the user use: `team/app`, or `team/*` for all below. @default all */
    repositories?: pulumi.Input<string[]> | undefined;
}

export interface AccountsArgs {
    /** At least one, each name once. */
    users: AccountArgs[];
    /** Cost of the hash of given passwords, 4 to 31. @default 10 */
    bcryptCost?: number | undefined;
    /**
     * Generated passwords get the same cost, so that the time of a refused login does not tell them apart. For a front,
     * which checks a password once a minute; the registry itself checks it on every request. @default false
     */
    evenCost?: boolean | undefined;
}

/** The users of the registry: their passwords and the htpasswd file. */
export class Accounts extends pulumi.ComponentResource {
    /** The htpasswd file, a line `name:bcrypt hash` per user. Secret. */
    readonly htpasswd: pulumi.Output<string>;
    /** User name → password, of the users whose password is known (not of ready hashes). Secret. */
    readonly passwords: pulumi.Output<Record<string, string>>;

    /** @throws pulumi.ResourceError where a name is wrong or twice there, or there is no user */
    constructor(name: string, args: AccountsArgs, opts?: pulumi.ComponentResourceOptions) {
        super("private-registry:index:Accounts", name, {}, opts);
        this.validate(args.users);
        const parent = { parent: this };
        const cost = args.bcryptCost ?? 10;
        const generatedCost = args.evenCost ? cost : GENERATED_COST;

        const hashes: Record<string, pulumi.Output<string>> = {};
        const passwords: Record<string, pulumi.Output<string>> = {};
        for (const user of args.users) {
            if (user.bcryptHash !== undefined) {
                hashes[user.name] = pulumi.secret(user.bcryptHash);
                continue;
            }
            const password = user.generate
                ? new random.RandomPassword(
                      `${name}-${user.name}-password`,
                      { length: GENERATED_LENGTH, special: false },
                      parent,
                  ).result
                : pulumi.secret(user.password ?? "");
            const salt = new random.RandomBytes(`${name}-${user.name}-salt`, { length: 16 }, parent);
            passwords[user.name] = password;
            hashes[user.name] = pulumi
                .all([password, salt.base64])
                .apply(([text, bytes]) => bcrypt(text, bytes, user.generate ? generatedCost : cost));
        }

        this.htpasswd = pulumi.secret(pulumi.all(hashes).apply(renderHtpasswd));
        this.passwords = pulumi.secret(pulumi.all(passwords));
        this.registerOutputs({ htpasswd: this.htpasswd, passwords: this.passwords });
    }

    private validate(users: AccountArgs[]): void {
        if (users.length === 0) {
            throw new pulumi.ResourceError(
                "There is no user: give at least one, or turn authentication off.",
                this,
                true,
            );
        }
        const names = users.map((user) => user.name);
        const twice = names.find((name, i) => names.indexOf(name) !== i);
        if (twice !== undefined)
            throw new pulumi.ResourceError(`The user ${twice} is there twice.`, this, true);
        for (const user of users) {
            const problem = nameProblem(user.name);
            if (problem !== undefined)
                throw new pulumi.ResourceError(`The user "${user.name}" ${problem}.`, this, true);
            const ways = [user.password, user.generate || undefined, user.bcryptHash].filter(
                (way) => way !== undefined,
            );
            if (ways.length !== 1) {
                throw new pulumi.ResourceError(
                    `The user ${user.name} needs exactly one of password, generate: true, bcryptHash.`,
                    this,
                    true,
                );
            }
        }
    }
}
