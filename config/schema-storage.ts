/** The part of the schema that is about where the images lie. */
import * as z from "zod";

import { field, objectName, pemOrFile, text } from "./fields";

const url = z
    .string()
    .regex(/^https?:\/\/(\[[0-9a-fA-F:.]+\]|[a-zA-Z0-9.-]+)(:\d{1,5})?\/?$/)
    .optional();
const BUCKET = /^[a-zA-Z0-9][\w.-]{1,61}[a-zA-Z0-9]$/;
const BUCKET_ALLOWED = "3 to 63 letters, digits, _ . -";

const rootFolder = (store: string, example: string) =>
    field(
        z
            .string()
            .regex(/^\/?[\w-][\w.-]*(\/[\w-][\w.-]*)*$/)
            .optional(),
        {
            description: `Folder in the ${store} that holds the images. Default: its root`,
            allowed: "names of letters, digits, _ . - with slashes between them",
            example,
        },
    );
const secretText = (description: string, example: string) =>
    field(text.optional(), { description, allowed: "a string", example, secret: true });
const name = (pattern: RegExp, description: string, allowed: string, example: string) =>
    field(z.string().regex(pattern).optional(), { description, allowed, example });

const s3 = z.strictObject({
    bucket: name(BUCKET, "Bucket, which must exist", BUCKET_ALLOWED, "registry-images"),
    region: name(
        /^[a-zA-Z0-9-]+$/,
        "AWS region. Default with storage.s3.endpoint: us-east-1, which such stores commonly take",
        "letters, digits and hyphens",
        "eu-central-1",
    ),
    endpoint: field(url, {
        description: "URL of a store that is not Amazon's: Ceph, MinIO, any that speaks S3",
        allowed: "an http:// or https:// URL without a path",
        example: "https://s3.example.com",
    }),
    pathStyle: field(z.boolean().optional(), {
        description:
            "The bucket stands in the path of the URL, not in its host name. Default: true with storage.s3.endpoint",
        allowed: "true or false",
        example: "true",
    }),
    accessKey: secretText(
        "Access key. Without both keys: the role of the machine (environment or instance metadata)",
        "KEY",
    ),
    secretKey: secretText("Secret key of the access key", "KEY"),
    encrypt: field(z.boolean().default(false), {
        description: "The store encrypts what it keeps (server-side encryption)",
        allowed: "true or false",
        example: "true",
    }),
    keyId: name(
        /^[\w:/-]+$/,
        "KMS key of the encryption. Default: the store's own key",
        "a key ID or ARN",
        "1234abcd-12ab-34cd-56ef-1234567890ab",
    ),
    storageClass: field(
        z
            .enum([
                "STANDARD",
                "REDUCED_REDUNDANCY",
                "STANDARD_IA",
                "ONEZONE_IA",
                "INTELLIGENT_TIERING",
                "OUTPOSTS",
                "GLACIER_IR",
                "EXPRESS_ONEZONE",
                "NONE",
            ])
            .default("STANDARD"),
        {
            description: "Storage class of the objects; NONE for stores that know no classes",
            allowed:
                "one of STANDARD, REDUCED_REDUNDANCY, STANDARD_IA, ONEZONE_IA, INTELLIGENT_TIERING, OUTPOSTS, GLACIER_IR, EXPRESS_ONEZONE, NONE",
            example: "STANDARD",
        },
    ),
    rootFolder: rootFolder("bucket", "registry"),
    ca: field(pemOrFile.optional(), {
        description:
            "Certificate authority of an https endpoint with a private certificate, PEM text or the path of a PEM file",
        allowed: "PEM text or the path of a PEM file",
        example: "./store-ca.crt",
    }),
    skipVerify: field(z.boolean().default(false), {
        description: "Takes any certificate of the endpoint; storage.s3.ca is the safe way",
        allowed: "true or false",
        example: "false",
    }),
});

const credentials = z.strictObject({
    tenantId: name(/^[\w.-]+$/, "Tenant of the service principal", "a tenant ID", "TENANT"),
    clientId: name(/^[\w.-]+$/, "Client ID of the service principal", "a client ID", "CLIENT"),
    secret: secretText("Client secret of the service principal", "SECRET"),
});

const azure = z.strictObject({
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
        "Shared key of the account. Without it and storage.azure.credentials: the machine's managed identity",
        "KEY",
    ),
    credentials: field(credentials.prefault({}), {
        description: "Service principal, instead of the shared key",
        allowed: "an object of tenantId, clientId, secret",
        example: "--path storage.azure.credentials.clientId CLIENT",
        secret: true,
    }),
    realm: name(
        /^[a-z0-9]+(\.[a-z0-9-]+)+$/,
        "Domain of the Azure cloud. Default: core.windows.net",
        "a domain",
        "core.chinacloudapi.cn",
    ),
    serviceUrl: field(
        z
            .string()
            .regex(/^https?:\/\/[^\s/]+(\/[\w.-]+)*\/?$/)
            .optional(),
        {
            description: "URL of the blob service. Default: https://ACCOUNT.blob.REALM",
            allowed: "an http:// or https:// URL",
            example: "https://exampleaccount.blob.core.windows.net",
        },
    ),
    rootFolder: rootFolder("container", "registry"),
});

const gcs = z.strictObject({
    bucket: name(BUCKET, "Bucket, which must exist", BUCKET_ALLOWED, "registry-images"),
    keyFile: field(z.string().min(1).optional(), {
        description:
            "Key of a service account, JSON text or the path of its file. Without it: the machine's own account",
        allowed: "JSON text or the path of a file",
        example: "./service-account.json",
        secret: true,
    }),
    rootFolder: rootFolder("bucket", "registry"),
});

export const storage = z.strictObject({
    driver: field(z.enum(["filesystem", "s3", "azure", "gcs"]).default("filesystem"), {
        description:
            "filesystem: a volume or folder of the Docker host. s3: Amazon S3, Ceph and whatever speaks S3. azure: Azure Blob Storage. gcs: Google Cloud Storage",
        allowed:
            "filesystem, s3, azure or gcs (swift and oss went with registry 3: use s3 with the S3 endpoint of that store)",
        example: "s3",
    }),
    volume: field(objectName.optional(), {
        description: "Named volume that holds the images. Default: PROJECT-STACK-data",
        allowed: "a Docker volume name (letters, digits, _ . -)",
        example: "registry-data",
    }),
    path: field(
        z
            .string()
            .regex(/^\/[^:]+$/)
            .optional(),
        {
            description: "Folder of the Docker host that holds the images, instead of a named volume",
            allowed: "an absolute path of the Docker host without a colon",
            example: "/opt/data/registry",
        },
    ),
    redirect: field(z.boolean().default(false), {
        description:
            "Clients fetch blobs from the store itself, which they must reach and trust; else through the registry",
        allowed: "true or false",
        example: "true",
    }),
    s3: field(s3.prefault({}), {
        description: "The store of `storage.driver: s3`",
        allowed: "an object (see storage.s3.* below)",
        example: "--path storage.s3.bucket registry-images",
        secret: true,
    }),
    azure: field(azure.prefault({}), {
        description: "The store of `storage.driver: azure`",
        allowed: "an object (see storage.azure.* below)",
        example: "--path storage.azure.container registry-images",
        secret: true,
    }),
    gcs: field(gcs.prefault({}), {
        description: "The store of `storage.driver: gcs`",
        allowed: "an object (see storage.gcs.* below)",
        example: "--path storage.gcs.bucket registry-images",
        secret: true,
    }),
});
