/** The storage part of config.yml, its check, and the sentences about what fails. */
import {
    conflicts,
    renderConfig,
    renderStorageCheck,
    type RegistrySettings,
} from "../../../components/registry/config-yml";
import {
    type RemoteStorage,
    type S3Storage,
    storageEnvs,
    storageFiles,
} from "../../../components/storage/storage";
import { storageCheckScript } from "../../../components/storage/check";
import { storageProblem } from "../../../components/deployment/storage-problem";
import { warnings } from "../../../components/warnings";

import { deploy, made, makeCertificates } from "./deploy";
import { expectGolden } from "./golden";
import { find } from "./mocks";

const DEFAULTS: RegistrySettings = {
    tls: true,
    realm: "basic-realm",
    secret: "0123456789abcdef",
    deleteEnabled: true,
    logLevel: "info",
    logFormat: "text",
    logFields: { service: "registry" },
    accessLog: false,
    notifications: {},
    headers: {},
    health: { enabled: true, interval: "10s", threshold: 3 },
    drainSeconds: 30,
    extra: {},
};
const S3: RemoteStorage = { driver: "s3", bucket: "images", region: "eu-central-1" };
const CEPH: RemoteStorage = {
    ...S3,
    endpoint: "https://ceph.example.com:7480",
    accessKey: "key",
    secretKey: "secret",
    caPem: "the CA",
    rootFolder: "registry",
    storageClass: "NONE",
    redirect: true,
};
const STORES: [string, RemoteStorage][] = [
    ["s3", { ...S3, encrypt: true, keyId: "key", storageClass: "STANDARD_IA" }],
    ["s3-endpoint", CEPH],
    ["azure", { driver: "azure", accountName: "account", container: "images", accountKey: "a2V5" }],
    [
        "azure-principal",
        {
            driver: "azure",
            accountName: "account",
            container: "images",
            credentials: { tenantId: "tenant", clientId: "client", secret: "secret" },
            realm: "core.chinacloudapi.cn",
        },
    ],
    ["gcs", { driver: "gcs", bucket: "images", keyFile: "{}", rootFolder: "registry" }],
];

describe("golden", () => {
    test.each(STORES)("config-%s.yml", (name, storage) =>
        expectGolden(`config-${name}.yml`, renderConfig({ ...DEFAULTS, storage })),
    );
    test("storage-check-s3.yml has the storage alone, with what the user added to it", () =>
        expectGolden(
            "storage-check-s3.yml",
            renderStorageCheck({
                ...DEFAULTS,
                storage: CEPH,
                extra: { storage: { s3: { chunksize: 10485760 } } },
            }) ?? "",
        ));
    test("storage-check-folder.sh", () => expectGolden("storage-check-folder.sh", storageCheckScript(false)));
    test("storage-check-store.sh", () => expectGolden("storage-check-store.sh", storageCheckScript(true)));
});

test("a bucket stands in the path with an endpoint, and not with Amazon; the user may say otherwise", () => {
    const text = (storage: RemoteStorage) => renderConfig({ ...DEFAULTS, storage });
    expect(text(S3)).not.toContain("forcepathstyle");
    expect(text(CEPH)).toContain("forcepathstyle: true");
    expect(text({ ...CEPH, pathStyle: false })).toContain("forcepathstyle: false");
    expect(text({ ...CEPH, endpoint: "http://a" })).toContain("secure: false");
});

test.each([true, false])("redirect is a YAML boolean (%s): the registry panics on text", (redirect) => {
    const text = renderConfig({ ...DEFAULTS, storage: { ...S3, redirect } });
    expect(text).toContain(`  redirect:\n    disable: ${!redirect}\n`);
});

test("files and variables of a store", () => {
    expect(storageFiles(CEPH)).toEqual({ "store-ca.crt": { content: "the CA" } });
    expect(storageEnvs(CEPH)).toEqual(["SSL_CERT_FILE=/etc/distribution/store-ca.crt"]);
    expect(storageFiles({ driver: "gcs", bucket: "b", keyFile: "{}" })).toEqual({
        "gcs.json": { content: "{}", mode: "0400" },
    });
    for (const none of [undefined, S3]) {
        expect(storageFiles(none)).toEqual({});
        expect(storageEnvs(none)).toEqual([]);
    }
});

describe("options of the registry beside the kit's", () => {
    test.each([
        ["s3", { s3: { bucket: "b" } }, "storage.s3.bucket", "storage.s3.bucket"],
        ["s3", { s3: { regionendpoint: "b" } }, "storage.s3.regionendpoint", "storage.s3.endpoint"],
        ["s3", { redirect: { disable: true } }, "storage.redirect", "storage.redirect"],
        ["s3", { filesystem: { maxthreads: 5 } }, "storage.filesystem", "storage: the registry takes one"],
        [
            "azure",
            { azure: { credentials: { type: "x" } } },
            "storage.azure.credentials",
            "storage.azure.credentials",
        ],
        ["gcs", { gcs: { keyfile: "x" } }, "storage.gcs.keyfile", "storage.gcs.keyFile"],
        ["filesystem", { s3: { bucket: "b" } }, "storage.s3", "storage: the registry takes one"],
    ] as const)("%s: %j is refused", (driver, storage, path, instead) => {
        const found = conflicts({ storage }, driver);
        expect(found.map((one) => one.path)).toEqual([path]);
        expect(found[0]?.instead).toContain(instead);
    });

    test("what has no key of the kit is taken", () => {
        expect(conflicts({ storage: { s3: { chunksize: 10485760 } } }, "s3")).toEqual([]);
    });
});

describe("what fails, in one sentence", () => {
    const check = "storage check failed: ";
    test.each([
        [`err.detail="s3aws: NoSuchBucket: The specified bucket does not exist."`, "does not exist"],
        [`err.detail="s3aws: SignatureDoesNotMatch: The request signature"`, "refuses the key"],
        [`err.detail="s3aws: InvalidAccessKeyId: The AWS Access Key"`, "refuses the key"],
        [`NoCredentialProviders: no valid providers in chain`, "no key is set"],
        [`tls: failed to verify certificate: x509: certificate signed by unknown authority`, "storage.s3.ca"],
        [`dial tcp 127.0.0.1:9: connect: connection refused`, "does not answer at its address"],
        [`dial tcp: lookup nowhere: no such host`, "does not answer at its address"],
        [
            "mkdir: can't create directory '/var/lib/registry/.check-7': Permission denied",
            "chown root FOLDER",
        ],
        ["mkdir: can't create directory '/x': Read-only file system", "chown root FOLDER"],
        ["mkdir: can't create directory '/x': No space left on device", "the disk is full"],
    ])("%s", (said, sentence) => {
        expect(storageProblem(`before\n${check}${said}\n`)).toContain(sentence);
    });

    test("nothing is made up where the check said nothing, or nothing known", () => {
        expect(storageProblem("panic: connection refused")).toBeUndefined();
        expect(storageProblem(`${check}something new`)).toBeUndefined();
    });
});

describe("the container", () => {
    beforeAll(makeCertificates);

    test("with a store elsewhere: no data volume, the check's files, time for the check", async () => {
        const { endpoint, accessKey, secretKey, rootFolder, redirect } = CEPH as S3Storage;
        const s3 = { bucket: "images", endpoint, accessKey, secretKey, rootFolder, ca: made.ca.pem };
        const { all } = await deploy({ storage: { redirect, s3 } });
        expect(all.filter(({ name }) => name === "r-data")).toEqual([]);
        const { inputs } = find(all, "r-container");
        expect(inputs.volumes).toEqual([
            { volumeName: "kit-dev-config", containerPath: "/etc/distribution", readOnly: true },
        ]);
        // Else Docker makes a volume without a name for the one that the image declares.
        expect(inputs.tmpfs).toEqual({ "/var/lib/registry": "ro,size=4k" });
        expect(inputs.envs).toContain("SSL_CERT_FILE=/etc/distribution/store-ca.crt");
        // Thirty seconds after its rest: the check of the store itself may take longer than one of files.
        expect(inputs.healthcheck).toMatchObject({ timeout: "50s" });
        const uploads = find(all, "r-config-writer").inputs.uploads as {
            file: string;
            permissions: string;
        }[];
        expect(uploads.map(({ file, permissions }) => [file.replace("/staged/", ""), permissions])).toEqual(
            expect.arrayContaining([
                ["config.yml", "0400"],
                ["storage-check.sh", "0444"],
                ["storage-check.yml", "0400"],
                ["store-ca.crt", "0444"],
            ]),
        );
    });

    test("is made anew where a key of the store changes, also one in a file of its own", async () => {
        const key = (of: string) =>
            JSON.stringify({ type: "service_account", client_email: "a@b.example", private_key: of });
        const digest = async (keyFile: string) => {
            const { all } = await deploy({ storage: { gcs: { bucket: "images", keyFile: key(keyFile) } } });
            return JSON.stringify(find(all, "r-container").inputs.labels);
        };
        expect(await digest("one")).not.toBe(await digest("two"));
    });
});

describe("warnings (R1)", () => {
    test.each([
        [true, true, []],
        [false, true, ["TLS is off: passwords and images travel in clear"]],
        [
            true,
            false,
            ["Authentication is off: anyone who reaches the port may push, overwrite and delete images. "],
        ],
        [false, false, ["may push, overwrite and delete images, in clear"]],
    ])("TLS %s, login %s", (tls, login, expected) => {
        const found = warnings(tls, login);
        expect(found).toHaveLength(expected.length);
        expected.forEach((text, i) => expect(found[i]).toContain(text));
    });
});
