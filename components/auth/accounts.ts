import * as pulumi from "@pulumi/pulumi";
import * as random from "@pulumi/random";

import type { AccountsArgs } from "../args";
import { settle } from "../definition/inputs";

import { bcrypt, renderHtpasswd } from "./htpasswd";
import { ACCOUNTS, chosenWay } from "./options";

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
        for (const [user, given] of Object.entries(users)) {
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
}
