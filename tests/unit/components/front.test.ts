/** The front's containers and files, as the docker provider gets them. */
import { installerFacts, oneLines, renderInstallers } from "../../../clients/installer";

import { deploy, made, makeCertificates } from "./deploy";
import { type Args, find, type Registration, valueOf } from "./mocks";

beforeAll(makeCertificates);

const FRONT = { image: "nginx:1.30" };
const files = (all: Registration[]): Record<string, string> =>
    Object.fromEntries(
        (find(all, "r-front-config-writer").inputs.uploads as { file: string; content: string }[]).map(
            ({ file, content }) => [file, content],
        ),
    );

describe("a registry behind a front", () => {
    let all: Registration[];
    beforeAll(async () => {
        ({ all } = await deploy({ front: FRONT, port: 8443, bindAddress: "127.0.0.1" }));
    });

    test("publishes no port, has no users and no key, and listens on the socket", () => {
        const { inputs } = find(all, "r-container");
        expect(inputs).not.toHaveProperty("ports");
        expect(inputs.volumes).toContainEqual({
            volumeName: "kit-dev-socket",
            containerPath: "/run/registry",
        });
        expect(inputs.entrypoints).toEqual([
            "/bin/sh",
            "-c",
            expect.stringContaining("umask 0007"),
            "registry",
        ]);
        const [config, ...more] = find(all, "r-config-writer").inputs.uploads as {
            content: string;
            file: string;
        }[];
        expect(more.map(({ file }) => file)).toEqual(["/staged/storage-check.sh"]);
        expect(config?.content).toMatch(/net: unix\n\s+addr: \/run\/registry\/registry.sock/);
        expect(config?.content).not.toMatch(/htpasswd|certificate:/);
    });

    test.each(["r-front-container", "r-front-config-writer", "r-front-reload-container"])(
        "%s is confined, bounded and labelled",
        (name) => {
            const { inputs } = find(all, name);
            expect(inputs).toMatchObject({
                capabilities: { drops: ["ALL"] },
                securityOpts: ["no-new-privileges:true"],
                logDriver: "json-file",
                memory: expect.any(Number) as number,
                labels: [
                    { label: "private-registry.deployment", value: "kit-dev" },
                    { label: "private-registry.identity", value: "identity of r-identity" },
                    { label: "private-registry.stack", value: "private-registry/dev" },
                    // Of one that runs for a moment.
                    ...(name === "r-front-container"
                        ? []
                        : [{ label: "private-registry.attempt", value: "0" }]),
                ],
            });
            expect(inputs.capabilities).not.toHaveProperty("adds");
            expect(inputs.memorySwap).toBe(inputs.memory);
        },
    );

    test("the front has the port, no right to write, and does not depend on what it serves", () => {
        const { inputs, dependencies } = find(all, "r-front-container");
        expect(inputs).toMatchObject({
            name: "kit-dev-front",
            user: "101:0",
            readOnly: true,
            ports: [{ internal: 8443, external: 8443, ip: "127.0.0.1", protocol: "tcp" }],
            networksAdvanced: [{ name: "kit-dev" }],
            volumes: expect.arrayContaining([
                { volumeName: "kit-dev-data", containerPath: "/srv/images", readOnly: true },
            ]) as unknown[],
        });
        expect(dependencies).toEqual(expect.arrayContaining(["r-container", "r-front-config-writer"]));
        const conf = files(all)["/staged/nginx.conf"] ?? "";
        const [, generation] = /generation \{ return 200 ([0-9a-f]{64});/.exec(conf) ?? [];
        expect(generation).toBeDefined();
        expect(JSON.stringify(inputs)).not.toContain(generation);
        const reload = find(all, "r-front-reload-container").inputs;
        expect(JSON.stringify(reload.entrypoints)).toContain(generation);
        expect(reload.pidMode).toBe("container:id of r-front-container");
    });

    test("its files are secret, and tried before they are put in place", () => {
        const { inputs, secrets } = find(all, "r-front-config-writer");
        expect(secrets.some((path) => path.startsWith("uploads"))).toBe(true);
        expect(Object.keys(files(all)).sort()).toEqual(
            [
                ...["client.ps1", "client.sh", "htpasswd", "keep-log.sh", "nginx.conf"],
                ...["page.css.gz", "page.html.gz", "page.js.gz", "page.json", "site.crt", "site.key"],
            ].map((name) => `/staged/${name}`),
        );
        const script = (inputs.entrypoints as string[])[2] ?? "";
        expect(script.indexOf("nginx -e stderr -t")).toBeGreaterThan(0);
        expect(script.indexOf("nginx -e stderr -t")).toBeLessThan(script.indexOf("mv -f"));
    });
});

test("a site gets a certificate of the CA, and another generation is served", async () => {
    const site = { "app.example.com": { upstream: "http://192.0.2.10" } };
    const [plain, more] = [
        await deploy({ front: FRONT }),
        await deploy({ front: { ...FRONT, sites: site } }),
    ];
    expect(find(more.all, "r-site-app.example.com-request").inputs.dnsNames).toEqual(["app.example.com"]);
    expect(files(more.all)["/staged/site-app.example.com.key"]).toContain("PRIVATE KEY");
    const script = ({ all }: { all: Registration[] }) =>
        find(all, "r-front-reload-container").inputs.entrypoints;
    expect(script(more)).not.toEqual(script(plain));
});

test("a mirror's cache is mounted where its blobs are to come from disk, and nowhere else", async () => {
    const upstream = "https://registry-1.docker.io";
    const { all } = await deploy({
        front: FRONT,
        mirrors: {
            disk: { upstream, blobsFromDisk: true },
            folder: { upstream, blobsFromDisk: true, folder: "/opt/cache" },
            through: { upstream },
        },
        // Of the registry alone: a mirror has none of these.
        registryConfig: { middleware: { repository: [{ name: "x" }] } },
    });
    const { inputs, dependencies } = find(all, "r-front-container");
    expect((inputs.volumes as { containerPath: string }[]).slice(2)).toEqual([
        expect.objectContaining({ containerPath: "/var/log/front" }),
        { volumeName: "kit-dev-data", containerPath: "/srv/images", readOnly: true },
        {
            volumeName: "kit-dev-mirror-disk-data",
            containerPath: "/srv/caches/mirror-disk",
            readOnly: true,
        },
        { hostPath: "/opt/cache", containerPath: "/srv/caches/mirror-folder", readOnly: true },
    ]);
    expect(dependencies.join()).not.toMatch(/mirror-\w+-container/);
    const conf = files(all)["/staged/nginx.conf"] ?? "";
    expect([...new Set(conf.match(/\/srv\/[a-z/-]+(?=\/docker)/g))]).toEqual([
        "/srv/caches/mirror-disk",
        "/srv/caches/mirror-folder",
    ]);
});

describe("the installers for new clients", () => {
    // Two ways to reach a mirror, in an order that is not the one of their endpoints.
    const mirrors = {
        second: { upstream: "https://ghcr.io/", port: 5444 },
        first: { upstream: "https://registry-1.docker.io", port: 5443 },
        named: { upstream: "https://quay.io" },
    };

    test("are what the outputs tell of, as the commands read them", async () => {
        const { all, registry } = await deploy({ front: FRONT, port: 8443, mirrors });
        const endpoint = await valueOf(registry.endpoint);
        const places = Object.values(await valueOf(registry.mirrors));
        expect(places).toHaveLength(3);
        const texts = renderInstallers(
            installerFacts(
                endpoint,
                await valueOf(registry.caCertificatePem),
                places.reverse(),
                await valueOf(registry.identity),
            ),
        );
        expect(files(all)).toMatchObject(
            Object.fromEntries(Object.entries(texts).map(([name, text]) => [`/staged/${name}`, text])),
        );
        expect(await valueOf(registry.clientSetup)).toMatchObject(oneLines(endpoint, texts));
        expect(texts["client.sh"]).toContain("https://named.docker.example.com:8443");
        const { inputs } = find(all, "r-front-config-writer");
        expect(inputs.uploads).toContainEqual(
            expect.objectContaining({ file: "/staged/client.sh", permissions: "0444" }),
        );
    });

    test("wait for no mirror, and a change of them is another generation", async () => {
        const script = (all: Registration[]) => find(all, "r-front-reload-container").inputs.entrypoints;
        const { all } = await deploy({ front: FRONT, mirrors: { second: mirrors.second } });
        expect(find(all, "r-front-config-writer").dependencies.join()).not.toContain("mirror");
        expect(find(all, "r-front-container").dependencies.join()).not.toContain("mirror");
        expect(script((await deploy({ front: FRONT })).all)).not.toEqual(script(all));
    });

    test.each([
        ["clientInstaller: false", { ...FRONT, clientInstaller: false }],
        ["no front", false as const],
    ])("are not there with %s", async (_, front) => {
        const { all, registry } = await deploy({ front });
        expect(JSON.stringify(all.map(({ inputs }) => inputs))).not.toMatch(/client\.(sh|ps1)/);
        expect(Object.keys(await valueOf(registry.clientSetup)).join()).not.toContain("oneLine");
    });
});

describe("the page", () => {
    test("lies beside nginx.conf as its compressed files, which are no secret, and with what it tells", async () => {
        const { all } = await deploy({ front: FRONT });
        const { inputs, secrets } = find(all, "r-front-config-writer");
        const uploads = inputs.uploads as { file: string; content?: string; contentBase64?: string }[];
        const names = ["page.html.gz", "page.js.gz", "page.css.gz"];
        for (const [i, { file, content, contentBase64 }] of uploads.entries()) {
            const isPage = names.some((name) => file === `/staged/${name}`);
            expect([file, contentBase64 !== undefined, content === undefined]).toEqual([
                file,
                isPage,
                isPage,
            ]);
            expect([file, secrets.some((path) => path.startsWith(`uploads.${i}.`))]).toEqual([file, !isPage]);
        }
        const facts = JSON.parse(files(all)["/staged/page.json"] ?? "") as Record<string, unknown>;
        expect(facts.ends).toBeGreaterThan(Date.now() / 1000);
        expect(facts.setUp).toEqual({ oneLine: expect.any(String), oneLineWindows: expect.any(String) });
        expect(files(all)["/staged/nginx.conf"]).toContain("location = /page/me {");
    });

    test("page: false leaves nothing of it", async () => {
        const { all } = await deploy({ front: { ...FRONT, page: false } });
        expect(Object.keys(files(all)).join()).not.toContain("page");
        expect(files(all)["/staged/nginx.conf"]).not.toContain("/page");
    });
});

test("plain HTTP opens a second port only where it is redirected", async () => {
    const { all } = await deploy({ front: { ...FRONT, httpPort: 80 } });
    expect(find(all, "r-front-container").inputs.ports).toHaveLength(2);
    expect(files(all)["/staged/nginx.conf"]).toContain("return 308 https://$host$request_uri;");
});

test("without a front there is nothing of it", async () => {
    const { all } = await deploy();
    expect(all.filter(({ name }) => /front|socket/.test(name))).toEqual([]);
});

describe("where the program says nothing of a front", () => {
    const front = (all: Registration[]) => all.filter(({ name }) => name === "r-front-container").length;
    const given = { front: undefined };

    test("there is one, of the kit's own image, which alone has the port", async () => {
        const { all } = await deploy(given);
        expect(front(all)).toBe(1);
        expect(find(all, "r-front-image").inputs.name).toBe("nginx:1.30");
        expect(find(all, "r-container").inputs).not.toHaveProperty("ports");
    });

    const nexus = { acceptEula: true };
    const pair = () => ({
        tls: { files: { cert: made.site.pem, key: made.site.keyPem, chain: made.ca.pem } },
    });
    test.each<[string, () => Args, number]>([
        ["none, as it wishes", () => ({ front: false }), 0],
        ["without TLS none", () => ({ tls: { off: true } }), 0],
        ["without users none", () => ({ auth: false, users: undefined }), 0],
        ["without Docker none", () => ({ target: "systemd" }), 0],
        [
            "with TLS of the registry's own none",
            () => ({ registryConfig: { http: { tls: { clientcas: ["a"] } } } }),
            0,
        ],
        ["with a certificate that is brought, one", pair, 1],
        ["and none where Nexus would", () => ({ ...pair(), nexus }), 0],
    ])("%s", async (_name, args, count) => {
        const { all } = await deploy({ ...given, ...args() });
        expect(front(all)).toBe(count);
    });

    test("a mirror without a port, which would need a certificate beside the one that is brought, is refused", async () => {
        const mirrors = { hub: { upstream: "https://a.example" } };
        await expect(deploy({ ...given, ...pair(), mirrors })).rejects.toThrow(
            "mirrors.hub.port is not set; with tls.files there is no CA to sign a name of its own",
        );
    });
});

test("names with capitals are one name: domain, further names, mirrors and sites", async () => {
    const { registry, all } = await deploy({
        domain: "Docker.Example.COM",
        dnsNames: ["Other.Example.com"],
        mirrors: { hub: { upstream: "https://a.example", domain: "Hub.Example.com" } },
        front: { sites: { "Docs.Example.com": { upstream: "http://docs:80" } } },
    });
    expect(await valueOf(registry.endpoint)).toBe("https://docker.example.com");
    expect(await valueOf(registry.loginCommand)).toBe("docker login -u admin docker.example.com");
    expect(JSON.stringify(await valueOf(registry.mirrors))).toContain("https://hub.example.com");
    const names = all
        .filter(({ type }) => type === "tls:index/certRequest:CertRequest")
        .flatMap(({ inputs }) => inputs.dnsNames as string[]);
    expect(names).toEqual(
        expect.arrayContaining(["docker.example.com", "other.example.com", "docs.example.com"]),
    );
    expect(names.join()).not.toMatch(/[A-Z]/);
});
