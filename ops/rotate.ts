import { SetupError } from "../setup/errors";
import type { Machine } from "../setup/machine";

import { deploy } from "./deploy";
import { httpSecretPlan, passwordPlan, type Plan, siteKeyPlan } from "./rotate/plan";
import { rotate as run, ROTATE_FLAGS, standing, type Standing } from "./rotate/run";
import { commandFlags, OF_STACK } from "./shared/arguments";

const FLAGS = {
    overlap: {
        type: "string",
        value: "TIME",
        text: "with password: how long the old one is taken too, such as 7d, 12h or 0. Default: 7d",
    },
    ...ROTATE_FLAGS,
    ...OF_STACK,
} as const;

const WHAT = ["site-key", "http-secret", "password"] as const;
const CALL = "npm run rotate -- site-key|http-secret|password NAME";

/** `npm run rotate -- WHAT`: a new key, secret or password in the place of one of the kit's own. */
export async function rotate(machine: Machine, args: string[]): Promise<number> {
    const names: string[] = [];
    const flags = commandFlags(
        "rotate",
        args,
        FLAGS,
        `a new key, secret or password in the place of an old one, ${CALL}`,
        undefined,
        names,
    );
    const [given, user, ...more] = names;
    const what = WHAT.find((one) => one === given);
    if (what === undefined || more.length > 0 || (user !== undefined && what !== "password"))
        throw new SetupError(`What is to be rotated? ${CALL}; the CA: npm run rotate-ca`);
    if (flags.overlap !== undefined && what !== "password")
        throw new SetupError(
            `--overlap is for passwords: npm run rotate -- password NAME --overlap ${flags.overlap}`,
        );
    const plans: Record<(typeof WHAT)[number], (of: Standing) => Plan> = {
        "site-key": ({ config }) => siteKeyPlan(config),
        "http-secret": ({ config }) => httpSecretPlan(config),
        password: ({ config }) => passwordPlan(config, user, flags.overlap),
    };
    const now = await standing(machine, args, flags);
    return run(machine, args, flags, now, {
        command: "rotate",
        up: (all) => deploy(machine, "up", all),
        stands: { lines: [], data: { what, ...(user === undefined ? {} : { user }) } },
        plan: () => plans[what](now),
    });
}
