import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";

import type { MirrorAccess } from "../../../components/mirror/mirror";
import { upstreamProblemsBehind, upstreamSentences } from "../../../ops/facts/upstreams";

describe("the mirrors that a front shows", () => {
    let front: Server;
    let port: number;

    beforeAll(async () => {
        // As distribution 3.1 answers for the upstream, by the name that it is asked for.
        const answers: Record<string, [status: number, body: unknown]> = {
            "registry.test": [401, { errors: [{ code: "UNAUTHORIZED" }] }],
            "well.test": [404, { errors: [{ code: "BLOB_UNKNOWN" }] }],
            "lost.test": [500, { errors: [{ detail: 'Get "https://user:pw@up.test/v2/": no such host' }] }],
        };
        front = createServer((request, response) => {
            const [status, body] = answers[request.headers.host?.split(":")[0] ?? ""] ?? [200, ""];
            response.writeHead(status).end(JSON.stringify(body));
        });
        await new Promise<void>((done) => front.listen(0, "127.0.0.1", done));
        ({ port } = front.address() as AddressInfo);
    });
    afterAll(() => new Promise((done) => front.close(done)));

    const mirrors = () =>
        Object.fromEntries(
            ["well", "lost"].map((name) => [
                name,
                { endpoint: `http://${name}.test:${port}`, upstream: "https://up.test" } as MirrorAccess,
            ]),
        );
    const at = (address: string, of = port) => ({
        ...{ endpoint: new URL(`http://registry.test:${of}`), caPem: "" },
        address,
    });

    test("are asked at its address, whether their names are known here or not", async () => {
        const problems = await upstreamProblemsBehind(at("127.0.0.1"), mirrors());
        expect(problems).toEqual({ lost: "no such host" });
        const said = (onCluster: boolean) => upstreamSentences(problems ?? {}, mirrors(), onCluster);
        expect(said(true)).toEqual([
            expect.stringMatching(/^The mirror lost does not reach https:\/\/up\.test: no such host\. /),
        ]);
        // An option that a cluster cannot have is no way out there.
        expect([said(false)[0], said(true)[0]]).toEqual([
            expect.stringContaining("`dnsServers`"),
            expect.not.stringContaining("`dnsServers`"),
        ]);
    });

    test("of a front that is not reached from here nothing is told of them", async () => {
        expect(await upstreamProblemsBehind(at("127.0.0.1", 1), mirrors())).toBeUndefined();
        expect(await upstreamProblemsBehind(at("no-such-host.invalid"), mirrors())).toBeUndefined();
    });

    test("no mirror takes no request", async () =>
        expect(await upstreamProblemsBehind(at("no-such-host.invalid"), {})).toEqual({}));
});
