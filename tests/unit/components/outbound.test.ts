/** How containers reach what lies outside. */
import * as pulumi from "@pulumi/pulumi";

import { argumentsOf } from "../../../config/arguments";
import { reasonIn } from "../../../ops/facts/upstreams";
import { accepted, mistakeIn } from "../config/base";

import { deploy, makeCertificates } from "./deploy";
import { find, valueOf } from "./mocks";

beforeAll(makeCertificates);

const PROXY = "http://robot:hunter2's $HOME@proxy.example.com:3128";

describe("a deployment with a proxy", () => {
    const outbound = {
        proxy: { https: pulumi.secret(PROXY), none: [".corp.example"] },
        extraHosts: { "store.example.com": "192.0.2.20" },
        dnsServers: ["192.0.2.53"],
    };

    test("registry and mirrors read it from a file that is a secret, and are replaced when it changes", async () => {
        const mirrors = { hub: { upstream: "https://registry-1.docker.io", port: 5443 } };
        const { all } = await deploy({ ...outbound, mirrors });
        for (const name of ["r", "r-mirror-hub"]) {
            const { inputs } = find(all, `${name}-container`);
            expect(inputs.entrypoints).toEqual([
                "/bin/sh",
                "-c",
                expect.stringMatching(
                    /^\[ ! -e \S+\/proxy\.env \] \|\| \. \S+\/proxy\.env; exec \/bin\/registry "\$@"$/,
                ),
                "registry",
            ]);
            expect(inputs).toMatchObject({
                hosts: [{ host: "store.example.com", ip: "192.0.2.20" }],
                dns: ["192.0.2.53"],
            });
            expect(JSON.stringify(inputs)).not.toContain("hunter2");
            const writer = find(all, `${name}-config-writer`);
            expect(JSON.stringify(writer.inputs.uploads)).toContain("proxy.env");
        }
        const digest = async (https: string) =>
            JSON.stringify(find((await deploy({ proxy: { https } })).all, "r-container").inputs.labels);
        expect(await digest("http://a:1")).not.toBe(await digest("http://b:1"));
    });

    test("without one the containers are as they were", async () => {
        const { inputs } = find((await deploy({ proxy: { none: ["x"] } })).all, "r-container");
        expect(inputs.entrypoints).toEqual(["/bin/registry"]);
        expect(inputs).not.toHaveProperty("hosts");
        expect(inputs).not.toHaveProperty("dns");
    });
});

describe("from the configuration", () => {
    const of = async (config: Record<string, unknown>, environment: NodeJS.ProcessEnv = {}) => {
        const { proxy } = argumentsOf(accepted(config), environment);
        return {
            http: await valueOf(pulumi.output(proxy?.http)),
            https: await valueOf(pulumi.output(proxy?.https)),
            none: proxy?.none,
        };
    };
    const MACHINE = { HTTP_PROXY: "http://m:1", https_proxy: "http://m:2", NO_PROXY: "a.b, .c.d" };

    test("the machine's own variables count when they are asked for, and what is set goes before them", async () => {
        expect(await of({}, MACHINE)).toEqual({ http: undefined, https: undefined, none: [] });
        expect(await of({ proxyFromEnvironment: true }, MACHINE)).toEqual({
            http: "http://m:1",
            https: "http://m:2",
            none: ["a.b", ".c.d"],
        });
        expect(
            await of(
                { proxyFromEnvironment: true, proxy: { https: "http://own:1", none: ["x.y"] } },
                MACHINE,
            ),
        ).toEqual({
            http: "http://m:1",
            https: "http://own:1",
            none: ["x.y"],
        });
    });

    test("a proxy is a secret", async () => {
        const { proxy } = argumentsOf(accepted({ proxy: { https: PROXY.replace("'s $HOME", "") } }), {});
        expect(await pulumi.isSecret(pulumi.output(proxy?.https))).toBe(true);
    });
});

test.each([
    [{ proxy: { none: ["two words"] } }, "proxy.none[0]"],
    [{ extraHosts: { "a.b": "c.d" } }, 'extraHosts["a.b"]'],
    [{ extraHosts: { "a b": "192.0.2.1" } }, 'extraHosts["a b"]'],
    [{ dnsServers: ["dns.example.com"] }, "dnsServers[0]"],
])("%j is refused where it is wrong", (config, path) => expect(mistakeIn(config).path).toBe(path));

describe("a mirror's own reason", () => {
    test.each([
        [
            '{"errors":[{"code":"UNKNOWN","message":"unknown error","detail":"Get \\"https://robot:hunter2@a.invalid/v2/\\": dial tcp: lookup a.invalid on 192.0.2.53:53: no such host"}]}',
            "dial tcp: lookup a.invalid on 192.0.2.53:53: no such host",
        ],
        ['{"errors":[{"code":"UNKNOWN","message":"unknown error","detail":{}}]}', /unknown error/],
        ["<html>502 Bad Gateway</html>", "<html>502 Bad Gateway</html>"],
    ])("is read out of %s", (body, reason) => {
        const found = reasonIn(body);
        if (typeof reason === "string") expect(found).toBe(reason);
        else expect(found).toMatch(reason);
        expect(found).not.toContain("hunter2");
    });
});
