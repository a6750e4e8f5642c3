/**
 * What the kit renders for stores that no test can have: Azure and Google, and an S3 store that does not answer. The
 * registry itself reads it and runs the kit's check; its words must be about reaching the store and about nothing else.
 */
import { generateKeyPairSync, randomBytes } from "node:crypto";

import { renderStorageCheck, type RegistrySettings } from "../../components/registry/config-yml";
import { type RemoteStorage, storageFiles } from "../../components/storage/storage";
import { CHECK_CONFIG, CHECK_SCRIPT, storageCheckScript } from "../../components/storage/check";
import { storageProblem } from "../../components/deployment/storage-problem";
import { REGISTRY_IMAGE } from "./images";
import { tar } from "../../engine/tar";

import { docker } from "./docker";
import { must } from "./run";

const SETTINGS: RegistrySettings = {
    tls: false,
    secret: "0123456789abcdef",
    deleteEnabled: true,
    logLevel: "info",
    logFormat: "text",
    logFields: {},
    accessLog: false,
    notifications: {},
    headers: {},
    health: { enabled: true, interval: "10s", threshold: 3 },
    drainSeconds: 30,
    extra: {},
};

/** What the check says in a container that has nothing but the loopback. */
async function check(storage: RemoteStorage): Promise<string> {
    const name = `e2e-driver-${randomBytes(3).toString("hex")}`;
    const files: Record<string, { content: string }> = {
        [CHECK_SCRIPT]: { content: storageCheckScript(true) },
        [CHECK_CONFIG]: { content: renderStorageCheck({ ...SETTINGS, storage }) ?? "" },
        ...storageFiles(storage),
    };
    const archive = await tar(
        Object.entries(files).map(([path, { content }]) => ({
            path,
            mode: 0o444,
            content: Buffer.from(content),
        })),
    );
    await docker(
        ...["create", "--name", name, "--network", "none", "--env", "OTEL_TRACES_EXPORTER=none"],
        ...["--entrypoint", "/bin/sh", REGISTRY_IMAGE, "-c", `sh /etc/distribution/${CHECK_SCRIPT}; sleep 0`],
    );
    try {
        await must("docker", ["cp", "-", `${name}:/etc/distribution`], { input: archive });
        await docker("start", "--attach", name).catch(() => "");
        const { State } =
            (JSON.parse(await docker("inspect", name)) as { State: { Running: boolean } }[])[0] ?? {};
        expect(State?.Running).toBe(false);
        return (await must("sh", ["-c", `docker logs ${name} 2>&1`])).trim();
    } finally {
        await docker("rm", "--force", "--volumes", name);
    }
}

/** Words with which a driver refuses an option, or what it was given for one. */
const NOT_READ = /no \w+ parameter|invalid|must be|cannot parse|unmarshal|unknown (driver|field)|panic/i;

const { privateKey } = generateKeyPairSync("rsa", { modulusLength: 2048 });
const SERVICE_ACCOUNT = JSON.stringify({
    type: "service_account",
    client_email: "registry@example.iam.gserviceaccount.com",
    private_key: privateKey.export({ type: "pkcs8", format: "pem" }),
    token_uri: "http://127.0.0.1:9/token",
});

test.each<[string, RemoteStorage, RegExp]>([
    [
        "s3, a store that does not answer",
        {
            driver: "s3",
            region: "us-east-1",
            bucket: "images",
            endpoint: "http://127.0.0.1:9",
            accessKey: "key",
            secretKey: "hunter2",
            encrypt: true,
            keyId: "key",
            storageClass: "NONE",
            rootFolder: "/registry",
            skipVerify: false,
            redirect: true,
        },
        /connection refused/,
    ],
    [
        "azure, shared key",
        {
            driver: "azure",
            accountName: "account",
            container: "images",
            accountKey: Buffer.from("hunter2").toString("base64"),
            realm: "core.example.net",
            serviceUrl: "http://127.0.0.1:9/account",
            rootFolder: "registry",
        },
        /failed to get blob properties|does not answer/,
    ],
    [
        "azure, service principal",
        {
            driver: "azure",
            accountName: "account",
            container: "images",
            credentials: { tenantId: "tenant", clientId: "client", secret: "hunter2" },
            serviceUrl: "https://127.0.0.1:9/account",
        },
        /login\.microsoftonline\.com|failed to get blob properties|does not answer/,
    ],
    [
        "gcs, service account",
        { driver: "gcs", bucket: "images", keyFile: SERVICE_ACCOUNT, rootFolder: "registry" },
        /127\.0\.0\.1:9\/token|storage\.googleapis\.com|does not answer/,
    ],
])(
    "%s: the registry reads it, and says that it cannot reach the store",
    async (_what, storage, words) => {
        const said = await check(storage);
        expect(said).toMatch(words);
        expect(said).not.toMatch(NOT_READ);
        expect(said).not.toContain("hunter2");
        expect(storageProblem(said)).toContain("the store does not answer at its address");
    },
    60_000,
);

test("a driver that lacks an option does say so: the words above would be seen", async () => {
    const said = await check({ driver: "gcs", bucket: "" });
    expect(said).toMatch(NOT_READ);
});
