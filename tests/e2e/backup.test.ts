/** `npm run backup` and `npm run restore`: every backup is whole, nothing is lost, and all comes back on a bare machine. */
import { readdirSync, readFileSync, renameSync, rmSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";

import { Clone, Deployment, REPOSITORY_PASSWORD, runs } from "./backup";
import { contents, Pushes } from "./pushes";
import { cleanup } from "./cleanup";
import { docker, inspect, objectsOf } from "./docker";
import { ANY, pushImage, pushIndex } from "./gc";
import { RESTIC_IMAGE } from "./images";
import { RegistryClient } from "./http";
import { LONG } from "./long";
import { must, sleep, until } from "./run";
import { RestServer } from "./rest-server";
import { S3Server } from "./s3-server";
import { SftpServer } from "./sftp-server";

const BACKUPS = LONG ? 30 : 2;
const KILLS = LONG ? 30 : 4;
const isRoot = process.getuid?.() === 0;

const use = cleanup();
let deployment: Deployment;
let clone: Clone;
let ca: string;
let client: RegistryClient;

const settings = (repository = deployment.repository, more: string[] = []) => [
    `repository: ${repository}`,
    `password: ${REPOSITORY_PASSWORD}`,
    ...(more.some((line) => line.startsWith("escrow")) ? [] : ["escrow: true"]),
    ...more,
];
const salt = () => /^encryptionsalt: .*$/m.exec(readFileSync(clone.configuration, "utf8"))?.[0] ?? "";
async function configured(...backup: Parameters<typeof settings>): Promise<void> {
    clone.configure(settings(...backup), salt());
    await clone.must("up", ["--yes"]);
}
const connectAgain = () => {
    if (client as unknown) client.close();
    client = new RegistryClient(deployment.port, ca);
};
const answers = () =>
    until("the registry", async () => {
        connectAgain();
        const { status } = await client.ask("/v2/").catch(() => ({ status: 0 }));
        return status === 200 ? true : undefined;
    });
/** The objects of the deployment are those that `up` made, and no lock or job is left. */
let objects: string[];
const expectNothingLeft = async () => expect(await objectsOf(deployment.prefix)).toEqual(objects);

interface Result {
    snapshot: string;
    tags: number;
    kept: number;
    verified?: { tags: number; manifests: number; blobs: number };
}
const result = (text: string) => JSON.parse(text) as Result;

beforeAll(async () => {
    deployment = use(await Deployment.create());
    clone = new Clone(deployment, "first");
    clone.configure(settings());
    await clone.must("up", ["--yes"]);
    ca = readFileSync(join(clone.root, "out", deployment.name, "ca.crt"), "utf8");
    connectAgain();
    use({ dispose: async () => client.close() });
    objects = await objectsOf(deployment.prefix);
});

test("before an image is there, and once there is one: what is told is what is there, and no secret is seen", async () => {
    const first = await clone.run("backup", ["--verify"]);
    expect(first.screen).toContain(`Made the repository ${deployment.repository}.`);
    expect(first.stdout).toMatch(/: 0 tags of 0 repositories, .*; all whole\.\n$/);
    await pushImage(client, "team/app0", "kept");
    await pushIndex(client, "team/app1", "kept");
    const running = clone.start("backup", ["--json", "--verify"]);
    let seen = "";
    let ended = false;
    void running.done.then(() => (ended = true));
    while (!ended) {
        seen += await docker("inspect", `${deployment.prefix}-backup`).catch(() => "");
        const [processes] = await Promise.all([must("ps", ["axeww", "-o", "args"]), sleep(50)]);
        if (seen !== "")
            seen += processes
                .split("\n")
                .filter((line) => line.includes("restic"))
                .join("\n");
    }
    const { stdout, screen } = await running.done;
    expect(result(stdout)).toMatchObject({ tags: 2, verified: { tags: 2, manifests: 4, blobs: 10 } });
    expect(seen).toContain(`${deployment.prefix}-backup`);
    expect(seen).not.toContain(REPOSITORY_PASSWORD);
    expect(screen).not.toContain(REPOSITORY_PASSWORD);
    await expectNothingLeft();
});

test(`${BACKUPS} backups under a steady stream of pushes, moved tags and deletions: each is restored whole`, async () => {
    const pusher = new RegistryClient(deployment.port, ca);
    const pushes = new Pushes(pusher);
    try {
        for (let i = 0; i < BACKUPS; i++) {
            const { tags, verified } = result(await clone.must("backup", ["--json", "--verify"]));
            expect(verified?.tags).toBe(tags);
            expect(tags).toBeGreaterThan(1);
        }
    } finally {
        await pushes.stop();
        pusher.close();
    }
    expect(pushes.failures).toEqual([]);
    expect(pushes.count).toBeGreaterThan(BACKUPS);
    await expectNothingLeft();
}, 900_000);

test("two commands at once: one works, the other is refused in one sentence", async () => {
    const both = [clone.start("backup"), clone.start("backup")];
    const results = await Promise.all(both.map(({ done }) => done));
    expect(results.map(({ code }) => code).sort()).toEqual([0, 1]);
    const refused = results.find(({ code }) => code === 1);
    expect(refused?.screen).toMatch(
        /Another command is at work on \S+: backup \(\S+:\d+\)\. Wait for its end; if that process is gone: npm run gc -- --stack \S+ --mend\n/,
    );
    const running = clone.start("backup");
    await until(
        "the backup",
        async () => ((await runs(`${deployment.prefix}-backup`)) ? true : undefined),
        60_000,
        30,
    );
    await docker("pause", `${deployment.prefix}-backup`);
    for (const [name, args] of [
        ["gc", []],
        ["up", ["--yes"]],
        ["restore", ["--yes"]],
    ] as const) {
        const { code, screen } = await clone.run(name, args);
        expect(screen).toMatch(/Another command is at work on \S+: backup/);
        expect(code).toBe(1);
    }
    await docker("unpause", `${deployment.prefix}-backup`);
    expect((await running.done).code).toBe(0);
    await expectNothingLeft();
});

test(`${KILLS} kills of the command, of restic and of the registry: nothing is lost, and the next run mends`, async () => {
    const before = await contents(client);
    const job = `${deployment.prefix}-backup`;
    const kill: Record<string, (running: ReturnType<Clone["start"]>) => Promise<void>> = {
        command: async ({ process }) => void process.kill("SIGKILL"),
        interrupt: async ({ process }) => void process.kill("SIGINT"),
        restic: async () => void (await docker("kill", job).catch(() => "")),
        registry: async () => {
            await docker("kill", deployment.prefix);
            await docker("start", deployment.prefix);
            await answers();
        },
    };
    const kinds = ["command", "restic", "interrupt", "registry"];
    for (let i = 0; i < KILLS; i++) {
        const kind = kinds[i % kinds.length] ?? "";
        const running = clone.start("backup");
        let ended = false;
        void running.done.then(() => (ended = true));
        await until("the backup", async () => (ended || (await runs(job)) ? true : undefined), 60_000, 20);
        await sleep((i % 10) * 130);
        await kill[kind]?.(running);
        const { code, screen } = await running.done;
        // A registry that is away, or a kill that came too late, harms no backup.
        if (code !== 0) expect([kind, screen]).not.toEqual(["registry", screen]);
        expect(screen).not.toMatch(/^\s+at /m);
        if (i % 10 === 9 || i === KILLS - 1) {
            const { verified, tags } = result(await clone.must("backup", ["--json", "--verify"]));
            expect(verified?.tags).toBe(tags);
        }
    }
    await answers();
    expect(await contents(client)).toEqual(before);
    await expectNothingLeft();
}, 900_000);

test("a restore into the deployment brings back what was deleted while the registry goes on, and leaves what is newer", async () => {
    const { id } = { id: (await inspect(deployment.prefix)).Id };
    await clone.must("backup");
    const before = await contents(client);
    const { headers } = await client.ask("/v2/team/app0/manifests/kept", { headers: { Accept: ANY } });
    await client.ask(`/v2/team/app0/manifests/${String(headers["docker-content-digest"])}`, {
        method: "DELETE",
    });
    await clone.must("gc", ["--untagged"]);
    await answers();
    await pushIndex(client, "team/app1", "kept");
    await pushImage(client, "team/new", "1");
    const changed = await contents(client);
    expect(changed["team/app0:kept"]).toBeUndefined();

    const dry = await clone.must("restore", ["--dry-run"]);
    const asJson = JSON.parse(await clone.must("restore", ["--dry-run", "--json"])) as {
        tags: { state: string }[];
    };
    expect(asJson.tags.length).toBeGreaterThan(0);
    expect(asJson.tags.every(({ state }) => ["gone", "same", "other"].includes(state))).toBe(true);
    const [listed] = JSON.parse(await clone.must("restore", ["--list", "--json"])) as {
        id: string;
        stack: string;
    }[];
    expect(listed).toMatchObject({ id: expect.stringMatching(/^[0-9a-f]{64}$/), stack: deployment.name });
    expect(dry).toMatch(/Comes back: 1 tag\n {2}team\/app0:kept\n/);
    expect(dry).toMatch(/Another image in the registry, which stays: 1 tag\n {2}team\/app1:kept: newer, /);
    expect(await contents(client)).toEqual(changed);
    const asked = await clone.run("restore");
    expect(asked.screen).toContain("Nothing was changed. To restore this: the same command with --yes");
    expect(asked.code).toBe(1);

    await clone.must("restore", ["--yes"]);
    expect(await contents(client)).toEqual({ ...changed, "team/app0:kept": before["team/app0:kept"] });
    await clone.must("restore", ["--yes", "--overwrite"]);
    expect(await contents(client)).toEqual({ ...before, "team/new:1": changed["team/new:1"] });
    expect(await clone.must("restore", ["--yes"])).toContain("All images are there already.");
    expect((await inspect(deployment.prefix)).Id).toBe(id);
    await expectNothingLeft();
});

test("a damaged repository is told, nothing old goes, and --mend stores anew what it lost", async () => {
    const data = join(deployment.repository, "data");
    const packs = () =>
        readdirSync(data).flatMap((shelf) =>
            readdirSync(join(data, shelf)).map((pack) => join(data, shelf, pack)),
        );
    const largest = () => packs().sort((one, other) => statSync(other).size - statSync(one).size)[0] ?? "";
    const kept = result(await clone.must("backup", ["--json"])).kept;

    rmSync(largest());
    const lost = await clone.run("backup");
    expect(lost.screen).toMatch(/The repository \S+ is damaged\. npm run backup -- --stack \S+ --mend/);
    expect(lost.code).toBe(1);
    expect((await clone.must("restore", ["--list"])).split("\n").length - 1).toBeGreaterThanOrEqual(kept);
    expect(
        result(await clone.must("backup", ["--mend", "--verify", "--json"])).verified?.tags,
    ).toBeGreaterThan(2);

    // The same size, and other bytes: of files and of folders, of images, of state and configuration.
    for (const pack of packs()) {
        const bytes = readFileSync(pack);
        bytes.fill(0x5a, 0, Math.min(bytes.length >> 1, 3000));
        writeFileSync(pack, bytes);
    }
    const rotten = await clone.run("backup", ["--verify"]);
    expect(rotten.screen).toMatch(/is damaged|is not whole/);
    expect(rotten.code).toBe(1);
    expect(
        result(await clone.must("backup", ["--mend", "--verify", "--json"])).verified?.tags,
    ).toBeGreaterThan(2);
    await expectNothingLeft();
});

test("a wrong password, and a repository that another restic has locked: one sentence each, and nothing is changed", async () => {
    const { repository } = deployment;
    renameSync(repository, `${repository}-kept`);
    await docker(
        ...["run", "--rm", "--network", "none", "--volume", `${deployment.folder}:/there`],
        ...["--env", "RESTIC_PASSWORD=another one", "--entrypoint", "restic", RESTIC_IMAGE],
        ...["--repo", "/there/repository", "--no-cache", "init"],
    );
    const wrong = await clone.run("backup");
    expect(wrong.screen).toContain(`The password is not the one of the repository ${repository}`);
    expect(wrong.screen).not.toContain(REPOSITORY_PASSWORD);
    expect(wrong.code).toBe(1);
    rmSync(repository, { recursive: true });
    renameSync(`${repository}-kept`, repository);
    // Of another machine, at work as long as its input has no end.
    const other = `e2e-restic-${deployment.name}`;
    const names = () => docker("exec", other, "ls", "/repository/locks");
    await docker(
        ...["run", "--detach", "--name", other, "--hostname", "elsewhere", "--network", "none"],
        ...["--volume", `${repository}:/repository`, "--env", `RESTIC_PASSWORD=${REPOSITORY_PASSWORD}`],
        ...["--entrypoint", "/bin/sh", RESTIC_IMAGE],
        ...["-c", "sleep 600 | restic --repo /repository --no-cache backup --stdin"],
    );
    try {
        await until("the lock is there", async () => ((await names()) === "" ? undefined : true));
        const locked = await clone.run("backup");
        expect(locked.screen).toContain(
            `The repository ${repository} is in use by another restic (host elsewhere): wait for its end`,
        );
        expect(locked.screen.trim().split("\n").length).toBeLessThan(6);
        expect(locked.code).toBe(1);
        // It was not touched, and nor is what is its own.
        expect(await names()).not.toBe("");
        await expectNothingLeft();
        await docker(
            "exec",
            other,
            "restic",
            "--repo",
            "/repository",
            "--no-cache",
            "unlock",
            "--remove-all",
        );
    } finally {
        await docker("rm", "--force", "--volumes", other);
    }
    expect((await clone.run("backup")).code).toBe(0);
});

(isRoot ? test : test.skip)(
    "a full disk is told in one sentence, earlier backups stay, and with more room it goes on",
    async () => {
        // Another disk, at the place of the first one.
        const { repository } = deployment;
        await must("mount", ["-t", "tmpfs", "-o", "size=2m", "tmpfs", repository]);
        try {
            await pushImage(client, "team/large", "1", 400);
            const full = await clone.run("backup");
            expect(full.screen).toContain(`There is no space left for the repository ${repository}`);
            expect(full.code).toBe(1);
            await must("mount", ["-o", "remount,size=200m", repository]);
            expect(result(await clone.must("backup", ["--json", "--verify"])).verified?.tags).toBeGreaterThan(
                2,
            );
        } finally {
            await must("umount", [repository]);
        }
    },
);

test("a repository on an S3 server with an authority of its own, as a second place", async () => {
    const s3 = use(await S3Server.start());
    await s3.request("PUT", "backups");
    const file = join(deployment.folder, "s3-ca.crt");
    writeFileSync(file, s3.caPem());
    const repository = `s3:${s3.endpoint}/backups`;
    await configured(repository, [
        `ca: ${file}`,
        `environment: {AWS_ACCESS_KEY_ID: ${s3.accessKey}, AWS_SECRET_ACCESS_KEY: ${s3.secretKey}}`,
    ]);
    const { verified, tags } = result(await clone.must("backup", ["--json", "--verify"]));
    expect(verified?.tags).toBe(tags);
    expect(await clone.must("restore", ["--list"])).toContain(deployment.name);
    const configuredKey = s3.secretKey;
    await s3.rekey();
    const refused = await clone.run("backup");
    expect(refused.screen).toContain("refuses the login");
    expect(refused.screen).not.toContain(configuredKey);
});

test("a repository behind ssh, whose server is known by its key", async () => {
    const sftp = use(await SftpServer.start());
    const repository = sftp.repository("data");
    await configured(repository, [`sshKey: ${sftp.key}`, `knownHosts: "${sftp.knownHosts}"`]);
    const { verified, tags } = result(await clone.must("backup", ["--json", "--verify"]));
    expect(verified?.tags).toBe(tags);
    await sftp.rekey();
    const stranger = await clone.run("backup");
    expect(stranger.screen).toContain("is not the one in backup.knownHosts");
    expect(stranger.code).toBe(1);
});

test("a repository on restic's own REST server, whose password stands nowhere on the screen", async () => {
    const rest = use(await RestServer.start());
    await configured(rest.repository("images"), [`ca: ${rest.ca}`]);
    const made = await clone.run("backup", ["--verify"]);
    expect(made.stdout).toMatch(/; all whole\.\n$/);
    const { password } = rest;
    await rest.rekey();
    const refused = await clone.run("backup");
    expect(refused.screen).toContain("refuses the login");
    expect(made.screen + refused.screen).not.toContain(password);
});

describe("a bare machine", () => {
    let before: Record<string, string>;
    let second: Clone;
    /** ID of a backup that has the passphrase in it; the newest one does not. */
    let escrowed: string;
    let passphrase: string;

    beforeAll(async () => {
        await configured();
        await answers();
        escrowed = result(await clone.must("backup", ["--verify", "--json"])).snapshot;
        before = await contents(client);
        await configured(deployment.repository, ["escrow: false"]);
        await clone.must("backup");
        passphrase = readFileSync(
            join(clone.env.XDG_CONFIG_HOME ?? "", "private-registry", "passphrase"),
            "utf8",
        );
        await deployment.lose();
        // The first machine is gone with all that it knew.
        renameSync(clone.root, `${clone.root}-gone`);
        second = new Clone(deployment, "second");
        rmSync(second.configuration, { force: true });
    });
    const from = (...more: string[]) => ["--from", deployment.repository, ...more];
    const PASSWORD = { RESTIC_PASSWORD: REPOSITORY_PASSWORD };

    test("what lacks is told before anything is touched", async () => {
        const unnamed = await second.run("restore");
        expect(unnamed.screen).toContain("name the repository of its backups: npm run restore");
        const untold = await second.run("restore", from());
        expect(untold.screen).toContain("there is no terminal to type it in: give it in RESTIC_PASSWORD");
        const wrong = await second.run("restore", from("--yes"), { RESTIC_PASSWORD: "wrong" });
        expect(wrong.screen).toContain("The password is not the one of the repository");
        const nowhere = await second.run(
            "restore",
            ["--from", join(deployment.folder, "nowhere"), "--yes"],
            PASSWORD,
        );
        expect(nowhere.screen).toContain("There is no restic repository in");
        const other = await second.run("restore", from("--yes"), {
            ...PASSWORD,
            PULUMI_CONFIG_PASSPHRASE: "wrong",
        });
        expect(other.screen).toContain("is not the one of the secrets in this backup; nothing was changed");
        const alone = await second.run("restore", from("--yes"), PASSWORD);
        expect(alone.screen).toContain("give it in PULUMI_CONFIG_PASSPHRASE");
        const [given, dry] = [["--dry-run", "--snapshot", escrowed], /Comes back: \d+ tags/];
        expect(await second.must("restore", from(...given), PASSWORD)).toMatch(dry);
        for (const { code } of [unnamed, untold, wrong, nowhere, other, alone]) expect(code).toBe(1);
        expect(await objectsOf(deployment.prefix)).toEqual([]);
    });

    test("two secrets are typed in, which no screen shows", async () => {
        const { code, screen } = await second.typed("restore", from("--dry-run"), [
            [/Password of the repository \S+: $/, REPOSITORY_PASSWORD],
            [/Passphrase of the secrets of stack \S+: $/, "wrong"],
            [/That is not the one\.\s+Passphrase of the secrets of stack \S+: $/, passphrase],
        ]);
        expect(screen).toMatch(/Comes back: \d+ tags/);
        expect(screen).toContain("Nothing was changed.");
        for (const secret of [REPOSITORY_PASSWORD, passphrase]) expect(screen).not.toContain(secret);
        expect(code).toBe(0);
        expect(await objectsOf(deployment.prefix)).toEqual([]);
    });

    test("killed anywhere and run again: the same registry, with the same CA, users and images", async () => {
        const escrow = from("--yes", "--snapshot", escrowed);
        for (const delay of LONG ? [2_500, 4_500, 6_500, 9_000, 13_000] : [2_500, 6_500, 13_000]) {
            const running = second.start("restore", escrow, PASSWORD);
            await Promise.race([running.done, sleep(delay)]);
            running.process.kill("SIGKILL");
            await running.done;
        }
        const { code, screen } = await second.run("restore", escrow, PASSWORD);
        expect([code, screen]).toEqual([0, screen]);
        expect(readFileSync(join(second.root, "out", deployment.name, "ca.crt"), "utf8")).toBe(ca);
        await answers();
        expect(await contents(client)).toEqual(before);
        expect(screen).not.toContain(REPOSITORY_PASSWORD);
        const again = await second.must("up", ["--yes"]);
        expect(again).toMatch(/No changes|stayed as they were|Nothing/i);
        expect(result(await second.must("backup", ["--json", "--verify"])).verified?.tags).toBe(
            Object.keys(before).length,
        );
    }, 600_000);
});
