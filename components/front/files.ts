/** The files of the front: nginx.conf, and what it reads beside it. The same wherever nginx runs. */
import { createHash } from "node:crypto";

import * as pulumi from "@pulumi/pulumi";

import type { Served } from "../metrics/count";
import type { FileArgs } from "../registry/config-volume";
import type { ImagesMount, TlsFiles } from "../registry/registry";

import { endsOf } from "../tls/chain";

import { renderNginx } from "./nginx-conf";
import { type PageFacts, pageFiles } from "./page";
import { PAGE_FILES } from "./page-files";
import { KEEP_LOG, keepLogScript, LOG_FILE, LOG_FOLDER } from "./kept-log";
import type { LogBounds } from "./log-options";
import { withEveryone, withNobody } from "./nobody";
import { type FrontSettings, type FrontSite, type FrontUser, PREVIOUS_FILE, siteFiles } from "./settings";

/** A site with its certificate. */
export interface SiteArgs extends Inputs<Omit<FrontSite, "id">> {
    /** Of its files. */
    id: string;
    /** Its certificate; nothing where a directory issues it. */
    tls: TlsFiles | undefined;
    /** Where the images of a mirror lie on the Docker host, mounted for `blobHeaders`. @default they are not */
    images?: ImagesMount | undefined;
}

/** Where the front takes the numbers from, and where it tells them beside the registry's own name. */
export interface MetricsPlace {
    volumeName: pulumi.Input<string>;
    /** How full the store is is among them: the images lie in files. */
    store: boolean;
    /** Port of the Docker host; nothing opens none. */
    port?: pulumi.Input<number> | undefined;
    bindAddress: pulumi.Input<string>;
}

/** The same values, of which any may be an Output. */
type Inputs<T> = { [K in keyof T]: pulumi.Input<T[K]> };

/** Readable for the front's group. */
const SECRET = "0440";

export interface FrontFilesArgs extends Inputs<
    Omit<
        FrontSettings,
        | "generation"
        | "acme"
        | "redirectTo"
        | "sites"
        | "installers"
        | "page"
        | "metrics"
        | "users"
        | "logFile"
    >
> {
    /** Nothing lets anyone do anything. */
    users?: Inputs<FrontUser>[] | undefined;
    /** The registry's certificate; nothing where a directory issues it. */
    tls: TlsFiles | undefined;
    /** The htpasswd file; nothing where there are no users. */
    htpasswd?: pulumi.Input<string> | undefined;
    /** The same of the passwords before, where some are taken for a while. */
    previousHtpasswd?: pulumi.Input<string> | undefined;
    sites: SiteArgs[];
    /** File name → text that anyone may fetch, without a login. @default none */
    installers?: Record<string, pulumi.Input<string>> | undefined;
    /** What the page tells. @default no page */
    page?: pulumi.Input<PageFacts> | undefined;
    /** Keeps the access log in a volume. @default the container's own log */
    log?: Inputs<LogBounds> | undefined;
    /** Volume of the numbers, and where they are told without a login. @default no numbers */
    metrics?: MetricsPlace | undefined;
    /** Port at which clients reach it. */
    port: pulumi.Input<number>;
    /** Port for plain HTTP, which is redirected; nothing opens none. */
    httpPort?: pulumi.Input<number> | undefined;
    /** Where the registry's images lie, mounted for `blobHeaders`. @default elsewhere */
    images?: ImagesMount | undefined;
}

export interface FrontFiles {
    /** nginx.conf and what it reads. */
    files: Record<string, FileArgs>;
    /** SHA-256 of all that is served. There is a private key among it, or a salted hash of each password, so it gives nothing away. */
    generation: pulumi.Output<string>;
}

/** Each name that is served, and when its certificate ends. */
export const servedCertificates = ({
    tls,
    sites,
}: Pick<FrontFilesArgs, "tls" | "sites">): pulumi.Output<Served[]> =>
    pulumi.unsecret(
        pulumi
            .all(
                [{ name: "registry", tls }, ...sites].map(({ name: site, tls: of }) =>
                    pulumi.all([site, of?.chainPem]),
                ),
            )
            .apply((all) =>
                all.flatMap(([site, pem]) => {
                    if (pem === undefined) return [{ site }];
                    const ends = endsOf(pem);
                    return ends === undefined ? [] : [{ site, ends }];
                }),
            ),
    );

/** The files of a front with these settings. */
export function frontFiles(args: FrontFilesArgs): FrontFiles {
    const files = filesBeside(args);
    const generation = generationOf(args, files);
    const conf = pulumi
        .all([settingsOf(args), generation])
        .apply(([settings, text]) => renderNginx({ ...settings, generation: text }));
    return { files: { ...files, "nginx.conf": { content: conf, mode: SECRET } }, generation };
}

function filesBeside(args: FrontFilesArgs): Record<string, FileArgs> {
    const pair = (crt: string, key: string, tls: TlsFiles | undefined): Record<string, FileArgs> =>
        tls === undefined
            ? {}
            : { [crt]: { content: tls.chainPem }, [key]: { content: tls.privateKeyPem, mode: SECRET } };
    return Object.assign(
        pair("site.crt", "site.key", args.tls),
        args.htpasswd === undefined
            ? {}
            : { htpasswd: { content: pulumi.output(args.htpasswd).apply(withNobody), mode: SECRET } },
        args.previousHtpasswd === undefined
            ? {}
            : {
                  [PREVIOUS_FILE]: {
                      content: pulumi
                          .all([args.previousHtpasswd, args.htpasswd ?? ""])
                          .apply(([previous, all]) => withEveryone(previous, all)),
                      mode: SECRET,
                  },
              },
        args.log === undefined
            ? {}
            : { [KEEP_LOG]: { content: pulumi.output(args.log).apply(keepLogScript) } },
        ...Object.entries(args.installers ?? {}).map(([file, content]) => ({ [file]: { content } })),
        args.page === undefined
            ? {}
            : pageFiles(pulumi.output(args.page).apply((facts) => `${JSON.stringify(facts)}\n`)),
        ...args.sites.map((site) => {
            const { crt, key } = siteFiles(site.id);
            return pair(crt, key, site.tls);
        }),
    ) as Record<string, FileArgs>;
}

/** What nginx.conf is rendered from, all but its generation. */
function settingsOf(args: FrontFilesArgs): pulumi.Output<Omit<FrontSettings, "generation">> {
    const { users, anonymousPull, realm, cacheSeconds, attemptsPerMinute, connectionsPerClient } = args;
    return pulumi.output({
        ...{ users, anonymousPull, realm, cacheSeconds, attemptsPerMinute, connectionsPerClient },
        trustedProxies: args.trustedProxies,
        immutableTags: args.immutableTags,
        signer: args.signer,
        logFile: args.log === undefined ? undefined : `${LOG_FOLDER}/${LOG_FILE}`,
        acme: args.tls === undefined,
        sites: args.sites.map(({ id, name, upstream, folder, tls, images, blobHeaders, brought }) => ({
            ...{ id, name, upstream, folder, brought },
            blobHeaders: images && blobHeaders,
            acme: tls === undefined,
        })),
        blobHeaders: args.images && args.blobHeaders,
        installers: Object.keys(args.installers ?? {}),
        page:
            args.page === undefined
                ? undefined
                : PAGE_FILES.map(({ path, file, type }) => ({ path, file, type })),
        metrics: args.metrics && { open: args.metrics.port !== undefined, store: args.metrics.store },
        redirectTo: args.httpPort === undefined ? undefined : args.port,
        resolverFile: args.resolverFile,
    });
}

function generationOf(args: FrontFilesArgs, files: Record<string, FileArgs>): pulumi.Output<string> {
    const texts = Object.entries(files).map(([file, { content }]) => pulumi.all([file, content]));
    return pulumi.unsecret(
        pulumi.all([settingsOf(args), pulumi.all(texts)]).apply(([settings, parts]) =>
            createHash("sha256")
                .update(JSON.stringify([renderNginx({ ...settings, generation: "" }), parts]))
                .digest("hex"),
        ),
    );
}
