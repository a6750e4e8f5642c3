/** What a rotation changes in the configuration, and what comes of it. Pure. */
import { chosenFront } from "../../components/front/options";
import { chosenWay } from "../../components/auth/options";
import { overlapOf } from "../../components/auth/users";
import { formatPath, type Path, remove, set, type Step } from "../../components/definition/problem";
import { valueAt } from "../../components/definition/tree";
import type { Keys } from "../../config/keys";
import type { Config } from "../../config/options";
import { SetupError } from "../../setup/errors";
import { shellWord } from "../../text/shell";

export interface Plan {
    /** What it does, in words for who is asked. */
    does: string[];
    /** All at once: none of them means anything without the others. */
    steps: Step[];
    /** What to do afterwards. */
    then: string[];
}

const CA: Path = ["tls", "ownCa"];
const NEXT: Path = [...CA, "next"];

/** Where the rotation of the CA stands: both CAs are trusted in the two in the middle. */
export const STAGES = [
    "no rotation of the CA is going on",
    "step 1 of 3 is done: two CAs are trusted, and the first one signs",
    "step 2 of 3 is done: two CAs are trusted, and the second one signs",
] as const;
export type Stage = 0 | 1 | 2;

export function stageOf({ tls: { ownCa } }: Config): Stage {
    if (ownCa?.next === undefined) return 0;
    return ownCa.next.signs ? 2 : 1;
}

/**
 * Whether a step that somebody names is done already: of a call that was killed nobody knows how far its `up` went on.
 *
 * @param step 1, 2 or 3; with `back` the one that is taken back
 * @throws SetupError where another step comes before it
 */
export function isDone(stage: Stage, step: string, back: boolean): boolean {
    const number = Number(step);
    if (!["1", "2", "3"].includes(step) || (back && number === 3))
        throw new SetupError(`--step is "${step}"; it must be ${back ? "1 or 2" : "1, 2 or 3"}.`);
    const due = back ? stage : stage + 1;
    if (number === due) return false;
    if (back ? number > stage : number <= stage || (number === 3 && stage === 0)) return true;
    throw new SetupError(`--step is ${step}, and ${STAGES[stage]}: step ${due} comes before it.`);
}

/** @throws SetupError where no CA of the deployment signs */
export function refuseForeignCertificate({ tls }: Config, what: string): void {
    if (tls.off) throw new SetupError(`tls is off: there is no ${what}. With one: pulumi config rm tls`);
    if (tls.acme)
        throw new SetupError(
            `tls.acme has a directory issue the certificate, so the kit has no ${what} in use: each renewal brings a new key by itself`,
        );
    if (tls.secret)
        throw new SetupError(
            `tls.secret names the certificate, so the kit has no ${what}: who keeps that Secret renews it, and the front follows`,
        );
    if (tls.files)
        throw new SetupError(
            `tls.files brings the certificate, so the kit has no ${what}: give it the new files, and npm run up`,
        );
}

/** How the front or the registry takes a new certificate. */
const taken = (config: Config): string =>
    chosenFront(config) === undefined
        ? "The registry starts anew with it, which takes a few seconds."
        : "The front takes it by a reload, and no request fails.";

const WHOEVER =
    "New clients get both by `npm run client`, the installers and caCertificatePem; those that are there need the second one: run their installer again.";

/**
 * The next step of the rotation of the CA, or the way back.
 *
 * @param raw value of the configuration's key `tls`, as it was set
 * @param given PEM of a CA that is brought, for the first step
 */
export function caPlan(
    config: Config,
    raw: unknown,
    {
        back = false,
        given,
    }: { back?: boolean | undefined; given?: { cert: string; key: string } | undefined },
): Plan {
    const stage = stageOf(config);
    const { cert, generation = 1 } = config.tls.ownCa ?? {};
    if (given !== undefined && stage > 0)
        throw new SetupError(
            "--cert and --key are for the first step, and that is done: npm run rotate-ca -- --back",
        );
    if (back && stage === 0)
        throw new SetupError("There is nothing to take back: the configuration has no second CA.");
    if (back && stage === 1)
        return {
            does: [
                "The second CA goes, before it signed anything. Whoever trusts it already trusts a CA that no longer is.",
            ],
            steps: [remove(NEXT)],
            then: [],
        };
    if (back)
        return {
            does: [
                `The site certificate comes from the first CA again, and both stay trusted. ${taken(config)}`,
                "Clients that were given the second CA alone are refused again.",
            ],
            steps: [set([...NEXT, "signs"], false)],
            then: ["Back to one CA: npm run rotate-ca -- --back"],
        };
    if (stage === 0)
        return {
            does: [
                `Step 1 of 3: a second CA is ${given ? "taken" : "made"} and trusted; the site certificate stays of the first one, and nothing restarts.`,
                "No client notices anything.",
            ],
            steps: [
                set([...NEXT, "signs"], false),
                ...(given
                    ? [set([...NEXT, "cert"], given.cert), set([...NEXT, "key"], given.key, true)]
                    : []),
            ],
            then: [WHOEVER, "When they have: npm run rotate-ca"],
        };
    if (stage === 1)
        return {
            does: [
                `Step 2 of 3: the site certificate comes from the second CA, and both stay trusted. ${taken(config)}`,
                "Clients that trust the first one alone are refused from then on.",
            ],
            steps: [set([...NEXT, "signs"], true)],
            then: [
                "Who is refused: his installer once more, or all back: npm run rotate-ca -- --back",
                "When all have followed: npm run rotate-ca",
            ],
        };
    const brought = (part: "cert" | "key") => valueAt(raw, ["ownCa", "next", part]);
    return {
        does: [
            "Step 3 of 3: the first CA and its key go, and there is no way back. No client notices anything that came through step 2.",
        ],
        steps:
            brought("cert") === undefined
                ? [
                      remove(NEXT),
                      set([...CA, "generation"], generation + 1),
                      ...(cert === undefined ? [] : [remove([...CA, "cert"]), remove([...CA, "key"])]),
                  ]
                : [
                      set([...CA, "cert"], brought("cert")),
                      set([...CA, "key"], brought("key"), true),
                      remove(NEXT),
                  ],
        then: ["Clients still trust the first CA until their installer runs again."],
    };
}

export function siteKeyPlan(config: Config): Plan {
    refuseForeignCertificate(config, "key of a site certificate");
    return {
        does: [
            `Each site certificate gets a new key, and is signed anew by the same CA. ${taken(config)}`,
            "No client has to do anything.",
        ],
        steps: [set([...CA, "site", "generation"], (config.tls.ownCa?.site.generation ?? 1) + 1)],
        then: [],
    };
}

export const httpSecretPlan = (config: Config): Plan => ({
    does: [
        "The registry gets a new http.secret and starts anew, which takes a few seconds: a push that is under way then fails, and begins again.",
    ],
    steps: [set(["httpSecretGeneration"], config.httpSecretGeneration + 1)],
    then: [],
});

/** `7d`, `12h`, `30m` or `0`. @returns seconds */
export function secondsOf(overlap: string): number {
    const [, count, unit] = /^(\d{1,5})([dhm])$/.exec(overlap) ?? [];
    if (overlap === "0") return 0;
    if (count === undefined || unit === undefined)
        throw new SetupError(
            `--overlap is "${overlap}"; it must be days, hours or minutes, such as 7d, 12h or 30m, or 0 for none.`,
        );
    return Number(count) * { d: 86_400, h: 3_600, m: 60 }[unit as "d" | "h" | "m"];
}

/** @param overlap as the flag has it; nothing where it is not set */
export function passwordPlan(
    config: Config,
    name: string | undefined,
    overlap: string | undefined,
    now = new Date(),
): Plan {
    const user = Object.hasOwn(config.users, name ?? "") ? config.users[name ?? ""] : undefined;
    if (name === undefined || user === undefined)
        throw new SetupError(
            `${name === undefined ? "No user is named" : `There is no user ${name}`}; there are: ${Object.keys(config.users).join(", ") || "none"}.`,
        );
    const { generate, generation = 1, previous } = chosenWay(user);
    const path = ["users", name];
    if (!generate)
        throw new SetupError(
            `The password of ${name} is not a generated one; another one: pulumi config set --secret --path ${shellWord(formatPath([...path, "password"]))}`,
        );
    const isFront = chosenFront(config) !== undefined;
    if (!isFront && overlap !== "0")
        throw new SetupError(
            `Without the front a user has one password at a time; at once, with no time for the old one: npm run rotate -- password ${shellWord(name)} --overlap 0`,
        );
    const seconds = secondsOf(overlap ?? "7d");
    const end = new Date(now.getTime() + seconds * 1000).toISOString().replace(/\.\d+Z$/, "Z");
    const running = overlapOf({ previous }, now.getTime() / 1000) !== undefined;
    return {
        does: [
            seconds === 0
                ? `${name} gets a new password, and the old one is refused from then on.`
                : `${name} gets a new password, and the old one is taken too until ${end}.`,
            ...(running ? [`The one before that, taken until ${previous}, is refused from now on.`] : []),
            ...(isFront ? [] : ["The registry reads it without starting anew."]),
        ],
        steps: [
            set([...path, "generation"], generation + 1),
            ...(seconds > 0
                ? [set([...path, "previous"], end)]
                : previous === undefined
                  ? []
                  : [remove([...path, "previous"])]),
        ],
        then: ["The new one: pulumi stack output --show-secrets passwords"],
    };
}

/** Whether what the configuration asks for is what was deployed. The ends of old passwords come by themselves. */
export function isDeployed(configured: Keys | undefined, deployed: Keys | undefined): boolean {
    const plain = ({ passwords = {}, ...keys }: Keys = {}) =>
        JSON.stringify([
            Object.entries(keys).sort(),
            Object.entries(passwords)
                .map(([name, { generation }]) => [name, generation])
                .sort(),
        ]);
    return plain(configured) === plain(deployed);
}
