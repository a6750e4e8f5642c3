/**
 * Bodies that the stand-in takes: those of the OpenAPI of Nexus 3.94.0-12, and nothing beside them. Where Nexus itself
 * may pass over an unknown field, the stand-in refuses it.
 */
import { z } from "zod";

// OpenAPI: pattern of a repository's name; Docker ones must be lowercase.
const name = z.string().regex(/^[a-zA-Z0-9-][a-zA-Z0-9_.-]*$/);
const dockerName = name.refine((value) => value === value.toLowerCase(), "must be lowercase");
const writePolicy = z.string().regex(/^(allow|allow_once|deny)$/i);
const int32 = z.int().max(2 ** 31 - 1);

const storage = { blobStoreName: z.literal("default"), strictContentTypeValidation: z.boolean() };
const hostedStorage = z.strictObject({ ...storage, writePolicy });
const dockerStorage = z.strictObject({ ...storage, writePolicy, latestPolicy: z.boolean().optional() });
const anyStorage = z.strictObject({ ...storage, writePolicy: writePolicy.optional() });
const cleanup = z.strictObject({ policyNames: z.array(z.string()).optional() }).optional();
const component = z.strictObject({ proprietaryComponents: z.boolean().optional() }).optional();

const docker = z
    .strictObject({
        v1Enabled: z.boolean(),
        forceBasicAuth: z.boolean(),
        pathEnabled: z.boolean().optional(),
        httpPort: z.int().min(1).max(65535).optional(),
        httpsPort: z.int().min(1).max(65535).optional(),
        subdomain: z.string().optional(),
    })
    .refine(
        ({ pathEnabled, httpPort }) => !(pathEnabled && httpPort !== undefined),
        "a repository is reached by path or by a port, not by both",
    );

const hosted = { name, online: z.boolean(), storage: hostedStorage, cleanup, component };
const proxy = {
    proxy: z.strictObject({
        remoteUrl: z.url({ protocol: /^https?$/ }),
        contentMaxAge: int32,
        metadataMaxAge: int32,
        preserveEncodedCharacters: z.boolean().optional(),
    }),
    negativeCache: z.strictObject({ enabled: z.boolean(), timeToLive: int32 }),
    httpClient: z.strictObject({ blocked: z.boolean().optional(), autoBlock: z.boolean().optional() }),
};

/** Path under /v1/repositories → body. */
export const repositories: Readonly<Record<string, z.ZodType>> = {
    "docker/hosted": z.strictObject({ ...hosted, name: dockerName, storage: dockerStorage, docker }),
    "docker/proxy": z.strictObject({
        name: dockerName,
        online: z.boolean(),
        storage: anyStorage,
        cleanup,
        docker,
        ...proxy,
        dockerProxy: z.strictObject({
            indexType: z.enum(["HUB", "REGISTRY", "CUSTOM"]),
            indexUrl: z.string().optional(),
            cacheForeignLayers: z.boolean().optional(),
            foreignLayerUrlWhitelist: z.array(z.string()).optional(),
        }),
    }),
    "docker/group": z.strictObject({
        name: dockerName,
        online: z.boolean(),
        storage: anyStorage,
        group: z.strictObject({ memberNames: z.array(z.string()).min(1) }),
        docker,
    }),
    "maven/hosted": z.strictObject({
        ...hosted,
        maven: z.strictObject({
            versionPolicy: z.enum(["RELEASE", "SNAPSHOT", "MIXED"]),
            layoutPolicy: z.enum(["STRICT", "PERMISSIVE"]),
            contentDisposition: z.enum(["INLINE", "ATTACHMENT"]).optional(),
        }),
    }),
    "yum/hosted": z.strictObject({
        ...hosted,
        yum: z.strictObject({
            repodataDepth: z.int().min(0).max(5),
            deployPolicy: z.enum(["STRICT", "PERMISSIVE"]),
        }),
    }),
    "pypi/hosted": z.strictObject(hosted),
};

export const anonymous = z.strictObject({
    enabled: z.boolean(),
    userId: z.string().min(1),
    realmName: z.literal("NexusAuthorizingRealm"),
});

export const eula = z.strictObject({ accepted: z.boolean(), disclaimer: z.string() });

export const realms = z.array(z.string());

export const policy = z
    .strictObject({
        name: name.max(255),
        format: z.enum(["*", "docker", "maven2", "pypi", "yum"]),
        notes: z.string().optional(),
        criteriaLastBlobUpdated: z.int().min(1).max(24_855).optional(),
        criteriaLastDownloaded: z.int().min(1).max(24_855).optional(),
        criteriaAssetRegex: z.string().optional(),
    })
    .refine(
        (value) => Object.keys(value).some((key) => key.startsWith("criteria")),
        "at least one criterion is required",
    );

// Quartz: seconds, minutes, hours, day of month, month, day of week, year; one of the two days is ?.
const FIELD = "[0-9A-Z*/,#LW-]+";
const CRON = new RegExp(
    `^${FIELD} ${FIELD} ${FIELD} (\\? ${FIELD} ${FIELD}|${FIELD} ${FIELD} \\?)( ${FIELD})?$`,
);

const frequency = z
    .strictObject({
        schedule: z.enum(["manual", "once", "hourly", "daily", "weekly", "monthly", "cron"]),
        startDate: z.int().optional(),
        timeZoneOffset: z
            .string()
            .regex(/^[+-]\d\d:\d\d$/)
            .optional(),
        recurringDays: z.array(z.int()).optional(),
        cronExpression: z.string().regex(CRON).optional(),
    })
    .refine(
        ({ schedule, cronExpression }) => (schedule === "cron") === (cronExpression !== undefined),
        "cronExpression belongs to the schedule cron",
    );

export const task = z.strictObject({
    name: z.string().min(1),
    type: z.enum(["blobstore.compact", "repository.docker.gc", "repository.docker.upload-purge"]),
    enabled: z.boolean(),
    alertEmail: z.email().optional(),
    notificationCondition: z.enum(["FAILURE", "SUCCESS_FAILURE"]),
    frequency,
    properties: z.record(z.string(), z.string()).optional(),
});

export type Task = z.output<typeof task>;
