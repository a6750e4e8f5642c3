/** Who is told of pushes and the like: the registry's own webhooks (distribution.github.io/distribution/about/notifications). */
import * as z from "zod";

import type { Rule } from "../definition/check";
import { option } from "../definition/option";
import { problem, remove, set } from "../definition/problem";
import type { Tree } from "../definition/tree";
import { httpUrl, text, URL_ALLOWED, YES_OR_NO } from "../definition/values";
import type { Options } from "../options";

import { headerProblems } from "./headers";

const EVENTS = ["push", "pull", "mount", "delete"] as const;

/** What the registry calls layers and configurations of images in its events. */
const BLOB = "application/octet-stream";

const duration = (value: string) =>
    z
        .string()
        .regex(/^\d+(ms|s|m)$/)
        .default(value);
const DURATION = "a number with ms, s or m";

const endpoint = z.strictObject({
    url: option(httpUrl, {
        description: "Where events are posted, as the registry's container reaches it",
        allowed: URL_ALLOWED,
        example: "https://ci.example.com/registry",
        secret: true,
    }),
    headers: option(z.record(z.string(), z.array(text)).default({}), {
        description: "HTTP headers that go with them, such as a token",
        allowed: "an object of header names, each with a list of values",
        example: { Authorization: ["Bearer TOKEN"] },
        secret: true,
    }),
    events: option(z.array(z.enum(EVENTS)).min(1).default(["push", "delete"]), {
        description: "What is told",
        allowed: "a list of push, pull, mount and delete",
        example: ["push"],
    }),
    layers: option(z.boolean().default(false), {
        description: "Layers are told too, not images alone",
        allowed: YES_OR_NO,
        example: true,
    }),
    timeout: option(duration("5s"), {
        description: "How long an answer is waited for",
        allowed: DURATION,
        example: "5s",
    }),
    threshold: option(z.int().min(1).default(5), {
        description: "Failures after which it is left alone for a while",
        allowed: "a whole number from 1",
        example: 5,
    }),
    backoff: option(duration("10s"), {
        description: "How long that is. Events wait in the registry's memory until then",
        allowed: DURATION,
        example: "10s",
    }),
});

export const notifications = option(
    z.record(z.string().regex(/^[A-Za-z0-9][A-Za-z0-9_.-]{0,62}$/), endpoint).default({}),
    {
        description: "Name → server that is told of pushes and deletions (docs/audit.md)",
        default: "none",
        allowed: "an object of names (letters, digits, _ . -), each with a url",
        example: { ci: { url: "https://ci.example.com/registry" } },
        secret: true,
    },
);

type Notifications = z.output<typeof notifications>;

/** Their part of config.yml; nothing where nobody is told. */
export function renderNotifications(all: Notifications): Tree {
    if (Object.keys(all).length === 0) return {};
    const endpoints = Object.entries(all).map(([name, { events, layers, ...rest }]) => ({
        name,
        disabled: false,
        ...rest,
        ignore: {
            mediatypes: layers ? [] : [BLOB],
            actions: EVENTS.filter((one) => !events.includes(one)),
        },
    }));
    return { notifications: { endpoints } };
}

const withoutLogin = (url: string): string => {
    const plain = new URL(url);
    plain.username = plain.password = "";
    return plain.href;
};

const notificationsRule: Rule<Options> = ({ notifications: all = {}, registryConfig }) => {
    if (Object.keys(all).length === 0) return [];
    const found = Object.entries(all).flatMap(([name, { url, headers }]) => {
        const path = ["notifications", name];
        const plain = withoutLogin(url);
        const login = problem(
            [...path, "url"],
            "has a login in it, which the registry would write into its log; it belongs into headers",
            set([...path, "url"], plain),
        );
        return [
            ...(new URL(url).href === plain ? [] : [login]),
            ...headerProblems([...path, "headers"], headers, true),
        ];
    });
    if (registryConfig?.notifications === undefined) return found;
    const path = ["registryConfig", "notifications"];
    return [...found, problem(path, "is set, and notifications too; one of them decides", remove(path))];
};

export const notificationsRules: readonly Rule<Options>[] = [notificationsRule];
