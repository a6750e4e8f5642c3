/** Who did what: the front's log as it is kept, `npm run audit`, and who else is told (notifications). */
import http from "node:http";

import { cleanup } from "./cleanup";
import { bridgeAddress, docker, frontLog, inspect } from "./docker";
import { pushImage } from "./gc";
import { RegistryClient } from "./http";
import { care } from "./retain";
import { sleep, until } from "./run";
import { ADMIN, freePort, PASSWORD, Stack } from "./stack";

const SITE = "app.e2e.test";
const READER = "reader:the reader's password";

interface Event {
    action: string;
    target: { repository: string; tag?: string };
}

describe("who did what", () => {
    const use = cleanup();
    let stack: Stack;
    let client: RegistryClient;
    let httpPort: number;
    const told: { events: Event[]; token: string | undefined }[] = [];
    const front = () => `${stack.prefix}-front`;
    const inFront = (script: string) => docker("exec", front(), "sh", "-c", `cd /var/log/front && ${script}`);
    /** What is written after which line. */
    const audit = async (...flags: string[]) => {
        const { code, stdout, screen } = await care(stack, "audit", ...flags);
        if (code !== 0) throw new Error(screen);
        return stdout.split("\n").filter(Boolean);
    };

    beforeAll(async () => {
        const hook = http.createServer((request, response) => {
            let body = "";
            request.on("data", (chunk: Buffer) => (body += chunk.toString()));
            request.on("end", () => {
                told.push({
                    ...(JSON.parse(body) as { events: Event[] }),
                    token: request.headers["x-token"]?.toString(),
                });
                response.end();
            });
        });
        const address = await bridgeAddress();
        await new Promise<void>((ready) => hook.listen(0, address, ready));
        use({ dispose: async () => void hook.close() });
        const { port } = hook.address() as { port: number };
        // Says yes to everything.
        const app = http.createServer(
            (request, response) => void request.resume().on("end", () => response.end()),
        );
        await new Promise<void>((ready) => app.listen(0, address, ready));
        use({ dispose: async () => void app.close() });
        const yes = app.address() as { port: number };
        httpPort = await freePort();
        stack = await use(
            await Stack.create("audit", {
                settings: {
                    ...ADMIN,
                    "front.off": "false",
                    "front.httpPort": String(httpPort),
                    [`front.sites["${SITE}"].upstream`]: `http://${address}:${yes.port}`,
                    "users.reader.password": "the reader's password",
                    "users.reader.role": "pull",
                    "notifications.ci.url": `http://${address}:${port}/hook`,
                    "notifications.ci.headers.X-Token[0]": "hunter2 of the hook",
                },
            }),
        );
        await stack.up();
        client = await RegistryClient.of(stack);
        use({ dispose: async () => client.close() });
        await pushImage(client, "team/app", "1.0");
        const read = { login: READER };
        expect((await client.ask("/v2/team/app/manifests/1.0", read)).status).toBe(200);
        expect((await client.ask("/v2/team/app/manifests/1.0", { ...read, method: "DELETE" })).status).toBe(
            403,
        );
        expect((await client.ask("/v2/", { login: "reader:wrong" })).status).toBe(401);
        expect((await client.ask("/v2/", { login: "" })).status).toBe(401);
        await pushImage(client, "other/app", "2");
        expect((await client.ask("/v2/other/app/manifests/2", { method: "DELETE" })).status).toBe(202);
    });

    test("is told, one line each", async () => {
        const rows = await audit();
        expect(
            rows.map((row) => row.replace(/^\S+ \S+ +(\S+) +\S+ +/, "$1 ").replace(/ \(sha256:\w{12}\)/, "")),
        ).toEqual([
            "admin push    team/app:1.0",
            "reader pull    team/app:1.0",
            "reader delete  team/app:1.0  REFUSED: not allowed",
            "- login   /v2/  REFUSED: wrong login",
            "admin push    other/app:2",
            "admin delete  other/app:2",
        ]);
        for (const row of rows) expect(row).toMatch(/^20\d\d-\d\d-\d\d \d\d:\d\d:\d\d {2}/);
    });

    test("is told of one user, one action, one repository, of what was refused, and of a time", async () => {
        expect(await audit("--user", "reader")).toHaveLength(2);
        expect(await audit("--user", "reader", "--user", "admin", "--action", "push")).toHaveLength(2);
        expect(await audit("--repository", "other/*")).toHaveLength(2);
        expect(await audit("--refused")).toHaveLength(2);
        expect(await audit("--until", "1h")).toEqual([]);
        expect((await audit("--all")).length).toBeGreaterThan(10);
        const [line] = await audit("--action", "delete", "--user", "admin", "--json");
        expect(JSON.parse(line ?? "")).toMatchObject({ user: "admin", repository: "other/app", status: 202 });
        const { code, screen } = await care(stack, "audit", "--action", "steal");
        expect([code, screen]).toEqual([
            1,
            expect.stringContaining('--action is "steal"; it must be one of push, pull'),
        ]);
    });

    test("what plain HTTP redirects, and what a site answers, is no act of the registry's", async () => {
        const before = await audit();
        const ca = await stack.output("caCertificatePem");
        const plain = new RegistryClient(httpPort);
        const site = new RegistryClient(stack.port, ca, "127.0.0.1", SITE);
        const path = "/v2/team/app/manifests/1.0";
        for (const method of ["GET", "PUT", "DELETE"]) {
            expect((await plain.ask(path, { method, login: "" })).status).toBe(308);
            expect((await site.ask(path, { method, login: "" })).status).toBe(200);
        }
        for (const one of [plain, site]) one.close();
        expect(await audit()).toEqual(before);
        expect((await audit("--all")).join("\n")).toMatch(
            / delete {2}app\.e2e\.test\/v2\/team\/app\/manifests\/1\.0$/m,
        );
    });

    test("nobody's request takes more of the log than an honest one may", async () => {
        const long = "x".repeat(7_000);
        const before = Number(await inFront("wc -c < current.jsonl"));
        const path = `/v2/${"x/".repeat(3_500)}tags/list`;
        const odd = { login: "", headers: { "User-Agent": long, Host: `${long}.test` } };
        expect((await client.ask(path, odd)).status).toBe(400);
        expect(Number(await inFront("wc -c < current.jsonl")) - before).toBeLessThan(2_000);
    });

    test("others are told of images that were pushed and deleted, with their secret", async () => {
        const seen = () =>
            told.flatMap(({ events }) => events.map((one) => `${one.action} ${one.target.repository}`));
        await until("events", async () => (seen().length >= 3 ? true : undefined));
        expect(seen().sort()).toEqual(["delete other/app", "push other/app", "push team/app"]);
        expect(new Set(told.map(({ token }) => token))).toEqual(new Set(["hunter2 of the hook"]));
        for (const name of [stack.prefix, `${stack.prefix}-config`])
            expect(await docker("inspect", name)).not.toContain("hunter2");
        expect(await stack.exportText()).not.toContain("hunter2");
        expect(await docker("logs", stack.prefix)).not.toContain("hunter2");
    });

    test("no request is lost while the log is closed and begun anew, and it is read while that happens", async () => {
        const before = (await frontLog(stack.prefix)).requests.length;
        let asked = 0;
        let done = false;
        const load = async () => {
            while (!done) {
                expect(
                    (await client.ask(`/v2/team/app/manifests/1.0?n=${asked++}`, { method: "HEAD" })).status,
                ).toBe(200);
            }
        };
        const all = [load(), load(), load()];
        for (let i = 0; i < 8; i++) {
            await inFront("echo 20200101 > day; sh /etc/front/keep-log.sh; sleep 1");
            expect((await audit()).length).toBe(6);
        }
        done = true;
        await Promise.all(all);
        await sleep(200);
        expect((await inFront("ls 2*.gz | wc -l")).trim()).toBe("7");
        expect((await frontLog(stack.prefix)).requests.length - before).toBe(asked);
        expect((await audit("--all", "--action", "check")).length).toBeGreaterThanOrEqual(asked);
    });

    test("what is too old, or too much, goes", async () => {
        await inFront("touch -d '2020-01-01 00:00:00' $(ls 2*.gz | head -n 2)");
        await inFront("echo 20200101 > day; sh /etc/front/keep-log.sh");
        expect((await inFront("ls 2*.gz | wc -l")).trim()).toBe("6");
        await inFront("dd if=/dev/zero of=20200101T000000Z.jsonl.gz bs=1M count=505 2> /dev/null");
        await inFront("echo 20200101 > day; sh /etc/front/keep-log.sh; sleep 1; ls");
        expect(await inFront("ls")).not.toContain("20200101T000000Z");
        expect(Number((await inFront("ls 2* | wc -l")).trim())).toBeGreaterThan(6);
    });

    test("after the file is gone, requests are kept in a new one", async () => {
        await inFront("rm current.jsonl; sh /etc/front/keep-log.sh; sleep 1");
        await client.ask("/v2/");
        expect(await inFront("cat current.jsonl")).toContain('"path":"/v2/"');
    });

    test("the health check does it", async () => {
        const count = async () => Number((await inFront("ls 2* | wc -l")).trim());
        const before = await count();
        await client.ask("/v2/");
        await inFront("echo 20200101 > day");
        await until("a closed log", async () => ((await count()) > before ? true : undefined));
    });

    test("the log survives the front, and other bounds are no reason for a new one", async () => {
        const [was, { Id }] = [await audit(), await inspect(front())];
        await stack.configure({ "front.log.days": "7" });
        await stack.up();
        expect((await inspect(front())).Id).toBe(Id);
        expect(await docker("exec", front(), "cat", "/etc/front/keep-log.sh")).toContain("-mtime +6 ");
        await docker("rm", "-f", front());
        await stack.up("--refresh");
        expect((await inspect(front())).Id).not.toBe(Id);
        expect(await audit()).toEqual(was);
        await docker("kill", front());
        expect(await audit()).toEqual(was);
        await docker("start", front());
    });

    test("what the kit itself removes stands there too", async () => {
        const { code, screen } = await care(stack, "delete", "team/app:1.0", "--yes");
        if (code !== 0) throw new Error(screen);
        const [tag, digest] = (await audit("--action", "delete")).slice(-2);
        expect(tag).toMatch(/ npm run delete +delete {2}team\/app:1\.0$/);
        expect(digest).toMatch(/ npm run delete +delete {2}team\/app@sha256:\w{12}$/);
        await pushImage(client, "team/app", "1.0");
    });

    test("without it, the container's own log tells", async () => {
        await stack.configure({ "front.log.off": "true" });
        await stack.up();
        const login = `admin:${PASSWORD}`;
        expect((await client.ask("/v2/team/app/manifests/1.0", { login })).status).toBe(200);
        expect((await audit()).join("\n")).toMatch(/^\S+ \S+ {2}admin .* pull .*team\/app:1\.0/);
        expect(await docker("volume", "ls", "-q", "-f", `name=${stack.prefix}-log`)).toBe("");
    });
});
