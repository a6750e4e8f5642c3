/** The keys that say where the images lie. */
import { flag, group, type Key, pem, same, set } from "./key";

const S3 = { bucket: "images", region: "eu-central-1" };
const S3_ON = { storage: { driver: "s3", s3: S3 } };
const S3_TLS = { storage: { driver: "s3", s3: { ...S3, endpoint: "https://s3.example.com" } } };
const S3_ENCRYPTED = { storage: { driver: "s3", s3: { ...S3, encrypt: true } } };
const AZURE_ON = { storage: { driver: "azure", azure: { accountName: "account", container: "images" } } };
const PRINCIPAL = { tenantId: "t", clientId: "c", secret: "hunter2" };
const AZURE_LOGIN = {
    storage: {
        driver: "azure",
        azure: { accountName: "account", container: "images", credentials: PRINCIPAL },
    },
};
const GCS_ON = { storage: { driver: "gcs", gcs: { bucket: "images" } } };

const BUCKET_ALLOWED = "3 to 63 letters, digits, _ . -";
const SERVICE_ACCOUNT = JSON.stringify({
    type: "service_account",
    client_email: "a@b.example",
    private_key: "k",
});

const named = (
    key: string,
    beside: Key["beside"],
    allowed: string,
    example: string,
    rest: Partial<Key>,
): Key => ({
    key: `storage.${key}`,
    valid: [],
    invalid: [],
    allowed,
    fix: set(`--path storage.${key} ${example}`),
    ...(beside ? { beside } : {}),
    ...rest,
});
const secret = (key: string, beside: Key["beside"], example: string): Key =>
    named(key, beside, "a string", example, {
        valid: [...same("text"), { value: 12345, becomes: "12345" }],
        invalid: [["hunter2"], { hunter2: 1 }],
        secret: true,
        fix: set(`--secret --path storage.${key} ${example}`),
    });
const root = (driver: string, beside: Key["beside"]): Key =>
    named(`${driver}.rootFolder`, beside, "with slashes between them", "registry", {
        valid: same("registry", "/a/b.c"),
        invalid: ["", "a b", "../a", "a//b", 5],
    });
const on = (key: string, initially: boolean | undefined, example: string, beside: Key["beside"]): Key => ({
    ...flag(`storage.${key}`, initially ?? example === "true", "--path "),
    valid: same(true, false),
    default: initially,
    ...(beside ? { beside } : {}),
});
const part = (name: string): Key =>
    group(`storage.${name}`, "an object", `pulumi config rm --path storage.${name}`, { secret: true });

export const STORAGE: Key[] = [
    group("storage", "an object (see storage.* below)", set("--path storage.volume registry-data")),
    named("driver", S3_ON, "filesystem, s3, azure or gcs (swift and oss went with registry 3", "s3", {
        valid: same("s3"),
        default: "filesystem",
        invalid: ["swift", "oss", "S3", "inmemory", 1],
    }),
    named("volume", undefined, "a Docker volume name", "registry-data", {
        valid: same("registry-data", "data.1"),
        invalid: ["/data", "a b", ""],
    }),
    named("path", undefined, "an absolute path", "/opt/data/registry", {
        valid: same("/opt/data/registry", "/with space"),
        invalid: ["data", "./data", "/a:b", "C:\\data", ""],
    }),
    on("redirect", false, "true", S3_ON),
    part("s3"),
    named("s3.bucket", S3_ON, BUCKET_ALLOWED, "registry-images", {
        valid: same("abc", "a.b-c_D", "x".repeat(63)),
        invalid: ["ab", "-abc", "a/b", "x".repeat(64), 5],
    }),
    named("s3.region", S3_ON, "letters, digits and hyphens", "eu-central-1", {
        valid: same("us-east-1", "default"),
        invalid: ["", "eu central", 5],
    }),
    named("s3.endpoint", S3_ON, "an http:// or https:// URL without a path", "https://s3.example.com", {
        valid: same("http://192.0.2.1:9000", "https://s3.example.com/", "https://[2001:db8::1]:9000"),
        invalid: ["s3.example.com", "ftp://a", "https://a/b", "https://u:p@a", 5],
    }),
    on("s3.pathStyle", undefined, "true", S3_ON),
    secret("s3.accessKey", { storage: { driver: "s3", s3: { ...S3, secretKey: "k" } } }, "KEY"),
    secret("s3.secretKey", { storage: { driver: "s3", s3: { ...S3, accessKey: "k" } } }, "KEY"),
    on("s3.encrypt", false, "true", S3_ON),
    named("s3.keyId", S3_ENCRYPTED, "a key ID or ARN", "1234abcd-12ab-34cd-56ef-1234567890ab", {
        valid: same("arn:aws:kms:eu-central-1:1:key/a-b"),
        invalid: ["", "a b", 5],
    }),
    named("s3.storageClass", S3_ON, "one of STANDARD, REDUCED_REDUNDANCY", "STANDARD", {
        valid: same("STANDARD", "NONE", "GLACIER_IR"),
        default: "STANDARD",
        invalid: ["standard", "GLACIER", 5],
    }),
    root("s3", S3_ON),
    pem("storage.s3.ca", "--path storage.s3.ca ./store-ca.crt"),
    on("s3.skipVerify", false, "false", S3_TLS),
    part("azure"),
    named("azure.accountName", AZURE_ON, "3 to 24 small letters and digits", "exampleaccount", {
        valid: same("abc", "a1b2"),
        invalid: ["ab", "Abc", "a-b", 5],
    }),
    named("azure.container", AZURE_ON, "3 to 63 small letters", "registry-images", {
        valid: same("abc", "registry-images"),
        invalid: ["ab", "A-b", "a--b", "-ab", 5],
    }),
    secret("azure.accountKey", AZURE_ON, "KEY"),
    part("azure.credentials"),
    named("azure.credentials.tenantId", AZURE_LOGIN, "a tenant ID", "TENANT", {
        valid: same("a-b.c"),
        invalid: ["", "a b", 5],
    }),
    named("azure.credentials.clientId", AZURE_LOGIN, "a client ID", "CLIENT", {
        valid: same("a-b.c"),
        invalid: ["", "a b", 5],
    }),
    secret("azure.credentials.secret", AZURE_LOGIN, "SECRET"),
    named("azure.realm", AZURE_ON, "a domain", "core.chinacloudapi.cn", {
        valid: same("core.usgovcloudapi.net"),
        invalid: ["", "https://a.b", "a", 5],
    }),
    named(
        "azure.serviceUrl",
        AZURE_ON,
        "an http:// or https:// URL",
        "https://exampleaccount.blob.core.windows.net",
        { valid: same("http://192.0.2.1:10000/account"), invalid: ["a.b", "ftp://a", 5] },
    ),
    root("azure", AZURE_ON),
    part("gcs"),
    named("gcs.bucket", GCS_ON, BUCKET_ALLOWED, "registry-images", {
        valid: same("abc", "a.b-c_D"),
        invalid: ["ab", "-abc", "a/b", 5],
    }),
    named("gcs.keyFile", GCS_ON, "JSON text or the path of a file", "./service-account.json", {
        valid: same(SERVICE_ACCOUNT),
        invalid: ["", 5, ["hunter2"]],
        secret: true,
        fix: set("--secret --path storage.gcs.keyFile ./service-account.json"),
    }),
    root("gcs", GCS_ON),
];
