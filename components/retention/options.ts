/** The options of which tags stay (docs/retention.md). Of a stack's configuration alone: `npm run retain` goes by them. */
import * as z from "zod";

import { option } from "../definition/option";
import { repositoryPattern, tagPattern } from "../definition/patterns";

const days = z.int().min(1).max(36_500).optional();
const DAYS = "a whole number from 1 to 36500";
const count = z.int().min(1);
const COUNT = "a whole number from 1";

const semver = z.strictObject({
    newest: option(count.default(1), {
        description: "How many versions stay (semver.org, with or without v)",
        allowed: COUNT,
        example: 3,
    }),
    per: option(z.enum(["major", "minor"]).optional(), {
        description: "major: so many of 1.x.x, of 2.x.x and so on; minor: of 1.2.x, of 1.3.x and so on",
        default: "of all together",
        allowed: "major or minor",
        example: "minor",
    }),
});

const rule = z.strictObject({
    repositories: option(z.array(repositoryPattern).min(1).default(["*"]), {
        description: "Repositories that the rule is for: team/app, team/* for all below, * for all",
        allowed: "a list of repositories in lower case, each whole or with /* at its end, or *",
        example: ["team/*"],
    }),
    tags: option(z.array(tagPattern).min(1).default(["*"]), {
        description: "Tags that the rule is for; with ! before it one that it is not for",
        allowed: "a list of tags, in which * is any part of a tag and ! stands before what is not meant",
        example: ["pr-*"],
    }),
    newest: option(count.optional(), {
        description: "Of each repository so many of these tags stay, the last ones pushed",
        allowed: COUNT,
        example: 10,
    }),
    pushedWithinDays: option(days, {
        description: "Tags stay that were pushed within so long",
        unit: "days",
        allowed: DAYS,
        example: 30,
    }),
    pulledWithinDays: option(days, {
        description: "Tags stay that were pulled within so long; takes the front, whose log tells it",
        unit: "days",
        allowed: DAYS,
        example: 90,
    }),
    semver: option(semver.optional(), {
        description:
            "The newest versions stay; alone in its rule, that is for no tag which is no whole version",
        allowed: "an object of newest and per",
        example: { newest: 3, per: "minor" },
    }),
});

export type RetentionRule = z.output<typeof rule>;

export const retentionOptions = {
    retention: option(z.record(z.string().regex(/^[A-Za-z0-9][\w-]*$/), rule).default({}), {
        description:
            "Name → rule of which tags `npm run retain` keeps (docs/retention.md); a tag stays where one rule for it says so, or none is for it",
        default: "none",
        allowed: "an object of names (letters, digits, _ -), each with a rule",
        example: { "pull-requests": { tags: ["pr-*"], pushedWithinDays: 14 } },
    }),
};
export type Retention = Record<string, RetentionRule>;
