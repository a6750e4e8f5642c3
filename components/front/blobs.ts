/**
 * Blobs from disk: nginx serves them itself, from the files of a registry or a mirror, to whom it has let in. It does so where that
 * would answer the same bytes and headers; whatever is unusual goes there.
 */
import { REPOSITORY } from "../../address/image-name";
import { valueAt } from "../definition/tree";
import type { RegistrySettings } from "../registry/config-yml";

import { type BlobHeaders, type FrontSettings, IMAGES_FOLDER } from "./settings";
import { block, map, quoted } from "./text";

/** Where the registry has its files (distribution, registry/storage/paths.go). */
const LINKS = "/docker/registry/v2/repositories";
const BLOBS = "/docker/registry/v2/blobs";

const PARTS_SOCKET = "unix:/tmp/parts.sock";

/** Its digest, which some clients ask for in each image; to a range of nothing nginx and the registry have other answers. */
const EMPTY = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";

/** Headers that the registry sets itself, or that nginx would read. */
const RESERVED =
    /^(?:accept-ranges|cache-control|connection|content-(?:encoding|length|range|type)|date|docker-.*|etag|expires|keep-alive|last-modified|location|server|status|trailer|transfer-encoding|upgrade|x-accel-.*|x-pad)$/i;

/** Options of config.yml with which the registry does more for a blob than to send it, or finds it elsewhere. */
const MORE_THAN_SENT = [
    "notifications",
    "middleware",
    "http.prefix",
    "storage.filesystem",
    "storage.redirect",
];

/** Whether nginx adds these headers to an answer just as the registry does. */
const canAdd = (headers: RegistrySettings["headers"]): boolean =>
    Object.entries(headers).every(
        ([name, values]) =>
            /^[A-Za-z0-9-]+$/.test(name) &&
            !RESERVED.test(name) &&
            values.every((value) => /^[!-~]([ -~]*[!-~])?$/.test(value)),
    );

/** The headers with which the front serves the blobs of such a registry; undefined where it leaves them to the registry. */
export const blobHeaders = ({
    storage,
    extra,
    headers,
    notifications,
}: Pick<RegistrySettings, "storage" | "extra" | "headers" | "notifications">): BlobHeaders | undefined =>
    storage === undefined &&
    // Who is told of each layer that is pulled would not be.
    !Object.values(notifications).some(({ layers, events }) => layers && events.includes("pull")) &&
    MORE_THAN_SENT.every((option) => valueAt(extra, option.split(".")) === undefined) &&
    canAdd(headers)
        ? headers
        : undefined;

const any = ({ blobHeaders, sites }: FrontSettings): boolean =>
    [blobHeaders, ...sites.map((site) => site.blobHeaders)].some((headers) => headers !== undefined);

/** Who serves a blob. */
export function blobMaps(settings: FrontSettings): string[] {
    if (!any(settings)) return [];
    // No `_layers` and no dots as a part of its path.
    const name = `(?<blob_repository>${REPOSITORY})`;
    const digest = `(?!${EMPTY})(?<blob_hex>(?<blob_shelf>[0-9a-f]{2})[0-9a-f]{62})`;
    return [
        "# Conditions, and other ranges than one from a byte on, are the registry's.",
        ...map(
            '"$http_if_match$http_if_none_match$http_if_modified_since$http_if_unmodified_since$http_if_range"',
            "$conditional",
            [
                ["default", "1"],
                ['""', "0"],
            ],
        ),
        ...map("$http_range", "$asked_range", [
            ["default", "odd"],
            ['""', "whole"],
            ['"~^bytes=[0-9]{1,15}-[0-9]{0,15}$"', "part"],
        ]),
        ...map('"$reading:$conditional:$asked_range:$request_uri"', "$blob_from", [
            ["default", "registry"],
            [`"~^1:0:(?<blob_size>whole|part):/v2/${name}/blobs/sha256:${digest}$"`, "${blob_size}_blob"],
        ]),
        ...(settings.blobHeaders === undefined
            ? []
            : map("$target", "$allowed_blob_from", [
                  ["default", "registry"],
                  ["registry", "$blob_from"],
              ])),
    ];
}

const unchanged = ["types { }", "default_type application/octet-stream;", "etag off;"];

/** Parts of blobs come from a server of their own: the public one could not take its headers back where a range is none. */
export function blobServer(settings: FrontSettings): string[] {
    if (!any(settings)) return [];
    return block("server", [
        `listen ${PARTS_SOCKET};`,
        "access_log off;",
        `location / { root ${IMAGES_FOLDER}; ${unchanged.join(" ")} log_not_found off; }`,
    ]);
}

interface BlobPlace {
    /** Where the files are mounted. */
    folder: string;
    /** Who serves a blob that may be had. */
    from: "$blob_from" | "$allowed_blob_from";
    /** What every request passes before it is let in. */
    checked: readonly string[];
    /** Sends it to the registry, or to who denies it. */
    toRegistry: readonly string[];
}

/** The locations of blobs of a server. @param headers nothing where none is served from disk */
export function blobLocations(
    headers: BlobHeaders | undefined,
    { folder, from, checked, toRegistry }: BlobPlace,
): string[] {
    if (headers === undefined) return [];
    const link = `${folder}${LINKS}/$blob_repository/_layers/sha256/$blob_hex/link`;
    const data = `${folder}${BLOBS}/sha256/$blob_shelf/$blob_hex/data`.slice(IMAGES_FOLDER.length);
    const ready = [
        "# A blob is the repository's where this file is: a deletion takes it away.",
        `if (!-f ${link}) { return 404; }`,
        "# Not there, not readable, no such range: the registry says so.",
        "error_page 403 404 416 500 502 504 = @registry;",
        "add_header Docker-Distribution-Api-Version registry/2.0;",
        "add_header Docker-Content-Digest sha256:$blob_hex;",
        "add_header Etag '\"sha256:$blob_hex\"';",
        "add_header Cache-Control max-age=31536000;",
        'add_header Last-Modified "";',
        ...Object.entries(headers).flatMap(([name, values]) =>
            values.map((value) => `add_header ${name} ${quoted(value)};`),
        ),
    ];
    return [
        ...block('location ~ "^/v2/.+/blobs/sha256:[0-9a-f]+$"', [
            ...checked,
            "client_max_body_size 0;",
            "# Comes after the decision, where a condition would come before it.",
            `try_files /tmp/none @${from};`,
        ]),
        ...block("location @whole_blob", [
            ...ready,
            `root ${IMAGES_FOLDER};`,
            ...unchanged,
            "log_not_found off;",
            `try_files ${data} @registry;`,
        ]),
        ...block("location @part_blob", [
            ...ready,
            "add_header Accept-Ranges bytes;",
            `proxy_pass http://${PARTS_SOCKET}:${data};`,
            "proxy_http_version 1.1;",
            "proxy_pass_request_body off;",
            "proxy_pass_request_headers off;",
            "proxy_set_header Range $http_range;",
            "proxy_hide_header Last-Modified;",
            "proxy_intercept_errors on;",
            "proxy_max_temp_file_size 0;",
        ]),
        ...block("location @registry", toRegistry),
    ];
}
