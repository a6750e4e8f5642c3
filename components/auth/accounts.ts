import * as pulumi from "@pulumi/pulumi";
import * as random from "@pulumi/random";

import { bcrypt, renderHtpasswd } from "./htpasswd";
import { chosenWay } from "./options";
import { nameProblem } from "./users";

/** Length of a generated password: 24 of 62 characters are 142 bits. */
const GENERATED_LENGTH = 24;

/**
 * Cost of the hash of a generated password. A slow hash protects passwords that can be guessed; 142 random bits
 * cannot, and the registry pays for the hash on every request.
 */
const GENERATED_COST = 4;

/** A user. Exactly one of `password`, `generate` and `bcryptHash`; one that is given goes before `generate`. */
export interface AccountArgs {
    /** At most 72 bytes. Kept as a secret. */
    password?: pulumi.Input<string> | undefined;
    /** Generate a password of 24 letters and digits. @default false */
    generate?: boolean | undefined;
    /** A ready bcrypt hash. Kept as a secret. */
    bcryptHash?: pulumi.Input<string> | undefined;
}

export interface AccountsArgs {
    /** Name, without colon and control characters (RFC 7617 section 2) → user. At least one. */
    users: Readonly<Record<string, AccountArgs>>;
    /** Cost of the hash of given passwords, 4 to 31. @default 10 */
    bcryptCost?: pulumi.Input<number> | undefined;
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
        for (const [user, given] of Object.entries(args.users)) {
            const { password, generate, bcryptHash } = chosenWay(given);
            if (bcryptHash !== undefined) {
                hashes[user] = pulumi.secret(bcryptHash);
                continue;
            }
            const known = generate
                ? new random.RandomPassword(
                      `${name}-${user}-password`,
                      { length: GENERATED_LENGTH, special: false },
                      parent,
                  ).result
                : pulumi.secret(password ?? "");
            const salt = new random.RandomBytes(`${name}-${user}-salt`, { length: 16 }, parent);
            passwords[user] = known;
            hashes[user] = pulumi
                .all([known, salt.base64, generate ? generatedCost : cost])
                .apply(([text, bytes, of]) => bcrypt(text, bytes, of));
        }

        this.htpasswd = pulumi.secret(pulumi.all(hashes).apply(renderHtpasswd));
        this.passwords = pulumi.secret(pulumi.all(passwords));
        this.registerOutputs({ htpasswd: this.htpasswd, passwords: this.passwords });
    }

    private validate(users: AccountsArgs["users"]): void {
        const fail = (text: string) => {
            throw new pulumi.ResourceError(text, this, true);
        };
        if (Object.keys(users).length === 0)
            fail("There is no user: give at least one, or turn authentication off.");
        for (const [user, given] of Object.entries(users)) {
            const problem = nameProblem(user);
            if (problem !== undefined) fail(`The user "${user}" ${problem}.`);
            const { password, generate, bcryptHash } = chosenWay(given);
            const ways = [password, generate || undefined, bcryptHash].filter((way) => way !== undefined);
            if (ways.length !== 1)
                fail(`The user ${user} needs exactly one of password, generate: true, bcryptHash.`);
        }
    }
}
