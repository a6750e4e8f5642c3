/** Every option, held to its own definition; what only a person knows of it stands in odd-values.ts. */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { DEFAULT_SYNC_IMAGE } from "../../../address/default-images";
import { type OptionInfo, unwrap } from "../../../components/definition/option";
import { issue } from "../components/certs";

import {
    accepted,
    allKeys,
    allOptions,
    at,
    entries,
    type Found,
    mistakeIn,
    mistakes,
    MINIMAL,
    nested,
    PROJECT,
    refused,
} from "./base";
import { HUB } from "./mirrors-values";
import { ODD } from "./odd-values";

const isTree = (value: unknown): value is Record<string, unknown> =>
    typeof value === "object" && value !== null && !Array.isArray(value);

/** Both trees, the second one's leaves where they meet. */
const together = (one: unknown, other: unknown): unknown =>
    isTree(one) && isTree(other)
        ? Object.fromEntries(
              [...new Set([...Object.keys(one), ...Object.keys(other)])].map((key) => [
                  key,
                  key in other ? together(one[key], other[key]) : one[key],
              ]),
          )
        : other;

const S3 = { bucket: "images", region: "eu-central-1" };
const OWN_CA = { tls: { ownCa: { cert: "./ca.crt", key: "./ca.key" } } };
const NEXT_CA = { tls: { ownCa: { next: { cert: "./next-ca.crt", key: "./next-ca.key" } } } };
const FILES = { tls: { files: { cert: "./site.crt", key: "./site.key" } } };
const ACME = { tls: { acme: { email: "a@example.com", acceptTerms: true } }, front: { httpPort: 80 } };
const ACME_DNS = {
    tls: { acme: { ...ACME.tls.acme, dns: { provider: "cloudflare" } } },
    front: { httpPort: 80 },
};
const SITE = {
    front: { sites: { NAME: { upstream: "http://192.0.2.1", cert: "./docs.crt", key: "./docs.key" } } },
};
const AZURE = { storage: { azure: { accountName: "account", container: "images" } } };
const PRINCIPAL = { tenantId: "t", clientId: "c", secret: "hunter2" };
const MIRROR = { mirrors: { NAME: HUB } };
const FOLDER_BACKUP = { repository: "/srv/backup", password: "hunter2" };
const BACKUP = {
    backup: {
        ...FOLDER_BACKUP,
        sshKey: "-----BEGIN OPENSSH PRIVATE KEY-----",
        knownHosts: "host ssh-ed25519 KEY",
    },
};
const NEXUS = { nexus: { acceptEula: true } };

/** What must stand beside a value of an option, by the longest path that fits. */
const BESIDE: readonly (readonly [path: RegExp, config: Record<string, unknown>])[] = [
    [/^tls\.ownCa\.(cert|key)$/, OWN_CA],
    [/^tls\.ownCa\.next\.(cert|key)$/, NEXT_CA],
    [/^users\.NAME\.previous$/, { users: { NAME: { generate: true, generation: 2 } } }],
    [/^tls\.ownCa\.validityDays$/, { tls: { ownCa: { site: { validityDays: 1, earlyRenewalDays: 0 } } } }],
    [/^tls\.files\.?/, FILES],
    [/^tls\.acme\.(names|dns)/, ACME_DNS],
    [/^tls\.acme\.?/, ACME],
    [/^users\.NAME\./, { users: { NAME: { generate: true } } }],
    [/^front\.sites\.NAME\.upstream$/, {}],
    [/^front\.sites\.NAME\.folder$/, { front: { sitesFolder: "/srv/www" } }],
    [/^front\.sites\.NAME\./, SITE],
    [/^front\.sites$/, { front: { sitesFolder: "/srv/www" } }],
    [/^storage\.redirect$/, { storage: { s3: S3 } }],
    [/^storage\.s3\.accessKey$/, { storage: { s3: { ...S3, secretKey: "k" } } }],
    [/^storage\.s3\.secretKey$/, { storage: { s3: { ...S3, accessKey: "k" } } }],
    [/^storage\.s3\.keyId$/, { storage: { s3: { ...S3, encrypt: true } } }],
    [/^storage\.s3\.(ca|skipVerify)$/, { storage: { s3: { ...S3, endpoint: "https://s3.example.com" } } }],
    [/^storage\.s3\.?/, { storage: { s3: S3 } }],
    [
        /^storage\.azure\.credentials/,
        { storage: { azure: { ...AZURE.storage.azure, credentials: PRINCIPAL } } },
    ],
    [/^storage\.azure\.?/, AZURE],
    [/^storage\.gcs\.?/, { storage: { gcs: { bucket: "images" } } }],
    [/^mirrors\.NAME\.username$/, { mirrors: { NAME: { ...HUB, password: "x" } } }],
    [/^mirrors\.NAME\.password$/, { mirrors: { NAME: { ...HUB, username: "robot" } } }],
    [/^mirrors\.NAME\.(domain|blobsFromDisk)$/, { mirrors: { NAME: { upstream: HUB.upstream } } }],
    [
        /^mirrors\.NAME\.(size|storageClass)$/,
        { target: "kubernetes", mirrors: { NAME: { upstream: HUB.upstream } } },
    ],
    [/^mirrors\.NAME\./, MIRROR],
    [
        /^nexus\.repositories\.NAME\.repodataDepth$/,
        { nexus: { acceptEula: true, repositories: { NAME: { format: "yum" } } } },
    ],
    [
        /^nexus\.repositories\.NAME\./,
        { nexus: { acceptEula: true, repositories: { NAME: { format: "maven" } } } },
    ],
    [/^nexus\./, NEXUS],
    [
        /^notifications\.NAME\.(?!url)/,
        { notifications: { NAME: { url: "https://ci.example.com/registry" } } },
    ],
    [/^backup\./, BACKUP],
    [/^kubernetes\.expose$/, { target: "kubernetes", port: 30443 }],
    [/^kubernetes\.ingressClass$/, { target: "kubernetes", kubernetes: { expose: "ingress" } }],
    [
        /^kubernetes\.gateway/,
        { target: "kubernetes", kubernetes: { expose: "gateway", gateway: { name: "public" } } },
    ],
    [/^kubernetes\.claim\.accessMode$/, { target: "kubernetes", kubernetes: { replicas: 1 } }],
    [
        /^kubernetes\.pullSecrets$/,
        { target: "kubernetes", users: { puller: { generate: true, role: "pull" } } },
    ],
    [
        /^kubernetes\.autoscale\.(min|max)$/,
        { target: "kubernetes", kubernetes: { autoscale: { min: 1, max: 100 } } },
    ],
    [
        /^kubernetes\.(serviceMonitor|prometheusRule)/,
        {
            ...{ target: "kubernetes", metrics: true },
            users: { prometheus: { generate: true, role: "metrics" } },
        },
    ],
    [/^tls\.secret$/, { target: "kubernetes" }],
    [/^kubernetes/, { target: "kubernetes" }],
    [/^metrics\.bindAddress$/, { metrics: { port: 9145 } }],
    [/^sync\.jobs\.NAME\.tags$/, { sync: { jobs: { NAME: { from: "quay.io/team/app" } } } }],
    [/^sync\.jobs\.NAME\.(to|repositories)$/, { sync: { jobs: { NAME: { from: "quay.io/*" } } } }],
    [/^sync\.registries\.NAME\.username$/, { sync: { registries: { NAME: { password: "x" } } } }],
    [/^sync\.registries\.NAME\.password$/, { sync: { registries: { NAME: { username: "robot" } } } }],
];

const beside = (path: string) => BESIDE.find(([pattern]) => pattern.test(path))?.[1] ?? {};
const withValue = (path: string, value: unknown) =>
    together(beside(path), nested(path, value)) as Record<string, unknown>;

/** A value that no option of the kind takes. */
function wrongFor({ path, type }: Found): unknown {
    switch (unwrap(type).type) {
        case "number":
            return "many";
        case "boolean":
            return "perhaps";
        case "enum":
            return "something else";
        case "array":
        case "record":
        case "object":
            return "hunter2";
        default:
            // Numbers and booleans may stand for what was typed, and Pulumi hands any value of a key over as text.
            return path.includes(".") ? ["hunter2"] : undefined;
    }
}

let folder: string;
const here = process.cwd();
beforeAll(async () => {
    // The files that the examples name.
    folder = mkdtempSync(join(tmpdir(), "private-registry-options-"));
    const long = { notAfter: new Date(Date.now() + 3650 * 86_400_000) };
    const ca = await issue("ca", { ca: true, ...long });
    const write = (name: string, { pem, keyPem }: { pem: string; keyPem: string }) => {
        writeFileSync(join(folder, `${name}.crt`), pem);
        writeFileSync(join(folder, `${name}.key`), keyPem);
    };
    for (const name of ["ca", "next-ca", "chain", "store-ca", "upstream-ca", "other-ca", "gateway-ca"])
        write(name, ca);
    write("site", await issue("site", { issuer: ca, names: [MINIMAL.domain], ...long }));
    write("docs", await issue("docs", { issuer: ca, names: ["name", "docs.example.com"], ...long }));
    for (const name of ["backup-ca", "directory-ca", "issuing-ca"]) write(name, ca);
    writeFileSync(join(folder, "backup-key"), "-----BEGIN OPENSSH PRIVATE KEY-----");
    writeFileSync(
        join(folder, "service-account.json"),
        JSON.stringify({ type: "service_account", client_email: "a@b.example", private_key: "k" }),
    );
    process.chdir(folder);
});
afterAll(() => {
    process.chdir(here);
    rmSync(folder, { recursive: true });
});

/** The words of a line, as a shell hands them over (fixes.test.ts runs such lines in a real one). */
const words = (line: string): string[] =>
    (line.match(/(?:'[^']*'|\\.|[^\s'\\])+/g) ?? []).map((word) =>
        word.replace(
            /'([^']*)'|\\(.)/g,
            (_all, inside?: string, escaped?: string) => inside ?? escaped ?? "",
        ),
    );

/** The steps of `a.b["c.d"][0]`. */
const stepsOf = (path: string): (string | number)[] =>
    [...path.matchAll(/\["((?:[^"\\]|\\.)*)"\]|\[(\d+)\]|([^.[]+)/g)].map(([, quoted, index, name]) =>
        index === undefined ? (quoted?.replaceAll('\\"', '"') ?? name ?? "") : Number(index),
    );

/** What `pulumi config set` and `rm` make of a configuration. */
function applied(config: Record<string, unknown>, line: string): Record<string, unknown> {
    const result = structuredClone(config);
    const commands = words(line)
        .join("\0")
        .split("\0&&\0")
        .map((one) => one.split("\0"));
    for (const [pulumi, verb, command, ...rest] of commands) {
        expect([pulumi, verb]).toEqual(["pulumi", "config"]);
        const [path = "", typed] = rest.filter((word) => !word.startsWith("--"));
        const steps = rest.includes("--path") ? stepsOf(path) : [path];
        const last = steps.pop() ?? "";
        let tree = result as Record<PropertyKey, unknown>;
        for (const [i, step] of steps.entries()) {
            const next = steps[i + 1] ?? last;
            // Pulumi refuses a path below a text, and makes a list for a number.
            if (typeof tree[step] !== "object") {
                if (i > 0 && tree[step] !== undefined) throw new Error(`${path}: a text is in the way`);
                tree[step] = typeof next === "number" ? [] : {};
            }
            tree = tree[step] as Record<PropertyKey, unknown>;
        }
        if (command === "rm") {
            if (!(last in tree)) throw new Error(`${path} is not there`);
            if (Array.isArray(tree)) tree.splice(Number(last), 1);
            else delete tree[last];
        } else {
            expect(command).toBe("set");
            const value = rest.includes("--path") && /^(true|false|-?[1-9]\d*|0)$/.test(typed ?? "");
            tree[last] = value ? (JSON.parse(typed ?? "") as unknown) : typed;
        }
    }
    return result;
}

const said = (info: OptionInfo | undefined): OptionInfo => {
    if (info === undefined) throw new Error("The option says nothing of itself.");
    return info;
};

test("there are odd values of every option", () => {
    expect(Object.keys(ODD).sort()).toEqual(allKeys().sort());
});

test("the smallest configuration has the defaults of all", () => {
    expect(accepted({})).toEqual({
        domain: "docker.example.com",
        dnsNames: [],
        ipAddresses: [],
        bindAddress: "0.0.0.0",
        tls: { off: false },
        auth: true,
        realm: "basic-realm",
        users: { admin: { generate: true } },
        bcryptCost: 10,
        image: "registry:3.1.2",
        memoryMb: 512,
        httpSecretGeneration: 1,
        storage: { redirect: false },
        cache: {},
        keepData: true,
        deleteEnabled: true,
        logFormat: "text",
        logFields: {},
        accessLog: false,
        notifications: {},
        headers: { "X-Content-Type-Options": ["nosniff"] },
        health: { enabled: true, interval: "10s", threshold: 3 },
        registryConfig: {},
        adopt: [],
        target: "docker",
        proxy: { none: [] },
        extraHosts: {},
        dnsServers: [],
        mirrors: {},
        proxyFromEnvironment: false,
        retention: {},
        sync: { jobs: {}, registries: {}, image: DEFAULT_SYNC_IMAGE },
        schedule: { onFailure: {} },
    });
});

describe.each(allOptions().map((found) => [found.path, found] as const))("%s", (path, found) => {
    const { type, info } = found;
    const odd = ODD[path] ?? {};
    const holder = ["object", "record", "array"].includes(unwrap(type).type);

    test("says what it is, what is allowed, and has an example that is taken", () => {
        const { description, allowed, example, file } = said(info);
        expect([description, allowed]).toEqual([expect.stringMatching(/\w/), expect.stringMatching(/\w/)]);
        const value = at(accepted(withValue(path, example)), path);
        if (file !== undefined) expect(value).toBe(readFileSync(String(example), "utf8"));
        else if (isTree(example)) expect(value).toBeDefined();
        else if (example === true && unwrap(type).type === "object") expect(value).toBeDefined();
        else expect(value).toEqual(example);
    });

    test("has its default where it is not set", () => {
        const fallback = type.safeParse(undefined);
        // In what has a name of the user's there is none before it is named.
        if (
            path.includes("NAME") ||
            ["domain", "users", "nexus.acceptEula", "backup.repository", "backup.password"].includes(path) ||
            ["tls.acme.email", "tls.acme.acceptTerms", "tls.acme.dns.provider"].includes(path) ||
            path === "kubernetes.gateway.name"
        )
            return;
        expect(fallback.success).toBe(true);
        const [own = "", ...rest] = path.split(".");
        const around =
            rest.length === 0
                ? {}
                : own === "nexus"
                  ? NEXUS
                  : own === "backup"
                    ? { backup: FOLDER_BACKUP }
                    : {};
        const parent = at(accepted(around), path.split(".").slice(0, -1).join(".") || path);
        if (parent !== undefined) expect(at(accepted(around), path)).toEqual(fallback.data);
        if ("default" in odd && odd.default !== undefined) expect(fallback.data).toEqual(odd.default);
        if ("default" in odd && odd.default === undefined) expect(fallback.data).toBeUndefined();
        // A default in words is of what follows from something else.
        if (said(info).default !== undefined && path !== "logFields" && path !== "dnsServers")
            expect(holder || fallback.data === undefined).toBe(true);
    });

    for (const value of odd.valid ?? [])
        test(`takes ${JSON.stringify(value)}`, () => {
            expect(at(accepted(withValue(path, value)), path)).toEqual(value);
        });
    for (const [value, becomes] of odd.becomes ?? [])
        test(`takes ${JSON.stringify(value)} for what was typed`, () => {
            expect(at(accepted(withValue(path, value)), path)).toEqual(becomes);
        });

    // Any text may be a path: there is no wrong one.
    const wrong = new Set([...(odd.invalid ?? []), ...(path === "imageTarball" ? [] : [wrongFor(found)])]);
    wrong.delete(undefined);
    for (const value of wrong)
        test(`refuses ${JSON.stringify(value)}: value, rule and a fix that works`, () => {
            const { allowed, example, secret } = said(info);
            const config = { ...MINIMAL, ...withValue(path, value) };
            const { path: where, problem, fix } = mistakeIn(config);
            // Of a list its member is told.
            const member = Array.isArray(value) && Array.isArray(example) && value.length > 0;
            expect(where).toBe(member ? `${path}[0]` : path);
            expect(problem).toContain(`it must be ${allowed}`);
            // A login in a URL is no text for the screen.
            const shown = JSON.stringify(member ? value[0] : value).replace("//u:p@", "//…@");
            if (secret) {
                expect(problem).toContain("set to a value that is not shown");
                expect(refused(config).message).not.toContain("hunter2");
            } else {
                // Pulumi hands numbers over as text: a message may show 1 as "1".
                const bare = (text: string) => text.replaceAll('"', "");
                expect(bare(problem)).toContain(`is ${bare(shown.length > 80 ? shown.slice(0, 77) : shown)}`);
            }

            const isSecret = secret && !holder;
            const fallback: unknown = type.safeParse(undefined).data;
            const flagged = path.includes(".") ? ["--path", path] : [path];
            if (unwrap(type).type === "boolean" && fallback !== undefined)
                // Of two values neither is what was meant for sure: the default does no harm.
                expect(words(fix)).toEqual(["pulumi", "config", "set", ...flagged, String(fallback)]);
            else if (Array.isArray(example))
                expect(words(fix)).toEqual([
                    ...(Array.isArray(value) ? [] : ["pulumi", "config", "rm", ...flagged, "&&"]),
                    ...["pulumi", "config", "set", "--path", `${path}[0]`, String(example[0])],
                ]);
            else if (path.includes(".") && typeof example === "object")
                expect(fix).toBe(`pulumi config rm --path ${path}`);
            else if (typeof example === "object")
                expect(fix).toMatch(
                    new RegExp(`^(pulumi config rm ${path} && )?pulumi config set (--secret )?--path `),
                );
            else
                expect(words(fix)).toEqual([
                    ...["pulumi", "config", "set", ...(isSecret ? ["--secret"] : [])],
                    ...[...(path.includes(".") ? ["--path"] : []), path, String(example)],
                ]);
            const left = mistakes(entries(applied(config, fix)));
            // No licence is accepted by a fix of a wrong word.
            if (path === "nexus.acceptEula" || path === "tls.acme.acceptTerms")
                expect(left).toMatchObject([{ path, fix: expect.stringMatching(/true$/) }]);
            // The fix of the whole sets its first part; the password is told next.
            else if (path === "backup") expect(left).toMatchObject([{ path: "backup.password" }]);
            // A route without its Gateway is told next.
            else if (path === "kubernetes.gateway")
                expect(left).toMatchObject([{ path: "kubernetes.expose" }]);
            else expect(left).toEqual([]);
        });

    if (!path.includes(".") && path !== "domain" && path !== "users")
        // Pulumi.yaml has to give every key a default, and "" is the one for "not set".
        test('takes "" for not set', () => {
            expect(accepted({ [path]: "" })).toEqual(accepted({}));
        });
});

test('"" for a key that must be set is a mistake', () => {
    expect(mistakeIn({ domain: "" })).toEqual({
        path: "domain",
        problem:
            "is not set; it must be a host name (RFC 1123) or an IP address of one machine, without scheme, port or path",
        fix: "pulumi config set domain docker.example.com",
    });
    expect(mistakeIn({ users: "" }).fix).toBe("pulumi config set --path users.admin.generate true");
});

test("the message names project, key, value, rule and command", () => {
    expect(refused({ port: "70000" }).message).toBe(
        [
            "The configuration has a mistake; nothing was changed.",
            `  ${PROJECT}:port is 70000; it must be a whole number from 1 to 65535`,
            "      fix: pulumi config set port 8443",
        ].join("\n"),
    );
});
