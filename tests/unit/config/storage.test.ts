/** Rules about where the images lie: each refused by name, with the command that mends it. */
import * as pulumi from "@pulumi/pulumi";

import { remoteStorage } from "../../../components/storage/remote";
import { argumentsOf } from "../../../config/arguments";

import { valueOf } from "../components/mocks";

import { accepted, mistakeIn, refused } from "./base";

const S3 = { bucket: "images", region: "eu-central-1" };
const PRINCIPAL = { tenantId: "t", clientId: "c", secret: "s" };
const AZURE = { accountName: "account", container: "images" };

test.each<[storage: object, path: string, problem: string, fix: string]>([
    [
        { s3: S3, gcs: { bucket: "images" } },
        "storage.gcs",
        "is set, and storage.s3 too; one of them holds the images",
        "pulumi config rm --path storage.gcs",
    ],
    [
        { s3: S3, folder: "/data" },
        "storage.s3",
        "is set, and storage.folder too",
        "pulumi config rm --path storage.s3",
    ],
    [
        { s3: S3, volume: "data" },
        "storage.s3",
        "is set, and storage.volume too",
        "pulumi config rm --path storage.s3",
    ],
    [
        { redirect: true },
        "storage.redirect",
        "there is no store elsewhere to which clients could be sent",
        "pulumi config rm --path storage.redirect",
    ],
    [
        { volume: "a1", folder: "/b" },
        "storage.folder",
        "one of them holds the images",
        "pulumi config rm --path storage.folder",
    ],
    [
        { s3: { region: "a" } },
        "storage.s3.bucket",
        "storage.s3 needs it",
        "pulumi config set --path storage.s3.bucket registry-images",
    ],
    [
        { s3: { bucket: "abc" } },
        "storage.s3.region",
        "storage.s3 needs it",
        "pulumi config set --path storage.s3.region eu-central-1",
    ],
    [
        { s3: { ...S3, accessKey: "k" } },
        "storage.s3.secretKey",
        "storage.s3.accessKey is",
        "pulumi config set --secret --path storage.s3.secretKey KEY",
    ],
    [
        { s3: { ...S3, secretKey: "k" } },
        "storage.s3.accessKey",
        "storage.s3.secretKey is",
        "pulumi config set --secret --path storage.s3.accessKey KEY",
    ],
    [
        { s3: { ...S3, keyId: "k" } },
        "storage.s3.keyId",
        "storage.s3.encrypt is false",
        "pulumi config set --path storage.s3.encrypt true",
    ],
    [
        { s3: { ...S3, skipVerify: true } },
        "storage.s3.skipVerify",
        "no https:// URL",
        "pulumi config rm --path storage.s3.skipVerify",
    ],
    [
        { s3: { ...S3, endpoint: "https://a", ca: "/none.crt" } },
        "storage.s3.ca",
        "cannot be read: ENOENT",
        "pulumi config set --path storage.s3.ca ./store-ca.crt",
    ],
    [
        { s3: { ...S3, endpoint: "https://a", ca: "-----BEGIN CERTIFICATE-----\nx" } },
        "storage.s3.ca",
        "is cut off or damaged",
        "pulumi config set --path storage.s3.ca ./store-ca.crt",
    ],
    [
        { azure: { container: "images" } },
        "storage.azure.accountName",
        "storage.azure needs it",
        "pulumi config set --path storage.azure.accountName exampleaccount",
    ],
    [
        { azure: { ...AZURE, accountKey: "k", credentials: PRINCIPAL } },
        "storage.azure",
        "has both accountKey and credentials",
        "pulumi config rm --path storage.azure.credentials",
    ],
    [
        { azure: { ...AZURE, credentials: { tenantId: "t", clientId: "c" } } },
        "storage.azure.credentials.secret",
        "is not set",
        "pulumi config set --secret --path storage.azure.credentials.secret SECRET",
    ],
    [
        { gcs: {} },
        "storage.gcs.bucket",
        "storage.gcs needs it",
        "pulumi config set --path storage.gcs.bucket registry-images",
    ],
    [
        { gcs: { bucket: "abc", keyFile: "{hunter2" } },
        "storage.gcs.keyFile",
        "is no JSON",
        "pulumi config set --secret --path storage.gcs.keyFile ./service-account.json",
    ],
    [
        { gcs: { bucket: "abc", keyFile: '{"type":"authorized_user"}' } },
        "storage.gcs.keyFile",
        "is no key of a service account",
        "pulumi config set --secret --path storage.gcs.keyFile ./service-account.json",
    ],
    [
        { gcs: { bucket: "abc", keyFile: "/none.json" } },
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
        "swift and oss went with registry 3: use storage.s3 with the S3 endpoint of that store",
    );
    expect(fix).toBe(
        "pulumi config rm --path storage.driver && pulumi config set --path storage.s3.bucket registry-images && " +
            "pulumi config set --path storage.s3.endpoint https://s3.example.com",
    );
});

test("registryConfig is measured by the chosen driver", () => {
    const storage = { s3: S3 };
    expect(accepted({ storage, registryConfig: { storage: { s3: { chunksize: 10485760 } } } })).toBeDefined();
    expect(mistakeIn({ storage, registryConfig: { storage: { s3: { bucket: "b" } } } }).problem).toContain(
        "change storage.s3.bucket",
    );
});

test("keys become secrets, and everything else what the renderer takes", async () => {
    const { storage } = argumentsOf(
        accepted({
            storage: {
                redirect: true,
                s3: { bucket: "images", endpoint: "https://a", accessKey: "k", secretKey: "s" },
            },
        }),
        {},
    );
    const args = remoteStorage(storage as Parameters<typeof remoteStorage>[0]);
    expect(args).toMatchObject({ driver: "s3", redirect: true });
    if (args?.driver !== "s3") throw new Error("not s3");
    const value = <T>(given: pulumi.Input<T>) => valueOf(pulumi.output(given));
    expect([await value(args.bucket), await value(args.region)]).toEqual(["images", "us-east-1"]);
    expect(await pulumi.isSecret(pulumi.output(args.secretKey))).toBe(true);
    expect(await pulumi.isSecret(pulumi.output(args.accessKey))).toBe(true);
    expect(remoteStorage(accepted({}).storage)).toBeUndefined();
});
