/** Rules about where the images lie: each refused by name, with the command that mends it. */
import * as pulumi from "@pulumi/pulumi";

import { remoteStorage } from "../../../config/args-storage";

import { accepted, mistakeIn, refused } from "./base";

const S3 = { bucket: "images", region: "eu-central-1" };
const PRINCIPAL = { tenantId: "t", clientId: "c", secret: "s" };
const AZURE = { accountName: "account", container: "images" };

test.each<[storage: object, path: string, problem: string, fix: string]>([
    [
        { s3: { bucket: "images" } },
        "storage.s3.bucket",
        "driver filesystem does not use it",
        "pulumi config rm --path storage.s3.bucket",
    ],
    [
        { driver: "s3", s3: S3, gcs: { bucket: "images" } },
        "storage.gcs.bucket",
        "is set, and storage.driver s3 does not use it",
        "pulumi config rm --path storage.gcs.bucket",
    ],
    [
        { driver: "s3", s3: S3, path: "/data" },
        "storage.path",
        "driver s3 does not use it",
        "pulumi config rm --path storage.path",
    ],
    [
        { driver: "s3", s3: S3, volume: "data" },
        "storage.volume",
        "driver s3 does not use it",
        "pulumi config rm --path storage.volume",
    ],
    [
        { redirect: true },
        "storage.redirect",
        "driver filesystem does not use it",
        "pulumi config rm --path storage.redirect",
    ],
    [
        { volume: "a1", path: "/b" },
        "storage",
        "one of them holds the images",
        "pulumi config rm --path storage.path",
    ],
    [
        { driver: "s3", s3: { region: "a" } },
        "storage.s3.bucket",
        "driver s3 needs it",
        "pulumi config set --path storage.s3.bucket registry-images",
    ],
    [
        { driver: "s3", s3: { bucket: "abc" } },
        "storage.s3.region",
        "driver s3 needs it",
        "pulumi config set --path storage.s3.region eu-central-1",
    ],
    [
        { driver: "s3", s3: { ...S3, accessKey: "k" } },
        "storage.s3.secretKey",
        "storage.s3.accessKey is",
        "pulumi config set --secret --path storage.s3.secretKey KEY",
    ],
    [
        { driver: "s3", s3: { ...S3, secretKey: "k" } },
        "storage.s3.accessKey",
        "storage.s3.secretKey is",
        "pulumi config set --secret --path storage.s3.accessKey KEY",
    ],
    [
        { driver: "s3", s3: { ...S3, keyId: "k" } },
        "storage.s3.keyId",
        "storage.s3.encrypt is false",
        "pulumi config set --path storage.s3.encrypt true",
    ],
    [
        { driver: "s3", s3: { ...S3, skipVerify: true } },
        "storage.s3.skipVerify",
        "no https:// URL",
        "pulumi config rm --path storage.s3.skipVerify",
    ],
    [
        { driver: "s3", s3: { ...S3, endpoint: "https://a", ca: "/none.crt" } },
        "storage.s3.ca",
        "cannot be read: ENOENT",
        "pulumi config set --path storage.s3.ca ./store-ca.crt",
    ],
    [
        { driver: "s3", s3: { ...S3, endpoint: "https://a", ca: "-----BEGIN CERTIFICATE-----\nx" } },
        "storage.s3.ca",
        "is cut off or damaged",
        "pulumi config set --path storage.s3.ca ./store-ca.crt",
    ],
    [
        { driver: "azure", azure: { container: "images" } },
        "storage.azure.accountName",
        "driver azure needs it",
        "pulumi config set --path storage.azure.accountName exampleaccount",
    ],
    [
        { driver: "azure", azure: { ...AZURE, accountKey: "k", credentials: PRINCIPAL } },
        "storage.azure",
        "has both accountKey and credentials",
        "pulumi config rm --path storage.azure.credentials",
    ],
    [
        { driver: "azure", azure: { ...AZURE, credentials: { tenantId: "t", clientId: "c" } } },
        "storage.azure.credentials.secret",
        "is not set",
        "pulumi config set --secret --path storage.azure.credentials.secret SECRET",
    ],
    [
        { driver: "gcs" },
        "storage.gcs.bucket",
        "driver gcs needs it",
        "pulumi config set --path storage.gcs.bucket registry-images",
    ],
    [
        { driver: "gcs", gcs: { bucket: "abc", keyFile: "{hunter2" } },
        "storage.gcs.keyFile",
        "is no JSON",
        "pulumi config set --secret --path storage.gcs.keyFile ./service-account.json",
    ],
    [
        { driver: "gcs", gcs: { bucket: "abc", keyFile: '{"type":"authorized_user"}' } },
        "storage.gcs.keyFile",
        "is no key of a service account",
        "pulumi config set --secret --path storage.gcs.keyFile ./service-account.json",
    ],
    [
        { driver: "gcs", gcs: { bucket: "abc", keyFile: "/none.json" } },
        "storage.gcs.keyFile",
        "cannot be read: ENOENT",
        "pulumi config set --secret --path storage.gcs.keyFile ./service-account.json",
    ],
])("%j", (storage, path, problem, fix) => {
    const found = mistakeIn({ storage });
    expect(found).toMatchObject({ path, fix });
    expect(found.problem).toContain(problem);
    expect(refused({ storage }).message).not.toContain("hunter2");
});

test.each(["swift", "oss"])("%s is refused by name, with what to use instead", (driver) => {
    const { problem, fix } = mistakeIn({ storage: { driver } });
    expect(problem).toContain(`is "${driver}"`);
    expect(problem).toContain(
        "swift and oss went with registry 3: use s3 with the S3 endpoint of that store",
    );
    expect(fix).toBe("pulumi config set --path storage.driver s3");
});

test("registryConfig is measured by the chosen driver", () => {
    const storage = { driver: "s3", s3: S3 };
    expect(
        accepted({ storage, registryConfig: { storage: { s3: { chunksize: 10485760 } } } }).storage.driver,
    ).toBe("s3");
    expect(mistakeIn({ storage, registryConfig: { storage: { s3: { bucket: "b" } } } }).problem).toContain(
        "change storage.s3.bucket",
    );
});

test("keys become secrets, and everything else what the renderer takes", async () => {
    const { storage } = accepted({
        storage: {
            driver: "s3",
            redirect: true,
            s3: { bucket: "images", endpoint: "https://a", accessKey: "k", secretKey: "s" },
        },
    });
    const args = remoteStorage(storage);
    expect(args).toMatchObject({ driver: "s3", bucket: "images", region: "us-east-1", redirect: true });
    if (args?.driver !== "s3") throw new Error("not s3");
    expect(await pulumi.isSecret(pulumi.output(args.secretKey))).toBe(true);
    expect(await pulumi.isSecret(pulumi.output(args.accessKey))).toBe(true);
    expect(remoteStorage(accepted({}).storage)).toBeUndefined();
});
