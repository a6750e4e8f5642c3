/** The options of where the images lie, and of where the registry keeps what it knows of them. */
import * as z from "zod";

import type { Rule } from "../definition/check";
import { option, plain, section } from "../definition/option";
import { type Path, problem, type Problem, remove, set } from "../definition/problem";
import {
    FOLDER_ALLOWED,
    hostFolder,
    IMAGE_ALLOWED,
    imageName,
    objectName,
    text,
    URL_ALLOWED,
    YES_OR_NO,
} from "../definition/values";
import type { Options } from "../options";
import { certificateOption, trustProblems } from "../tls/options";
import { DEFAULT_CACHE_IMAGE } from "../../address/default-images";

const BUCKET = /^[a-zA-Z0-9][\w.-]{1,61}[a-zA-Z0-9]$/;
const name = (pattern: RegExp, description: string, allowed: string, example: string, standard?: string) =>
    option(z.string().regex(pattern).optional(), {
        description,
        allowed,
        example,
        ...(standard === undefined ? {} : { default: standard }),
    });
const bucket = name(BUCKET, "Bucket, which must exist", "3 to 63 letters, digits, _ . -", "registry-images");
const rootFolder = (store: string) =>
    name(
        /^\/?[\w-][\w.-]*(\/[\w-][\w.-]*)*$/,
        `Folder in the ${store} that holds the images`,
        "names of letters, digits, _ . - with slashes between them",
        "registry",
        "its root",
    );
const secretText = (description: string, example: string, standard?: string) =>
    option(text.optional(), {
        description,
        allowed: "a string",
        example,
        secret: true,
        ...(standard === undefined ? {} : { default: standard }),
    });

const CLASSES = [
    "STANDARD",
    "REDUCED_REDUNDANCY",
    "STANDARD_IA",
    "ONEZONE_IA",
    "INTELLIGENT_TIERING",
    "OUTPOSTS",
    "GLACIER_IR",
    "EXPRESS_ONEZONE",
    "NONE",
] as const;

const s3 = {
    bucket,
    region: name(
        /^[a-zA-Z0-9-]+$/,
        "AWS region",
        "letters, digits and hyphens",
        "eu-central-1",
        "with an endpoint us-east-1, which such stores commonly take",
    ),
    endpoint: option(
        z
            .string()
            .regex(/^https?:\/\/(\[[0-9a-fA-F:.]+\]|[a-zA-Z0-9.-]+)(:\d{1,5})?\/?$/)
            .optional(),
        {
            description: "URL of a store that is not Amazon's: Ceph, MinIO, any that speaks S3",
            allowed: "an http:// or https:// URL without a path",
            example: "https://s3.example.com",
        },
    ),
    pathStyle: option(z.boolean().optional(), {
        description: "The bucket stands in the path of the URL, not in its host name",
        default: "true with an endpoint",
        allowed: YES_OR_NO,
        example: true,
    }),
    accessKey: secretText(
        "Access key",
        "KEY",
        "without both keys the role of the machine (environment or instance metadata)",
    ),
    secretKey: secretText("Secret key of the access key", "KEY"),
    encrypt: option(z.boolean().default(false), {
        description: "The store encrypts what it keeps (server-side encryption)",
        allowed: YES_OR_NO,
        example: true,
    }),
    keyId: name(
        /^[\w:/-]+$/,
        "KMS key of the encryption",
        "a key ID or ARN",
        "1234abcd-12ab-34cd-56ef-1234567890ab",
        "the store's own key",
    ),
    storageClass: option(z.enum(CLASSES).default("STANDARD"), {
        description: "Storage class of the objects; NONE for stores that know no classes",
        allowed: `one of ${CLASSES.join(", ")}`,
        example: "STANDARD",
    }),
    rootFolder: rootFolder("bucket"),
    ca: certificateOption(
        "Certificate authority of an https endpoint with a private certificate",
        "store-ca",
    ),
    skipVerify: option(z.boolean().default(false), {
        description: "Takes any certificate of the endpoint; storage.s3.ca is the safe way",
        allowed: YES_OR_NO,
        example: false,
    }),
};

const credentials = z.strictObject({
    tenantId: name(/^[\w.-]+$/, "Tenant of the service principal", "a tenant ID", "TENANT"),
    clientId: name(/^[\w.-]+$/, "Client ID of the service principal", "a client ID", "CLIENT"),
    secret: secretText("Client secret of the service principal", "SECRET"),
});

const azure = {
    accountName: name(
        /^[a-z0-9]{3,24}$/,
        "Storage account",
        "3 to 24 small letters and digits",
        "exampleaccount",
    ),
    container: name(
        /^[a-z0-9](-?[a-z0-9]){2,62}$/,
        "Blob container, which must exist",
        "3 to 63 small letters, digits and hyphens",
        "registry-images",
    ),
    accountKey: secretText(
        "Shared key of the account",
        "KEY",
        "without it and storage.azure.credentials the machine's managed identity",
    ),
    credentials: option(credentials.prefault({}), {
        description: "Service principal, instead of the shared key",
        allowed: "an object of tenantId, clientId, secret",
        example: { clientId: "CLIENT" },
        secret: true,
    }),
    realm: name(
        /^[a-z0-9]+(\.[a-z0-9-]+)+$/,
        "Domain of the Azure cloud",
        "a domain",
        "core.chinacloudapi.cn",
        "core.windows.net",
    ),
    serviceUrl: option(
        z
            .string()
            .regex(/^https?:\/\/[^\s/]+(\/[\w.-]+)*\/?$/)
            .optional(),
        {
            description: "URL of the blob service",
            default: "https://ACCOUNT.blob.REALM",
            allowed: URL_ALLOWED,
            example: "https://exampleaccount.blob.core.windows.net",
        },
    ),
    rootFolder: rootFolder("container"),
};

const gcs = {
    bucket,
    keyFile: option(z.string().min(1).optional(), {
        description: "Key of a service account, JSON",
        default: "the machine's own account",
        allowed: "JSON text or the path of a file",
        example: "./service-account.json",
        file: "json",
        secret: true,
    }),
    rootFolder: rootFolder("bucket"),
};

const store = <S extends z.ZodRawShape>(key: string, shape: S, what: string, example: unknown) =>
    option(section(shape), {
        description: `${what} holds the images`,
        allowed: `an object (storage.${key}.*)`,
        example,
        secret: true,
    });

const storage = z.strictObject({
    volume: plain(objectName.optional(), {
        description: "Named volume that holds the images",
        default: "PROJECT-STACK-data",
        allowed: "a Docker volume name (letters, digits, _ . -)",
        example: "registry-data",
    }),
    folder: plain(hostFolder.optional(), {
        description: "Folder of the Docker host that holds the images, instead of a named volume",
        allowed: FOLDER_ALLOWED,
        example: "/opt/data/registry",
    }),
    redirect: option(z.boolean().default(false), {
        description:
            "Clients fetch blobs from the store itself, which they must reach and trust; else through the registry",
        allowed: YES_OR_NO,
        example: true,
    }),
    s3: store("s3", s3, "Amazon S3, Ceph, MinIO or whatever else speaks S3", { bucket: "registry-images" }),
    azure: store("azure", azure, "Azure Blob Storage", { container: "registry-images" }),
    gcs: store("gcs", gcs, "Google Cloud Storage", { bucket: "registry-images" }),
});
export type Storage = z.output<typeof storage>;

const valkey = {
    image: option(imageName.default(DEFAULT_CACHE_IMAGE), {
        description: "Image of the cache: Valkey, or Redis 6.2 or newer",
        allowed: IMAGE_ALLOWED,
        example: DEFAULT_CACHE_IMAGE,
    }),
    memoryMb: option(z.int().min(16).default(64), {
        description: "What the cache may hold; then what was used longest ago goes",
        unit: "MiB",
        allowed: "a whole number from 16",
        example: 64,
    }),
};

export const storageOptions = {
    storage: option(storage.prefault({}), {
        description:
            "Where the images lie: in a volume or folder of the Docker host, or in a store elsewhere",
        allowed: "an object of one of volume, folder, s3, azure and gcs",
        example: { volume: "registry-data" },
    }),
    cache: option(
        z
            .strictObject({
                valkey: option(section(valkey), {
                    description: "A Valkey beside the registry, which outlives its restarts",
                    allowed: "an object of image and memoryMb, or true",
                    example: true,
                }),
            })
            .prefault({}),
        {
            description: "Where the registry keeps what it knows of blobs",
            default: "its own memory",
            allowed: "an object of valkey",
            example: { valkey: true },
        },
    ),
    keepData: plain(z.boolean().default(true), {
        description:
            "`pulumi destroy` leaves the data volume. To remove it: set false, `pulumi up`, `pulumi destroy`",
        allowed: YES_OR_NO,
        example: false,
    }),
};

export const PLACES = ["volume", "folder", "s3", "azure", "gcs"] as const;
type Place = (typeof PLACES)[number];
/** The driver of the registry for a place. */
export const driverOf = (storage: { [K in Place]?: unknown } = {}): "filesystem" | "s3" | "azure" | "gcs" =>
    (["s3", "azure", "gcs"] as const).find((driver) => storage[driver] !== undefined) ?? "filesystem";

const at = (...path: string[]): Path => ["storage", ...path];

function onePlace(storage: Storage): Problem[] {
    const [first, ...more] = PLACES.filter((place) => storage[place] !== undefined);
    const driver = driverOf(storage);
    return [
        ...more.map((place) =>
            problem(
                at(place),
                `is set, and storage.${first} too; one of them holds the images`,
                remove(at(place)),
            ),
        ),
        ...(driver === "filesystem" && storage.redirect
            ? [
                  problem(
                      at("redirect"),
                      "is true, and there is no store elsewhere to which clients could be sent",
                      remove(at("redirect")),
                  ),
              ]
            : []),
    ];
}

const needed = (driver: Place, options: object, examples: Record<string, string>): Problem[] =>
    Object.entries(examples)
        .filter(([key]) => !(options as Record<string, unknown>)[key])
        .map(([key, example]) =>
            problem(at(driver, key), `is not set; storage.${driver} needs it`, set(at(driver, key), example)),
        );

function s3Problems(options: NonNullable<Storage["s3"]>): Problem[] {
    const { endpoint, accessKey, secretKey, encrypt, keyId, ca, skipVerify } = options;
    const problems = needed("s3", options, {
        bucket: "registry-images",
        ...(endpoint === undefined ? { region: "eu-central-1" } : {}),
    });
    if (Boolean(accessKey) !== Boolean(secretKey)) {
        const [lacking, there] = accessKey ? ["secretKey", "accessKey"] : ["accessKey", "secretKey"];
        const text = `is not set, and storage.s3.${there} is; the store needs both, or none for the machine's role`;
        problems.push(problem(at("s3", lacking), text, set(at("s3", lacking), "KEY", true)));
    }
    if (ca !== undefined) problems.push(...trustProblems(at("s3", "ca"), ca, "./store-ca.crt"));
    if (keyId !== undefined && !encrypt)
        problems.push(
            problem(
                at("s3", "keyId"),
                "is set, and storage.s3.encrypt is false",
                set(at("s3", "encrypt"), true),
            ),
        );
    for (const [key, on] of Object.entries({ ca: ca !== undefined, skipVerify }))
        if (on && !endpoint?.startsWith("https:"))
            problems.push(
                problem(
                    at("s3", key),
                    "is set, and storage.s3.endpoint is no https:// URL",
                    remove(at("s3", key)),
                ),
            );
    if (ca !== undefined && skipVerify)
        problems.push(
            problem(
                at("s3", "skipVerify"),
                "is true beside storage.s3.ca, which it would make useless",
                remove(at("s3", "skipVerify")),
            ),
        );
    return problems;
}

function azureProblems(options: NonNullable<Storage["azure"]>): Problem[] {
    const { accountKey, credentials } = options;
    const problems = needed("azure", options, {
        accountName: "exampleaccount",
        container: "registry-images",
    });
    const keys = ["tenantId", "clientId", "secret"] as const;
    const lacking = keys.filter((key) => !credentials[key]);
    if (lacking.length === keys.length) return problems;
    if (accountKey)
        return [
            ...problems,
            problem(
                at("azure"),
                "has both accountKey and credentials; one of them logs in",
                remove(at("azure", "credentials")),
            ),
        ];
    return [
        ...problems,
        ...lacking.map((key) =>
            problem(
                at("azure", "credentials", key),
                "is not set; a service principal has tenantId, clientId and secret",
                set(at("azure", "credentials", key), key === "secret" ? "SECRET" : "ID", key === "secret"),
            ),
        ),
    ];
}

/** What is wrong with the JSON key of a Google service account; no message shows the value, which may be a key. */
function serviceAccountProblem(keyFile: string): string | undefined {
    try {
        const key = JSON.parse(keyFile) as Record<string, unknown> | null;
        return key?.type === "service_account" && key.private_key && key.client_email
            ? undefined
            : "is no key of a service account: it lacks type service_account, client_email or private_key";
    } catch {
        return "is no JSON";
    }
}

function gcsProblems(options: NonNullable<Storage["gcs"]>): Problem[] {
    const { keyFile } = options;
    const wrong = keyFile === undefined ? undefined : serviceAccountProblem(keyFile);
    return [
        ...needed("gcs", options, { bucket: "registry-images" }),
        ...(wrong === undefined
            ? []
            : [
                  problem(
                      at("gcs", "keyFile"),
                      wrong,
                      set(at("gcs", "keyFile"), "./service-account.json", true),
                  ),
              ]),
    ];
}

const storageRule: Rule<Options> = ({ storage }) => {
    if (storage === undefined) return [];
    const { s3, azure, gcs } = storage;
    const wrong = onePlace(storage);
    // Of several places the first stays; the others' mend removes them.
    const first = PLACES.find((place) => storage[place] !== undefined);
    if (first === "s3" && s3) return [...wrong, ...s3Problems(s3)];
    if (first === "azure" && azure) return [...wrong, ...azureProblems(azure)];
    if (first === "gcs" && gcs) return [...wrong, ...gcsProblems(gcs)];
    return wrong;
};

export const storageRules: readonly Rule<Options>[] = [storageRule];
