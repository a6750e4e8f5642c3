/** The container of lego: what is registered for it, and what doctor says of it. */
import { X509Certificate } from "node:crypto";

import { renderCredentials } from "../../../components/acme/script";
import { clientSetup } from "../../../clients/setup";
import { checkDirectory } from "../../../ops/doctor/acme-checks";

import { issue } from "./certs";
import { deploy, made, makeCertificates, SITE_KEY } from "./deploy";
import { find, valueOf } from "./mocks";

beforeAll(makeCertificates);

const ACME = { email: "admin@example.com", acceptTerms: true };
const TOKEN = "it's a $(secret) `token`";
describe("what is registered", () => {
    const front = { httpPort: 80 };

    test("a container beside the front, which sees neither passwords nor the registry's socket", async () => {
        const { all } = await deploy({
            front,
            tls: {
                acme: { ...ACME, dns: { provider: "cloudflare", credentials: { CF_DNS_API_TOKEN: TOKEN } } },
            },
        });
        const container = find(all, "r-acme-container").inputs;
        expect(container).toMatchObject({ user: "102:0", readOnly: true });
        expect((container.volumes as { volumeName: string }[]).map(({ volumeName }) => volumeName)).toEqual([
            "kit-dev-acme-config",
            "kit-dev-acme-store",
            "kit-dev-served",
        ]);
        expect(JSON.stringify(container)).not.toContain("secret");
        const writer = find(all, "r-acme-config-writer").inputs.uploads as {
            file: string;
            content: string;
        }[];
        const content = (file: string) => writer.find((one) => one.file === `/staged/${file}`)?.content;
        expect(content("credentials")).toBe(renderCredentials({ CF_DNS_API_TOKEN: TOKEN }));
        expect(content("until.pem")).toBe(made.site.pem + SITE_KEY);
        const ends = Date.parse(new X509Certificate(made.site.pem).validTo) / 1000;
        expect(JSON.parse(content("until.json") ?? "")).toEqual({ ends, life: 0 });
    });

    test("the front has its certificate from there, and nothing of it in its own files", async () => {
        const { all } = await deploy({ front, tls: { acme: ACME } });
        const files = find(all, "r-front-config-writer").inputs.uploads as {
            file: string;
            content: string;
        }[];
        expect(files.map(({ file }) => file)).not.toContain("/staged/site.key");
        const conf = files.find(({ file }) => file === "/staged/nginx.conf")?.content;
        expect(conf).toContain("ssl_certificate /run/served/site.pem;");
        expect(conf).toContain("location = /page/ends {");
        expect(
            JSON.parse(files.find(({ file }) => file === "/staged/page.json")?.content ?? ""),
        ).toMatchObject({
            renewed: true,
        });
        const { entrypoints, volumes } = find(all, "r-front-container").inputs;
        expect(JSON.stringify(entrypoints)).toContain("kill -HUP 1");
        expect(volumes).toContainEqual({
            volumeName: "kit-dev-served",
            containerPath: "/run/served",
            readOnly: true,
        });
    });

    test("the names of mirrors and sites are asked for too, and another name is another wish", async () => {
        const settings = async (args: object) => {
            const { all } = await deploy({ front, tls: { acme: ACME }, ...args });
            const uploads = find(all, "r-acme-config-writer").inputs.uploads as {
                file: string;
                content: string;
            }[];
            return uploads.find(({ file }) => file === "/staged/settings")?.content ?? "";
        };
        const plain = await settings({});
        const more = await settings({
            mirrors: { hub: { upstream: "https://registry-1.docker.io" } },
            front: { ...front, sites: { "docs.example.com": { upstream: "http://192.0.2.1" } } },
        });
        expect(plain).toContain("names='docker.example.com'\n");
        expect(more).toContain("names='docker.example.com docs.example.com hub.docker.example.com'\n");
        const wanted = (text: string) => /^wanted=(.*)$/m.exec(text)?.[1];
        expect(wanted(more)).not.toBe(wanted(plain));
    });

    test("what counts tells the end of each name that the directory's certificate is for, and sees no key", async () => {
        const { all } = await deploy({ front, metrics: { port: 9145 }, tls: { acme: ACME } });
        const volumes = (name: string) =>
            (find(all, name).inputs.volumes as { volumeName: string }[]).map(({ volumeName }) => volumeName);
        expect(volumes("r-acme-container")).toContain("kit-dev-metrics");
        expect(volumes("r-metrics-container")).not.toContain("kit-dev-served");
        expect(JSON.stringify(find(all, "r-metrics-container").inputs.entrypoints)).toMatch(
            /certificate_expiry_timestamp_seconds\{site=[\\"]+registry[\\"]+\} \$ends/,
        );
    });

    test("clients need nothing, unless a private directory issues", async () => {
        const { registry } = await deploy({ front, tls: { acme: ACME } });
        expect(await valueOf(registry.caCertificatePem)).toBe("");
        const setup = await valueOf(registry.clientSetup);
        expect(setup.anyClient).toContain("nothing to install");
        expect(setup).not.toHaveProperty("docker");
        const own = await deploy({ front, tls: { acme: { ...ACME, trust: made.ca.pem } } });
        expect((await valueOf(own.registry.caCertificatePem)).trim()).toBe(made.ca.pem.trim());
        expect(await valueOf(own.registry.clientSetup)).toHaveProperty("docker");
        expect(clientSetup({ address: "r.test", domain: "r.test", tls: true })).not.toHaveProperty(
            "anyClient",
        );
    });

    test("without a plain port and a directory the front is as it was", async () => {
        const { all } = await deploy({ front: true });
        expect(find(all, "r-front-container").inputs.entrypoints).toEqual(["nginx"]);
        expect(all.map(({ name }) => name)).not.toContain("r-served");
    });
});

describe("what doctor says", () => {
    const now = new Date("2027-01-10T12:00:00Z");
    const status = {
        state: "issued",
        for: "a",
        issuedFor: "a",
        ends: 0,
        since: 0,
        next: 1799582400,
        problem: "",
    } as const;
    let certificate: X509Certificate;
    beforeAll(async () => {
        const { pem } = await issue("r.test", {
            names: ["r.test"],
            notAfter: new Date("2027-02-10T12:00:00Z"),
        });
        certificate = new X509Certificate(pem);
    });
    const say = (over: object, at = now) => checkDirectory(certificate, { ...status, ...over }, "p-acme", at);

    test("well: days left, and when it looks next", () => {
        expect(say({})).toMatchObject({
            level: "ok",
            text: expect.stringContaining("has 31 days left") as string,
        });
    });
    test("a renewal that fails: since when, and why", () => {
        const failed = { state: "failed", since: 1799496000, problem: "the directory cannot be reached" };
        const { level, text, fix } = say(failed);
        expect([level, fix]).toEqual(["warning", expect.stringContaining("docker logs --tail 20 p-acme")]);
        expect(text).toContain("since 2027-01-09 12:00 UTC: the directory cannot be reached");
        expect(say(failed, new Date("2027-03-01")).level).toBe("failure");
    });
    test("not there yet, silent, over", () => {
        expect(say({ issuedFor: "" }).level).toBe("warning");
        expect(checkDirectory(certificate, undefined, "p-acme", now).level).toBe("failure");
        expect(checkDirectory(undefined, undefined, "p-acme", now).level).toBe("failure");
        expect(say({}, new Date("2027-03-01")).level).toBe("failure");
    });
});
