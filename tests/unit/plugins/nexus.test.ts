/** The Nexus plugin against the stand-in in this process. */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createServer, type Server } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { NEXUS } from "../../../components/nexus/options";
import { plannedRepositories, plannedTasks, type Wishes } from "../../../components/nexus/plan";
import type { Props, ResourceType } from "../../../plugins/framework/resource";
import { checkMembers, type Failure } from "../../../plugins/framework/check";
import { nexus as pkg } from "../../../plugins/nexus";
import { Nexus } from "../../../plugins/nexus/client";
import type { FirstRunPassword } from "../../../plugins/nexus/first-run";
import { repositoryBody, type RepositoryInputs } from "../../../plugins/nexus/repository-body";
import { start } from "../../standin/nexus/server";
import { expectGolden } from "../components/golden";

const typeOf = (name: string) =>
    pkg.resources.find(({ token }) => token.endsWith(`:${name}`)) as ResourceType<Nexus>;
const [admin, settings, repository, policy, task] = [
    "Admin",
    "Settings",
    "Repository",
    "CleanupPolicy",
    "Task",
].map(typeOf) as [ResourceType<Nexus>, ...ResourceType<Nexus>[]] as ResourceType<Nexus>[];

const PASSWORD = "the configured password";
const WANTED = { anonymous: false, acceptEula: true, realms: ["DockerToken"] };
let folder: string;
let server: Server;
let url: string;

/** What Engine and container do for the file in a real deployment. */
const file = {
    read: async () => {
        try {
            return readFileSync(join(folder, "admin.password"), "utf8");
        } catch {
            return undefined;
        }
    },
    write: async (password: string) => writeFileSync(join(folder, "admin.password"), password),
} as unknown as FirstRunPassword;

const client = (password = PASSWORD, timeout = 5, to = url) =>
    new Nexus({ url: to, password, timeout, firstRun: file });

async function run(startUp = 0): Promise<void> {
    ({ server, url } = await start({ folder, startUp }));
}
const stop = () => new Promise((done) => server.close(done).closeAllConnections());

beforeEach(async () => {
    folder = mkdtempSync(join(tmpdir(), "nexus-stand-in-"));
    await run();
});
afterEach(async () => {
    await stop();
    rmSync(folder, { recursive: true, force: true });
});

/** Inputs with the defaults that Check fills in. */
function checked(type: ResourceType<Nexus>, inputs: object): Props {
    const failures: Failure[] = [];
    const result = checkMembers("", inputs as Props, type.inputs, failures);
    expect(failures).toEqual([]);
    expect(type.check?.(result) ?? []).toEqual([]);
    return result;
}

async function ready(): Promise<Nexus> {
    const nexus = client();
    await admin?.create({ password: PASSWORD, generated: false }, nexus);
    return nexus;
}

describe("Admin", () => {
    test("replaces the password of the first start, and Nexus removes its file", async () => {
        expect(await file.read()).toBeDefined();
        await ready();
        expect(await file.read()).toBeUndefined();
        expect(await client().takes(PASSWORD)).toBe(true);
        // A second time there is nothing to do.
        await ready();
    });

    test("changes it from the old one to the new one", async () => {
        await ready();
        await admin?.update?.(
            "admin",
            { password: PASSWORD },
            { password: "another one" },
            client("another one"),
        );
        expect(await client().takes("another one")).toBe(true);
        expect(await client().takes(PASSWORD)).toBe(false);
    });

    test("a password that Nexus does not take is told with what mends it", async () => {
        await ready();
        const wrong = admin?.create({ password: "wrong one", generated: false }, client("wrong one"));
        await expect(wrong).rejects.toThrow(
            /answered 401.*nexus\.adminPassword is not the password of the user admin/,
        );
        await expect(wrong).rejects.not.toThrow("wrong one");
    });

    test("a generated password is left where the next deployment looks, a given one is not", async () => {
        await ready();
        await admin?.delete?.("admin", { password: PASSWORD, generated: false }, client());
        expect(await file.read()).toBeUndefined();
        await admin?.delete?.("admin", { password: PASSWORD, generated: true }, client());
        await admin?.create({ password: "the next one", generated: true }, client("the next one"));
        expect(await client().takes("the next one")).toBe(true);
    });

    test("is gone where the volume is a new one", async () => {
        const known = { password: PASSWORD, generated: false };
        expect(await admin?.read("admin", known, known, client())).toBeUndefined();
        await ready();
        expect(await admin?.read("admin", known, known, client())).toMatchObject({ outs: known });
    });
});

describe("where the program cannot tell which Engine has the container", () => {
    let asked: string[];
    let engine: Server;
    const before = process.env.DOCKER_HOST;
    beforeEach(async () => {
        asked = [];
        engine = createServer((request, answer) => {
            asked.push(request.url ?? "");
            answer.end("OK");
        });
        const socket = join(folder, "engine.sock");
        await new Promise<void>((done) => engine.listen(socket, done));
        process.env.DOCKER_HOST = `unix://${socket}`;
    });
    afterEach(async () => {
        if (before === undefined) delete process.env.DOCKER_HOST;
        else process.env.DOCKER_HOST = before;
        await new Promise((done) => engine.close(done).closeAllConnections());
    });
    const configured = async (more: object) =>
        pkg.configure({ url, password: PASSWORD, container: "kit-dev-nexus", timeoutSeconds: 5, ...more });

    test("the environment's is not asked, for reading or for writing; one sentence tells the way out", async () => {
        const nexus = await configured({ dockerUnknown: true });
        for (const work of [
            () => admin?.create({ password: PASSWORD, generated: true }, nexus),
            () => admin?.delete?.("admin", { password: PASSWORD, generated: true }, nexus),
        ])
            await expect(work()).rejects.toThrow(
                /^The password of Nexus's first start lies in the container kit-dev-nexus, and the program cannot tell .*`certPath`/,
            );
        expect(asked).toEqual([]);
    });

    test("and where the password is in force already, none is needed", async () => {
        await ready();
        await expect(
            admin?.create(
                { password: PASSWORD, generated: false },
                await configured({ dockerUnknown: true }),
            ),
        ).resolves.toBeDefined();
        expect(asked).toEqual([]);
    });

    test("without that, it is the environment's", async () => {
        await (await configured({})).firstRun.read();
        expect(asked.some((path) => path.includes("/containers/kit-dev-nexus/archive"))).toBe(true);
    });
});

describe("a server that is not there yet", () => {
    test("is waited for while it answers 503", async () => {
        await stop();
        await run(1200);
        await expect(client().ready()).resolves.toBeUndefined();
    });

    test("is given up after the time-out, with its address and what to look at", async () => {
        await stop();
        const gone = client(PASSWORD, 0);
        await expect(gone.ready()).rejects.toThrow(
            `GET ${url}/service/rest/v1/status/writable: no answer within 0 s (ECONNREFUSED)`,
        );
        // A refresh keeps what is known of what lies in the volume.
        const known = { name: "a", format: "pypi", type: "hosted" };
        expect(await repository?.read("a", known, known, gone)).toMatchObject({ outs: known });
        await run();
    });
});

test("Settings: licence, anonymous access and realm, and what drifted from them", async () => {
    const nexus = await ready();
    await settings?.create(WANTED, nexus);
    const read = async () => (await settings?.read("settings", WANTED, WANTED, nexus))?.outs;
    expect(await read()).toEqual(WANTED);
    await nexus.request({
        method: "PUT",
        path: "/v1/security/realms/active",
        body: ["NexusAuthenticatingRealm"],
    });
    expect(await read()).toEqual({ ...WANTED, realms: [] });
    await settings?.update?.("settings", {}, WANTED, nexus);
    expect(await nexus.find("/v1/security/realms/active")).toEqual([
        "NexusAuthenticatingRealm",
        "DockerToken",
    ]);
    const { validate } = settings?.inputs.acceptEula ?? {};
    expect(validate?.(false as never)).toContain("must be true");
});

const EVERYTHING: Wishes = {
    force: false,
    ...(NEXUS.options.parse({
        cleanup: { unusedDays: 30 },
        docker: { routing: "ports", upstream: "https://mirror.example.com" },
        repositories: {
            libs: { format: "maven", versionPolicy: "SNAPSHOT", writePolicy: "allow" },
            rpms: { format: "yum", repodataDepth: 2 },
            wheels: { format: "pypi" },
        },
    }) as Omit<Wishes, "force">),
};

test("the bodies of every kind of repository", () => {
    const bodies = plannedRepositories(EVERYTHING).map((one) =>
        repositoryBody({ blobStore: "default", ...one } as RepositoryInputs),
    );
    expectGolden("nexus-repositories.json", `${JSON.stringify(bodies, null, 4)}\n`);
});

test("every planned repository, policy and task is taken, adopted, read back as it is, and deleted", async () => {
    const nexus = await ready();
    await settings?.create(WANTED, nexus);
    const wanted: [ResourceType<Nexus> | undefined, object][] = [
        [policy, { name: "private-registry", unusedDays: 30 }],
        ...plannedRepositories(EVERYTHING).map((one) => [repository, one] as [typeof repository, object]),
        ...plannedTasks(EVERYTHING).map((one) => [task, one] as [typeof task, object]),
    ];
    const made: [ResourceType<Nexus>, string, Props][] = [];
    for (const [type, args] of wanted) {
        if (!type) throw new Error("no such type");
        const inputs = checked(type, args);
        const { id } = await type.create(inputs, nexus);
        // As after an interrupted `up`: what is there already becomes this one.
        expect((await type.create(inputs, nexus)).id).toBe(id);
        expect((await type.read(id, inputs, inputs, nexus))?.outs).toEqual(inputs);
        await type.update?.(id, inputs, inputs, nexus);
        made.push([type, id, inputs]);
    }
    for (const [type, id, inputs] of made.reverse()) {
        await type.delete?.(id, inputs, nexus);
        await type.delete?.(id, inputs, nexus);
        expect(await type.read(id, inputs, inputs, nexus)).toBeUndefined();
    }
});

describe("Repository", () => {
    const wheels = { name: "wheels", format: "pypi", type: "hosted" };

    test("of another format under the same name is not touched", async () => {
        const nexus = await ready();
        await repository?.create(checked(repository, { ...wheels, name: "Wheels", format: "yum" }), nexus);
        await expect(repository?.create(checked(repository as never, wheels), nexus)).rejects.toThrow(
            "Nexus has a repository Wheels already, of format yum and type hosted",
        );
    });

    test("with components is deleted only by force", async () => {
        const nexus = await ready();
        await settings?.create(WANTED, nexus);
        const inputs = checked(repository as never, wheels);
        await repository?.create(inputs, nexus);
        const authorization = `Basic ${Buffer.from(`admin:${PASSWORD}`).toString("base64")}`;
        const put = { method: "PUT", headers: { Authorization: authorization }, body: "x" };
        expect((await fetch(`${url}/repository/wheels/a.whl`, put)).status).toBe(201);
        await expect(repository?.delete?.("wheels", inputs, nexus)).rejects.toThrow("has components");
        await repository?.delete?.("wheels", { ...inputs, force: true }, nexus);
        expect(await repository?.read("wheels", inputs, inputs, nexus)).toBeUndefined();
    });

    test.each([
        [{ ...wheels, versionPolicy: "MIXED" }, "versionPolicy means nothing for a pypi hosted repository"],
        [{ ...wheels, type: "proxy", remoteUrl: "https://a.b" }, "made as hosted ones only"],
        [{ ...wheels, format: "docker", type: "proxy" }, "remoteUrl is required"],
        [{ ...wheels, format: "docker", type: "group", members: [] }, "members must name one"],
    ])("%j is refused", (inputs, reason) => {
        expect(repository?.check?.(inputs).join()).toContain(reason);
    });

    test("what Nexus refuses is told with its own words", async () => {
        const nexus = await ready();
        const inputs = checked(repository as never, { ...wheels, cleanupPolicies: ["none"] });
        await expect(repository?.create(inputs, nexus)).rejects.toThrow(
            "POST " +
                url +
                "/service/rest/v1/repositories/pypi/hosted answered 400: cleanup.policyNames Cleanup policy none does not exist.",
        );
    });
});
