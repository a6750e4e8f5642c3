/**
 * Tags that keep the image which was pushed first. A push of such a tag goes to a server of its own, which asks the registry for
 * the tag's digest: where there is one, the push goes on to that digest, where the registry itself takes the same bytes and no
 * others.
 */
import { sides } from "../definition/matches";

import { oneOf, scope } from "./access";
import type { FrontSettings } from "./settings";
import { block, errorBody, literal, map } from "./text";
import { ANY_MANIFEST } from "../../address/media-types";

const SOCKET = "unix:/tmp/immutable.sock";

/** Largest manifest that the registry reads (distribution, maxManifestBodySize), with some room for its own refusal. */
const MANIFEST_SIZE = "5m";

export const hasImmutable = ({ immutableTags }: Pick<FrontSettings, "immutableTags">): boolean =>
    Object.keys(immutableTags ?? {}).length > 0;

const tagPattern = (pattern: string): string => pattern.split("*").map(literal).join("[^ :]*");

/** Lists of an image's attachments (signatures, SBOMs), which grow: a signature that comes later is no other image. */
const ATTACHMENTS = "(?:sha256-[0-9a-f]{64}|sha512-[0-9a-f]{128})(?:[.][^ :]+)?";

/**
 * Tags as a regular expression: those that are meant, without those that are not. No tag is none of them. Lists of attachments are
 * meant where a pattern begins as they do.
 */
function tags(patterns: readonly string[]): string {
    const { takes, leaves } = sides(patterns);
    const named = takes.some((pattern) => /^sha(256|512)-/.test(pattern));
    const not = [...leaves.map(tagPattern), ...(named ? [] : [ATTACHMENTS])];
    const without = not.length === 0 ? "" : `(?!${oneOf(not)}$)`;
    return `(?=.)${without}${oneOf(takes.map(tagPattern))}`;
}

/** Who takes a request: the registry, the server of such tags, or who denies it. */
export function immutableMaps(settings: FrontSettings): string[] {
    if (!hasImmutable(settings)) return [];
    return [
        "# The tag that a manifest is asked for by; a digest has a colon.",
        ...map("$uri", "$tag", [
            ["default", '""'],
            ['"~^/v2/.+/manifests/(?<reference>[^/:]+)$"', "$reference"],
        ]),
        ...map('"$target $request_method $repository $tag"', "$taker", [
            ["default", "$target"],
            ...Object.entries(settings.immutableTags ?? {}).map(
                ([repository, patterns]): [string, string] => [
                    `"~^registry PUT ${scope(repository)} ${tags(patterns)}$"`,
                    "immutable",
                ],
            ),
        ]),
        ...map("$stored", "$first", [
            ["default", "again"],
            ['""', "first"],
        ]),
        "# One push of a tag at a time: the next one waits for a moment, in which the first is done as a rule.",
        'limit_req_zone "$repository $tag" zone=pace:4m rate=4r/s;',
        'limit_conn_zone "$repository $tag" zone=pushes:4m;',
    ];
}

const refuse = (status: number, code: string, message: string) =>
    `return ${status} ${errorBody(code, message)};`;

/** The server that such pushes go through. */
export function immutableServer(settings: FrontSettings): string[] {
    if (!hasImmutable(settings)) return [];
    return [
        "upstream immutable {",
        `    server ${SOCKET};`,
        "}",
        ...block("server", [
            `listen ${SOCKET};`,
            "access_log off;",
            "default_type application/json;",
            `client_max_body_size ${MANIFEST_SIZE};`,
            "proxy_http_version 1.1;",
            "proxy_set_header Host $http_host;",
            'proxy_set_header Connection "";',
            "proxy_read_timeout 900s;",
            "# What has reached the registry goes on there when the client is gone: until its end no other push may begin.",
            "proxy_ignore_client_abort on;",
            ...block("location /", [
                "limit_req zone=pace burst=40;",
                "limit_req_status 429;",
                "limit_conn pushes 1;",
                "error_page 429 = @busy;",
                "set $to_repository $repository;",
                "set $to_tag $tag;",
                "auth_request /stored;",
                "auth_request_set $stored $upstream_http_docker_content_digest;",
                "# The registry did not tell: nothing is pushed then.",
                "error_page 500 = @unknown;",
                "# Comes after the question, where a condition would come before it.",
                "try_files /tmp/none /$first;",
            ]),
            ...block("location = /stored", [
                "internal;",
                "proxy_pass http://registry/v2/$to_repository/manifests/$to_tag;",
                "proxy_method HEAD;",
                "proxy_pass_request_body off;",
                'proxy_set_header Content-Length "";',
                `proxy_set_header Accept "${ANY_MANIFEST}";`,
                "proxy_set_header Host $http_host;",
                'proxy_set_header Connection "";',
                "proxy_intercept_errors on;",
                "error_page 404 = @free;",
            ]),
            "location @free { return 204; }",
            ...block("location = /first", [
                "internal;",
                "proxy_pass http://registry/v2/$to_repository/manifests/$to_tag;",
            ]),
            ...block("location = /again", [
                "internal;",
                "proxy_pass http://registry/v2/$to_repository/manifests/$stored;",
                "proxy_intercept_errors on;",
                "error_page 400 = @another;",
            ]),
            ...block("location @another", [
                refuse(
                    409,
                    "DENIED",
                    "the tag $to_tag of $to_repository is immutable and stays $stored: push under another tag",
                ),
            ]),
            ...block("location @busy", [
                "add_header Retry-After 1 always;",
                refuse(429, "TOOMANYREQUESTS", "this tag is being pushed: try again in a moment"),
            ]),
            ...block("location @unknown", [
                "add_header Retry-After 10 always;",
                refuse(
                    503,
                    "UNAVAILABLE",
                    "the registry does not tell whether this immutable tag is there: try again in a moment",
                ),
            ]),
        ]),
    ];
}
