/** Certificates of a directory: issued by both challenges, renewed under load, kept while the directory is away. */
import { X509Certificate } from "node:crypto";
import { readFileSync, writeFileSync } from "node:fs";
import { join, resolve } from "node:path";

import { served } from "./certificates";
import { cleanup } from "./cleanup";
import { DirectoryServer } from "./directory-server";
import { crash, docker, DockerClient, inspect } from "./docker";
import { pushImage } from "./gc";
import { Load, RegistryClient } from "./http";
import { Prometheus, prometheusPrograms } from "./prometheus";
import { care } from "./retain";
import { type Result, run, sleep, until } from "./run";
import { ADMIN, DOMAIN, freePort, PASSWORD, Stack } from "./stack";

const START = resolve(__dirname, "../../setup/start.cjs");
/** Seconds: of such a certificate the container looks every ten. */
const VALIDITY = 60;

describe("a certificate of a directory", () => {
    const use = cleanup();
    const client = use(new DockerClient());
    let stack: Stack;
    let directory: DirectoryServer;
    /** The CA of the deployment's own. */
    let own: string;
    let registry: RegistryClient;
    let pusher: RegistryClient;
    /** Of the numbers. */
    let open: RegistryClient;
    const front = () => `${stack.prefix}-front`;
    const acme = () => `${stack.prefix}-acme`;
    const npm = (...args: string[]): Promise<Result> =>
        run(process.execPath, [START, ...args, "--stack", stack.name], { env: stack.env });
    const shown = async (name = DOMAIN): Promise<X509Certificate> => {
        const [pem] = await served(`127.0.0.1:${stack.port}`, name);
        if (pem === undefined) throw new Error(`no certificate is shown for ${name}`);
        return new X509Certificate(pem);
    };
    const endOf = (certificate: X509Certificate) => Date.parse(certificate.validTo) / 1000;
    const json = async (path: string) =>
        JSON.parse((await registry.ask(path, { login: "" })).body) as Record<string, number | boolean>;
    /** Value of a number of the kit's; nothing while it is not told. */
    const number = async (name: string) => {
        const { body } = await open.ask("/metrics", { login: "" });
        const value = RegExp(`^private_registry_${name}(?:\\{[^}]*\\})? (\\d+)$`, "m").exec(body)?.[1];
        return value === undefined ? undefined : Number(value);
    };
    /** The page and the numbers tell the end of what is shown, which may change between two questions. */
    const endIsTold = () =>
        until(
            "the end is told",
            async () => {
                const end = endOf(await shown());
                const { ends } = await json("/page/ends");
                const counted = await number("certificate_expiry_timestamp_seconds");
                return ends === end && counted === end ? true : undefined;
            },
            60_000,
        );
    const another = (than: X509Certificate) =>
        until("another certificate", async () => {
            const now = await shown();
            return now.fingerprint256 === than.fingerprint256 ? undefined : now;
        });

    /** What every request gets while something happens. */
    const unharmed = async (what: () => Promise<unknown>): Promise<void> => {
        const load = new Load(registry, ["/v2/", "/v2/team/still/manifests/1"], 20);
        const failed: string[] = [];
        let going = true;
        const pushes = (async () => {
            while (going) {
                await pusher.upload("team/image").then(
                    ({ statuses }) => {
                        if (statuses.join() !== "202,202,201") failed.push(statuses.join());
                    },
                    (error: Error) => failed.push(error.message),
                );
                await sleep(100);
            }
        })();
        try {
            await what();
        } finally {
            going = false;
            await load.stop();
            await pushes;
        }
        expect(load.failures).toEqual([]);
        expect(failed).toEqual([]);
    };

    /** Debian's Prometheus with the rules for this stack, of which a test waits for no minutes and hours. */
    const watched = async () => {
        const out = join(stack.folder, "monitoring");
        const { code, screen } = await care(stack, "monitoring", "--out", out);
        if (code !== 0) throw new Error(screen);
        for (const name of ["prometheus.yml", "alerts.yml"]) {
            const quick = readFileSync(join(out, name), "utf8")
                .replace(/(_interval): 30s/g, "$1: 1s")
                .replace(/for: .*/g, "for: 0s");
            writeFileSync(join(out, name), quick);
        }
        const programs = await prometheusPrograms(join(stack.folder, "package"));
        const prometheus = use(
            await Prometheus.start(
                programs.prometheus,
                join(out, "prometheus.yml"),
                join(stack.folder, "data"),
            ),
        );
        await until("the numbers are read", async () =>
            (await prometheus.query("private_registry_renewal_failures == 0")).length > 0 ? true : undefined,
        );
        return { prometheus, alerts: ["RegistryCertificateEnds warning", "RegistryRenewalFails warning"] };
    };

    beforeAll(async () => {
        const httpPort = await freePort();
        directory = use(await DirectoryServer.start({ httpPort, validity: VALIDITY }));
        const metricsPort = await freePort();
        const settings = {
            ...ADMIN,
            ...{
                "front.off": "false",
                "front.httpPort": String(httpPort),
                "metrics.port": String(metricsPort),
            },
        };
        stack = use(await Stack.create("acme", { settings }));
        await stack.up();
        own = await stack.output("caCertificatePem");
        const trusted = own + (await directory.issuer());
        registry = new RegistryClient(stack.port, trusted);
        pusher = new RegistryClient(stack.port, trusted, "127.0.0.1", DOMAIN, false);
        open = new RegistryClient(metricsPort);
        use({ dispose: async () => (registry.close(), open.close()) });
        await pushImage(pusher, "team/still", "1");
    });

    test("it takes the place of the own CA's by http-01, and no request fails", async () => {
        const before = await inspect(front());
        const first = await shown();
        expect(first.issuer).toContain("Private Registry CA");
        expect((await json("/page/facts")).ends).toBe(endOf(first));
        await stack.configure({
            "tls.acme.email": "admin@registry.e2e.test",
            "tls.acme.directory": directory.url,
            "tls.acme.directoryCa": directory.ca,
            "tls.acme.trust": await directory.issuer(),
        });
        const refused = await stack.tryUp();
        expect(refused.screen).toContain("pulumi config set --path tls.acme.acceptTerms true");
        await stack.configure({ "tls.acme.acceptTerms": "true" });
        await unharmed(() => stack.up());
        const certificate = await shown();
        expect(certificate.issuer).toContain("Pebble");
        expect(certificate.subjectAltName).toBe(`DNS:${DOMAIN}`);
        expect(await stack.output("caCertificatePem")).toBe(await directory.issuer());
        // The front is the same container, which serves the certificate and cannot see the account.
        expect((await inspect(front())).Id).toBe(before.Id);
        expect(await docker("exec", front(), "ls", "/run/served")).not.toContain("lego");
        const { Id, HostConfig } = await inspect(acme());
        expect(HostConfig).toMatchObject({ ReadonlyRootfs: true, CapDrop: ["ALL"] });
        expect(await docker("exec", Id, "sh", "-c", "cat /proc/1/status")).toMatch(/^Uid:\t102/m);
        expect(await json("/page/facts")).toMatchObject({ renewed: true });
        await endIsTold();
        expect(await number("renewal_failures")).toBe(0);
        expect((await registry.ask("/page/site.pem", { login: "" })).status).toBe(404);
    });

    test("it is renewed without an `up`, under load, also after both containers were killed", async () => {
        const before = await shown();
        await unharmed(async () => {
            const renewed = await another(before);
            await crash(acme());
            await another(renewed);
        });
        await endIsTold();
        const certificate = await shown();
        await crash(front());
        await until("the front is back", () => shown().catch(() => undefined));
        await another(certificate);
        expect(await docker("exec", acme(), "cat", "/acme/status.json")).toContain('"state":"issued"');
    });

    test("while the directory is away the certificate stays, doctor and numbers tell, and then it is renewed", async () => {
        const { code: well, screen: calm } = await npm("doctor");
        expect({ well, calm }).toMatchObject({
            calm: expect.stringMatching(/ok +certificate's end: .*renewed without an `up`/) as string,
        });
        const { alerts, prometheus } = await watched();
        // Nothing is wrong, though the certificate lives for a minute.
        const calmed = async () => ((await prometheus.firing()).length === 0 ? true : undefined);
        await until("nothing fires", calmed, 20_000, 500);
        // Of one that does not run any more, though its last attempt went well. A test waits for no minutes.
        const fires = async () =>
            (await prometheus.firing()).includes("RegistryRenewalFails warning") ? true : undefined;
        await docker("stop", acme());
        await docker(
            ...["exec", `${stack.prefix}-metrics`, "sh", "-c"],
            "cd /run/metrics && cp directory aged && touch -t 202001010000 aged && mv -f aged directory",
        );
        await until("the alert of a container that is gone", fires, 30_000, 500);
        await docker("start", acme());
        await until("nothing fires", calmed, 30_000, 500);
        directory.shut();
        const before = await shown();
        try {
            await until("the failure is told", async () => {
                const text = await docker("exec", acme(), "cat", "/acme/status.json");
                return text.includes('"state":"failed"') || undefined;
            });
            const { screen } = await npm("doctor");
            expect(screen).toMatch(/warning +certificate's end: .* the directory cannot be reached/);
            expect((await shown()).fingerprint256).toBe(before.fingerprint256);
            await until(
                "the alerts fire",
                async () => {
                    const firing = await prometheus.firing();
                    return alerts.every((one) => firing.includes(one)) ? true : undefined;
                },
                50_000,
                500,
            );
        } finally {
            await directory.reopen();
        }
        await another(before);
    });

    test("other names get another certificate, and a name that leads elsewhere is told in one sentence", async () => {
        await directory.lead("elsewhere.e2e.test", "127.0.0.9");
        await stack.configure({ "dnsNames[0]": "elsewhere.e2e.test" });
        const broken = await stack.tryUp();
        expect(broken.code).not.toBe(0);
        expect(broken.screen).toMatch(/error: \S+-acme: the directory does not reach the name on port 80/);
        expect((await registry.ask("/v2/")).status).toBe(200);
        await stack.configure({ "dnsNames[0]": "second.e2e.test" });
        await unharmed(() => stack.up());
        expect((await shown("second.e2e.test")).subjectAltName).toBe(`DNS:${DOMAIN}, DNS:second.e2e.test`);
    });

    test("dns-01 gets one with a star; its token is told to nobody, and a wrong one in one sentence", async () => {
        const star = "*.e2e.test";
        await stack.configure({
            "tls.acme.names[0]": star,
            "tls.acme.dns.provider": "httpreq",
            "tls.acme.dns.credentials.HTTPREQ_ENDPOINT": directory.providerUrl,
            "tls.acme.dns.credentials.HTTPREQ_USERNAME": "registry",
            "tls.acme.dns.credentials.HTTPREQ_PASSWORD": { secret: "it's wrong" },
            "tls.acme.dns.resolvers[0]": directory.resolver,
            "tls.acme.dns.checkPropagation": "false",
        });
        const broken = await stack.tryUp();
        expect(broken.code).not.toBe(0);
        expect(broken.screen).toMatch(/error: \S+-acme: the DNS provider refuses the record/);
        await stack.configure({ "tls.acme.dns.credentials.HTTPREQ_PASSWORD": { secret: directory.token } });
        await unharmed(() => stack.up());
        expect((await shown()).subjectAltName).toBe(`DNS:${star}`);
        for (const text of [
            await docker("inspect", acme(), front(), `${acme()}-config`),
            await docker("logs", acme()),
            await docker("top", acme(), "-eo", "pid,args"),
            await stack.exportText(),
        ])
            expect(text).not.toContain(directory.token);
    });

    test("the own CA takes its place again, and no request fails", async () => {
        const before = await inspect(front());
        await stack.unset("tls.acme");
        await unharmed(() => stack.up());
        expect((await shown()).issuer).toContain("Private Registry CA");
        expect(await stack.output("caCertificatePem")).toBe(own);
        expect((await inspect(front())).Id).toBe(before.Id);
        await client.login(`localhost:${stack.port}`, "admin", PASSWORD);
    });
});
