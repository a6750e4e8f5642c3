/** A registry behind an Ingress, and behind a Gateway: the real API server takes the objects, a stand-in of a controller follows them. */
import { mkdirSync, readFileSync, readdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";

import { issue } from "../../unit/components/certs";

import { cleanup } from "../cleanup";
import { ANY, pushImage } from "../gc";
import { RegistryClient } from "../http";
import { must, until } from "../run";
import { DOMAIN, type Stack } from "../stack";

import type { Cluster } from "./cluster";
import { follow, gatewayRoute, ingressRoute, ROUTE_PORT } from "./controller";
import { PODS } from "./machines";
import { BUILD_MS, clusterWithStore, type Namespace, NAMESPACE, stackOn } from "./support";

/** The Gateway API's own definitions, of its Go module. */
const GATEWAY_API = "sigs.k8s.io/gateway-api@v1.4.1";

describe("behind a route", () => {
    const use = cleanup();
    let cluster: Cluster;
    let there: Namespace;
    let stack: Stack;

    beforeAll(async () => {
        const site = await clusterWithStore(use);
        ({ cluster, there } = site);
        stack = await stackOn(cluster, NAMESPACE, {
            name: "routes",
            env: site.env,
            settings: {
                ...site.settings,
                ...{ domain: DOMAIN, port: String(ROUTE_PORT), "kubernetes.replicas": "1" },
                "kubernetes.expose": "ingress",
                // To a Service a pod comes with the address of its node here.
                ...Object.fromEntries(
                    [PODS.all, ...cluster.nodes.map(({ address }) => address)].map((one, index) => [
                        `front.trustedProxies[${index}]`,
                        one,
                    ]),
                ),
            },
        });
        use(stack);
        await stack.unset("ipAddresses");
        await stack.up();
    }, BUILD_MS);

    /** A client that comes by the route. @param ca what it trusts */
    const by = (address: string, ca: string) => {
        const client = new RegistryClient(ROUTE_PORT, ca, address, DOMAIN);
        use({ dispose: async () => client.close() });
        return client;
    };

    /** Pushes, reads back, is refused with a wrong password, and is told apart from others by its own address, whatever it says. */
    async function serves(client: RegistryClient, repository: string): Promise<void> {
        const { digest } = await pushImage(client, repository, "one");
        const path = `/v2/${repository}/manifests/one`;
        const headers = { Accept: ANY, "X-Forwarded-For": "203.0.113.7" };
        const answer = await client.ask(path, { headers });
        expect([answer.status, answer.headers["docker-content-digest"]]).toEqual([200, digest]);
        expect((await client.ask("/v2/", { login: "admin:wrong" })).status).toBe(401);
        const seen = String(answer.headers["x-seen"]);
        const log = await until("the log", async () => {
            const text = await there.kubectl(
                ...["logs", "--selector=app.kubernetes.io/name=private-registry", "--container=front"],
                "--tail=200",
            );
            const lines = text.split("\n").filter((line) => line.includes(path) && line.includes('"GET"'));
            return lines.length > 0 ? lines : undefined;
        });
        for (const line of log) expect((JSON.parse(line) as { client: string }).client).toBe(seen);
        expect([...cluster.nodes.map(({ address }) => address), "203.0.113.7"]).not.toContain(seen);
    }

    test("an Ingress: clients see the front's own certificate, and the front their own address", async () => {
        const address = await follow(cluster, there, await ingressRoute(there));
        await serves(by(address, await stack.output("caCertificatePem")), "team/ingress");
    });

    describe("a Gateway", () => {
        const ca = issue("gateways", { ca: true });

        test("its API takes the route, clients see its certificate, and the pods' is checked", async () => {
            const folder = join(stack.folder, "go");
            mkdirSync(folder);
            writeFileSync(join(folder, "go.mod"), "module tests\n");
            const text = await must("go", ["mod", "download", "-json", GATEWAY_API], { cwd: folder });
            const { Dir } = JSON.parse(text) as { Dir: string };
            const crds = join(Dir, "config/crd/standard");
            for (const file of readdirSync(crds).filter((name) => name.startsWith("gateway.networking")))
                await cluster.kubectl("create", "--filename", join(crds, file));
            const { pem } = await ca;
            const file = join(stack.project, "gateway-ca.crt");
            writeFileSync(file, pem);
            await stack.configure({
                "kubernetes.expose": "gateway",
                "kubernetes.gateway.name": "public",
                "kubernetes.gateway.ca": file,
            });
            await stack.up();
            expect(await stack.output("caCertificatePem")).toBe(readFileSync(file, "utf8"));
            expect(await there.kubectl("get", "ingresses", "--output=name")).toBe("");
            const shown = await issue(DOMAIN, { issuer: await ca, names: [DOMAIN] });
            await cluster.apply({
                ...{ apiVersion: "v1", kind: "Secret", type: "kubernetes.io/tls" },
                metadata: { name: "listener", namespace: NAMESPACE },
                stringData: { "tls.crt": shown.pem, "tls.key": shown.keyPem },
            });
            const address = await follow(cluster, there, await gatewayRoute(there, "listener"));
            await serves(by(address, pem), "team/gateway");
        });

        test("destroy takes the route along", async () => {
            await stack.destroy();
            expect(await there.left()).toBe("");
            expect(await there.kubectl("get", "httproutes,backendtlspolicies", "--output=name")).toBe("");
        });
    });
});
