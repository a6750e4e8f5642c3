import * as pulumi from "@pulumi/pulumi";
import * as random from "@pulumi/random";

import type { AccountsArgs } from "../args";
import { generationName } from "../definition/generation";
import { settle } from "../definition/inputs";

import { bcrypt, renderHtpasswd } from "./htpasswd";
import { ACCOUNTS, chosenWay } from "./options";
import { overlapOf } from "./users";

/** Length of a generated password: 24 of 62 characters are 142 bits. */
const GENERATED_LENGTH = 24;

/**
 * Cost of the hash of a generated password. A slow hash protects passwords that can be guessed; 142 random bits
 * cannot, and the registry pays for the hash on every request.
 */
const GENERATED_COST = 4;

/** The users of the registry: their passwords and the htpasswd file. */
export class Accounts extends pulumi.ComponentResource {
    /** The htpasswd file, a line `name:bcrypt hash` per user. Secret. */
    readonly htpasswd: pulumi.Output<string>;
    /** The same of the passwords before, each with the end of its time, seconds since 1970; nothing where none is taken. */
    readonly previous: { htpasswd: pulumi.Output<string>; until: Record<string, number> } | undefined;
    /** User name → password, of the users whose password is known (not of ready hashes). Secret. */
    readonly passwords: pulumi.Output<Record<string, string>>;

    /** @throws pulumi.RunError with everything that is wrong with the options */
    constructor(name: string, args: AccountsArgs, opts?: pulumi.ComponentResourceOptions) {
        super("private-registry:index:Accounts", name, {}, opts);
        const { users, bcryptCost: cost, evenCost } = settle(ACCOUNTS, args).options;
        const parent = { parent: this };
        const generatedCost = evenCost ? cost : GENERATED_COST;

        const hashes: Record<string, pulumi.Output<string>> = {};
        const passwords: Record<string, pulumi.Output<string>> = {};
        const former: Record<string, pulumi.Output<string>> = {};
        const until: Record<string, number> = {};
        const made = (user: string, generation: number) =>
            new random.RandomPassword(
                generationName(`${name}-${user}-password`, generation),
                { length: GENERATED_LENGTH, special: false },
                parent,
            ).result;
        const hashed = (user: string, generation: number, known: pulumi.Output<string>, of: typeof cost) => {
            const salt = generationName(`${name}-${user}-salt`, generation);
            const { base64 } = new random.RandomBytes(salt, { length: 16 }, parent);
            return pulumi.all([known, base64, of]).apply(([text, bytes, of]) => bcrypt(text, bytes, of));
        };
        for (const [user, given] of Object.entries(users)) {
            const { password, generate, bcryptHash, generation = 1, previous } = chosenWay(given);
            if (bcryptHash !== undefined) {
                hashes[user] = pulumi.secret(bcryptHash);
                continue;
            }
            const at = generate ? generation : 1;
            const known = generate ? made(user, at) : pulumi.secret(password ?? "");
            passwords[user] = known;
            hashes[user] = hashed(user, at, known, generate ? generatedCost : cost);
            const end = overlapOf({ previous });
            if (end === undefined) continue;
            until[user] = end;
            former[user] = hashed(user, at - 1, made(user, at - 1), generatedCost);
        }

        this.htpasswd = pulumi.secret(pulumi.all(hashes).apply(renderHtpasswd));
        this.previous =
            Object.keys(former).length === 0
                ? undefined
                : { htpasswd: pulumi.secret(pulumi.all(former).apply(renderHtpasswd)), until };
        this.passwords = pulumi.secret(pulumi.all(passwords));
        this.registerOutputs({ htpasswd: this.htpasswd, passwords: this.passwords });
    }
}
