/**
 * The access decision (docs/adr/0012-access-decision.md), through a real nginx and a real registry: every way of writing
 * a request, by every role, against an oracle that reads it as the registry does.
 */
import tls from "node:tls";

import { type Reading, read } from "./access-oracle";
import {
    type Answer,
    PEOPLE,
    REPOSITORIES,
    type Request,
    requests,
    secretOf,
    verdictOf,
} from "./access-requests";
import { authorization, overHttp1, overHttp2 } from "./access-send";
import { cleanup } from "./cleanup";
import { RegistryClient } from "./http";
import { frontLog } from "./docker";
import { ADMIN, DOMAIN, Stack } from "./stack";

describe("the access decision of the front", () => {
    const use = cleanup();
    let stack: Stack;
    let ca: string;
    let secret: string;
    /** Repository → the blob in it. */
    const blobs = new Map<string, string>();
    const tried = new Map<string, Request & Answer & Reading>();

    beforeAll(async () => {
        const users = Object.values(PEOPLE).flatMap(({ name, role, repositories }) =>
            name === undefined || name === "admin"
                ? []
                : [
                      [`users.${name}.password`, { secret: secretOf(name) }] as const,
                      [`users.${name}.role`, role] as const,
                      ...(repositories ?? []).map(
                          (one, i) => [`users.${name}.repositories[${i}]`, one] as const,
                      ),
                  ],
        );
        stack = use(
            await Stack.create("access", {
                settings: {
                    ...ADMIN,
                    "front.off": "false",
                    "front.attemptsPerMinute": "6000",
                    "front.cacheSeconds": "3600",
                    // What is decided there comes after who may do what.
                    'front.immutableTags["*"][0]': "*",
                    ...Object.fromEntries(users),
                },
            }),
        );
        await stack.up();
        ca = await stack.output("caCertificatePem");
        const client = await RegistryClient.of(stack);
        use({ dispose: async () => client.close() });
        for (const repository of REPOSITORIES)
            blobs.set(repository, (await client.upload(repository)).digest);
        secret = blobs.get("secret/repo") ?? "";
    });

    /** The oracle's verdict of every request, and what nginx and the registry made of it. */
    async function compare(
        list: readonly Request[],
        protocol: string,
        send: (request: Request, agent: string) => Promise<Answer>,
    ): Promise<string[]> {
        const wrong: string[] = [];
        let next = 0;
        const worker = async () => {
            for (let i = next++; i < list.length; i = next++) {
                const request = list[i];
                if (request === undefined) return;
                const { method, target, who } = request;
                const agent = `${protocol}-${i}`;
                const answer = await send(request, agent);
                // The absolute form is a target as well (RFC 9112 section 3.2.2); what counts is the path in it.
                const reading = read(
                    method,
                    target.replace(`http://${DOMAIN}`, ""),
                    PEOPLE[who] ?? { role: "none" },
                    (repository, digest) => blobs.get(repository) === digest,
                );
                tried.set(agent, { ...request, ...answer, ...reading });
                const seen = verdictOf(answer, method);
                const tell = (what: string) =>
                    wrong.push(
                        `${protocol} ${who}: ${method} ${target}: ${what} (${answer.status} ${answer.body})`,
                    );
                // The registry itself answers 404 to a name in capitals, and 400 to what it cannot read.
                const same = seen === reading.verdict || (method === "HEAD" && answer.status === 404);
                const outside = !target.replace(`http://${DOMAIN}`, "").startsWith("/v2/");
                if (outside ? answer.status < 400 : !same) tell(`expected ${reading.verdict}, not ${seen}`);
                if (reading.mounts !== undefined && (answer.status === 201) !== reading.mounts)
                    tell(`a mount: ${reading.mounts}`);
                if (reading.mounts === undefined && method === "POST" && answer.status === 201)
                    tell("no mount");
            }
        };
        await Promise.all(Array.from({ length: 8 }, worker));
        return wrong;
    }

    test("HTTP/1.1: each request is decided as the registry reads it", async () => {
        const client = overHttp1(stack.port, ca);
        const list = requests(blobs);
        expect(list.length).toBeGreaterThan(3000);
        expect(await compare(list, "h1", client.send)).toEqual([]);
        client.close();
    });

    test("HTTP/2: each request is decided as the registry reads it", async () => {
        const client = overHttp2(stack.port, ca);
        // A path in HTTP/2 is one: the absolute form is of HTTP/1.1.
        const list = requests(blobs).filter(({ target }) => target.startsWith("/"));
        expect(await compare(list, "h2", client.send)).toEqual([]);
        client.close();
    });

    test("bytes that no library sends are refused, and end no line of a log", async () => {
        const raw = (target: string): Promise<string> =>
            new Promise((resolve, reject) => {
                const socket = tls.connect({ host: "127.0.0.1", port: stack.port, ca, servername: DOMAIN });
                let text = "";
                socket.setEncoding("latin1").on("data", (part: string) => (text += part));
                socket.on("error", reject).on("close", () => resolve(text));
                const login = authorization("team") ?? "";
                socket.write(
                    `POST ${target} HTTP/1.1\r\nHost: ${DOMAIN}\r\nAuthorization: ${login}\r\n` +
                        "Content-Length: 0\r\nConnection: close\r\n\r\n",
                    "latin1",
                );
            });
        const mount = `mount=${secret}&from=secret/repo`;
        for (const byte of [
            "\t",
            " ",
            "\0",
            "\x01",
            "\x1b",
            "\x7f",
            "\x80",
            '"',
            "<",
            "^",
            "`",
            "{",
            "|",
            "'",
            "$",
        ])
            for (const target of [
                `/v2/team-a/taken/blobs/uploads/?${byte}&${mount}`,
                `/v2/team-a/taken/blobs/uploads/?a=${byte}#&${mount}`,
                `/v2/team-a/ta${byte}ken/blobs/uploads/?${mount}`,
            ])
                expect([target, (await raw(target)).split(" ")[1]]).toEqual([target, "400"]);
    });

    test("no blob of a repository that is closed to a user came into one that is open to him", async () => {
        const client = await RegistryClient.of(stack);
        const login = `team:${secretOf("team")}`;
        // admin mounted it there, as he may.
        const taken = `/v2/team-a/taken/blobs/${secret}`;
        expect((await client.ask(taken, { method: "DELETE" })).status).toBe(202);
        const all = requests(blobs).filter(
            ({ who, target }) => who === "team" && target.startsWith("/v2/team-a/taken"),
        );
        expect(all.length).toBeGreaterThan(100);
        const sender = overHttp1(stack.port, ca);
        for (const request of all) await sender.send(request, "again");
        sender.close();
        expect((await client.ask(taken, { login, method: "HEAD" })).status).toBe(404);
        client.close();
    });

    test("the access log tells what each of them did", async () => {
        const { requests: lines } = await frontLog(stack.prefix);
        const wrong: string[] = [];
        let mounts = 0;
        for (const line of lines) {
            const told = JSON.parse(line) as Record<string, unknown>;
            const request = tried.get(String(told.agent));
            if (request === undefined) continue;
            tried.delete(String(told.agent));
            const { method, target, status, endpoint, mounts: mounted } = request;
            const writes = ["POST", "PUT", "PATCH"].includes(method);
            const action =
                mounted === true && status === 201
                    ? "mount"
                    : endpoint === undefined || endpoint === "base"
                      ? told.action
                      : method === "DELETE"
                        ? "delete"
                        : writes && ["uploads", "manifests", "blobs"].includes(endpoint)
                          ? "push"
                          : told.action;
            if (action === "mount") mounts++;
            if (
                told.status !== status ||
                told.action !== action ||
                (told.action === "mount") !== (action === "mount")
            )
                wrong.push(`${method} ${target}: ${line}`);
        }
        expect(wrong).toEqual([]);
        expect(mounts).toBeGreaterThan(10);
        // nginx refuses %00 before it reads the headers, and so does not know who asked.
        for (const { target } of tried.values()) expect(target).toContain("%00");
    });
});
