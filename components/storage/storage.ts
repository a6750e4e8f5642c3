/**
 * The `storage` part of the registry's config.yml: where the images lie. Option names:
 * distribution.github.io/distribution/storage-drivers, and the drivers' own sources (registry/storage/driver of 3.1.2).
 */
import type * as pulumi from "@pulumi/pulumi";

import { CONFIG_FOLDER } from "./folders";

type Input<T> = pulumi.Input<T>;

/** Certificate authority of a store with a private certificate, in the configuration folder. */
const STORE_CA = "store-ca.crt";
/** Key file of the Google service account, in the configuration folder. */
const GCS_KEY = "gcs.json";

/** Amazon S3, Ceph, MinIO and whatever else speaks S3. */
export interface S3Storage {
    driver: "s3";
    bucket: string;
    /** AWS region. With an endpoint any name that the store takes. */
    region: string;
    /** http:// or https:// URL of a store that is not Amazon's. */
    endpoint?: string | undefined;
    /** Bucket in the path and not in the host name. @default true with an endpoint */
    pathStyle?: boolean | undefined;
    /** Both keys or none: then the AWS SDK looks for the role of the machine. */
    accessKey?: string | undefined;
    secretKey?: string | undefined;
    /** Server-side encryption. @default false */
    encrypt?: boolean | undefined;
    /** KMS key of the encryption. @default the store's own */
    keyId?: string | undefined;
    /** @default "STANDARD" */
    storageClass?: string | undefined;
    /** Folder in the bucket. @default its root */
    rootFolder?: string | undefined;
    /** Takes any certificate of the endpoint. @default false */
    skipVerify?: boolean | undefined;
    /** Certificate authority of the endpoint, PEM. @default the image's own bundle */
    caPem?: string | undefined;
    /** Clients fetch blobs from the store itself. @default false */
    redirect?: boolean | undefined;
}

/** Azure Blob Storage. */
export interface AzureStorage {
    driver: "azure";
    accountName: string;
    container: string;
    /** Shared key of the account. */
    accountKey?: string | undefined;
    /** A service principal instead. Neither: Azure's default credentials (a managed identity). */
    credentials?: { tenantId: string; clientId: string; secret: string } | undefined;
    /** @default "core.windows.net" */
    realm?: string | undefined;
    /** @default `https://ACCOUNT.blob.REALM` */
    serviceUrl?: string | undefined;
    rootFolder?: string | undefined;
    /** @default false */
    redirect?: boolean | undefined;
}

/** Google Cloud Storage. */
export interface GcsStorage {
    driver: "gcs";
    bucket: string;
    /** JSON key of a service account. @default the machine's own account */
    keyFile?: string | undefined;
    rootFolder?: string | undefined;
    /** @default false */
    redirect?: boolean | undefined;
}

/** A store elsewhere than on the Docker host. */
export type RemoteStorage = S3Storage | AzureStorage | GcsStorage;

type Inputs<T> = { [K in keyof T]: K extends "driver" ? T[K] : Input<T[K]> };
/** The same, of which any value may be an Output. */
export type RemoteStorageArgs = Inputs<S3Storage> | Inputs<AzureStorage> | Inputs<GcsStorage>;

type Tree = Record<string, unknown>;

/** Without the options that are not set. */
const given = (options: Tree): Tree =>
    Object.fromEntries(Object.entries(options).filter(([, value]) => value !== undefined));

function s3(storage: S3Storage): Tree {
    const { endpoint } = storage;
    return given({
        region: storage.region,
        bucket: storage.bucket,
        regionendpoint: endpoint,
        // Release 3 puts the bucket into the host name unless told; few stores beside Amazon's have such names in DNS.
        forcepathstyle: storage.pathStyle ?? (endpoint === undefined ? undefined : true),
        secure: endpoint === undefined ? undefined : endpoint.startsWith("https:"),
        skipverify: storage.skipVerify,
        accesskey: storage.accessKey,
        secretkey: storage.secretKey,
        encrypt: storage.encrypt,
        keyid: storage.keyId,
        storageclass: storage.storageClass,
        rootdirectory: storage.rootFolder,
    });
}

function azure(storage: AzureStorage): Tree {
    const { accountKey, credentials } = storage;
    return given({
        accountname: storage.accountName,
        accountkey: accountKey,
        credentials: credentials
            ? {
                  type: "client_secret",
                  tenantid: credentials.tenantId,
                  clientid: credentials.clientId,
                  secret: credentials.secret,
              }
            : { type: accountKey === undefined ? "default_credentials" : "shared_key" },
        container: storage.container,
        realm: storage.realm,
        serviceurl: storage.serviceUrl,
        rootdirectory: storage.rootFolder,
    });
}

function gcs(storage: GcsStorage): Tree {
    return given({
        bucket: storage.bucket,
        keyfile: storage.keyFile === undefined ? undefined : `${CONFIG_FOLDER}/${GCS_KEY}`,
        rootdirectory: storage.rootFolder,
    });
}

function driverOptions(storage: RemoteStorage): Tree {
    switch (storage.driver) {
        case "s3":
            return s3(storage);
        case "azure":
            return azure(storage);
        case "gcs":
            return gcs(storage);
    }
}

/**
 * The driver with its options, and whether clients are sent to the store.
 *
 * @param storage nothing is a folder
 * @param folder that folder
 */
export function renderStorage(storage: RemoteStorage | undefined, folder: string): Tree {
    if (storage === undefined) return { filesystem: { rootdirectory: folder } };
    return {
        [storage.driver]: driverOptions(storage),
        // The registry panics on anything but a YAML boolean here.
        redirect: { disable: !(storage.redirect ?? false) },
    };
}

/** Options of a driver that the kit sets → the key to use instead. */
export const OWNED_STORAGE: Readonly<Record<string, string>> = {
    "storage.filesystem.rootdirectory": "storage.folder or storage.volume",
    ...Object.fromEntries(
        Object.entries({
            s3: {
                region: "region",
                bucket: "bucket",
                regionendpoint: "endpoint",
                forcepathstyle: "pathStyle",
                secure: "endpoint",
                skipverify: "skipVerify",
                accesskey: "accessKey",
                secretkey: "secretKey",
                encrypt: "encrypt",
                keyid: "keyId",
                storageclass: "storageClass",
                rootdirectory: "rootFolder",
            },
            azure: {
                accountname: "accountName",
                accountkey: "accountKey",
                credentials: "credentials",
                container: "container",
                realm: "realm",
                serviceurl: "serviceUrl",
                rootdirectory: "rootFolder",
            },
            gcs: {
                bucket: "bucket",
                keyfile: "keyFile",
                credentials: "keyFile",
                rootdirectory: "rootFolder",
            },
        }).flatMap(([driver, options]) =>
            Object.entries(options).map(([option, key]) => [
                `storage.${driver}.${option}`,
                `storage.${driver}.${key}`,
            ]),
        ),
    ),
};

/** Files that the store needs beside config.yml. */
export function storageFiles(
    storage: RemoteStorageArgs | undefined,
): Record<string, { content: pulumi.Input<string>; mode?: string }> {
    if (storage?.driver === "s3" && storage.caPem !== undefined)
        return { [STORE_CA]: { content: storage.caPem as Input<string> } };
    if (storage?.driver === "gcs" && storage.keyFile !== undefined)
        return { [GCS_KEY]: { content: storage.keyFile as Input<string>, mode: "0400" } };
    return {};
}

/**
 * Environment of the registry's container for the store. Go reads the file of SSL_CERT_FILE instead of the system's
 * bundle, and /etc/ssl/certs, where the images have that bundle, all the same (crypto/x509, loadSystemRoots).
 */
export const storageEnvs = (storage: RemoteStorageArgs | undefined): string[] =>
    storage?.driver === "s3" && storage.caPem !== undefined
        ? [`SSL_CERT_FILE=${CONFIG_FOLDER}/${STORE_CA}`]
        : [];
