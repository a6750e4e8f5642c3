/** Which requests `npm run audit` tells of. Pure. */
import { meansRepository } from "../../components/definition/matches";
import { repositoryPattern } from "../../components/definition/patterns";
import { SetupError } from "../../setup/errors";
import { OWN_REPOSITORIES } from "../shared/manifest";
import type { LogLine } from "../shared/front-log";

/** As the front's log names them (components/front/requests.ts). */
export const ACTIONS = ["push", "pull", "delete", "mount", "check", "list", "login", "other"] as const;

export interface Choice {
    /** Seconds since 1970. */
    since: number;
    until: number;
    /** "" is one without a login. @default all */
    users?: readonly string[] | undefined;
    /** `team/app`, `team/*` or `*`. @default all */
    repositories?: readonly string[] | undefined;
    /** @default what changed something, what was pulled, and what was refused */
    actions?: readonly string[] | undefined;
    /** Nothing but what was refused. */
    refused: boolean;
    /** Layers, checks, lists and logins too. */
    all: boolean;
}

const UNIT: Readonly<Record<string, number>> = { m: 60, h: 3600, d: 86_400, w: 7 * 86_400 };

/**
 * A moment as it was typed: `7d` before now, or a date and time.
 *
 * @returns seconds since 1970
 * @throws SetupError where it is neither
 */
export function moment(flag: string, text: string, now = Date.now() / 1000): number {
    const [, count, unit] = /^(\d{1,6})([mhdw])$/.exec(text) ?? [];
    if (count !== undefined && unit !== undefined) return now - Number(count) * (UNIT[unit] ?? 0);
    const at = /^\d{4}-\d\d-\d\d/.test(text) ? Date.parse(text) / 1000 : NaN;
    if (Number.isNaN(at))
        throw new SetupError(
            `--${flag} is "${text}"; it must be a time before now, such as 30m, 12h, 7d or 4w, or a date, such as 2026-01-31 or 2026-01-31T18:00Z.`,
        );
    return at;
}

/** @throws SetupError for a repository or action that cannot be */
export function checkChoice({
    repositories = [],
    actions = [],
}: Pick<Choice, "repositories" | "actions">): void {
    for (const one of repositories)
        if (!repositoryPattern.safeParse(one).success)
            throw new SetupError(
                `--repository is "${one}"; it must be a repository, such as team/app, all below a name, such as 'team/*', or '*'.`,
            );
    for (const one of actions)
        if (!(ACTIONS as readonly string[]).includes(one))
            throw new SetupError(`--action is "${one}"; it must be one of ${ACTIONS.join(", ")}.`);
}

/** Why a request was refused, in words; nothing where it was not. */
export function refusalOf({ status, refusal, user }: LogLine): string | undefined {
    if (refusal === "wrong") return "wrong login";
    if (refusal === "limited" || status === 429) return "too many at once";
    if (status === 403) return user === "" ? "needs a login" : "not allowed";
    return undefined;
}

/** Of a manifest, which stands for its image; layers go with it. */
const ofImage = ({ path }: LogLine): boolean => path.includes("/manifests/");

function isAct(line: LogLine): boolean {
    if (refusalOf(line) !== undefined) return true;
    if (line.status >= 400) return false;
    return line.action === "delete" || ((line.action === "push" || line.action === "pull") && ofImage(line));
}

/** Whether a request is told. */
export function isChosen(line: LogLine, choice: Choice): boolean {
    const { users, repositories, actions } = choice;
    if (line.at < choice.since || line.at >= choice.until) return false;
    if (users !== undefined && !users.includes(line.user)) return false;
    if (repositories?.some((one) => !line.site && meansRepository(one, line.repository)) === false)
        return false;
    if (actions?.includes(line.action) === false) return false;
    if (choice.refused && refusalOf(line) === undefined) return false;
    if (choice.all) return true;
    // The images of the kit's own checks, which they push and delete.
    if (OWN_REPOSITORIES.includes(line.repository)) return false;
    // A site answers for itself: what looks like a push there is none of the registry's.
    if (line.site) return false;
    const asked = actions !== undefined && !["push", "pull", "delete"].includes(line.action);
    return asked || isAct(line);
}

/** Texts of which a line must have one, for a search where the log is. */
export function textsOf({ users, actions }: Choice): string[][] {
    const field = (name: string, values: readonly string[] | undefined) =>
        values === undefined ? [] : [values.map((one) => `"${name}":${JSON.stringify(one)}`)];
    return [...field("user", users), ...field("action", actions)];
}
