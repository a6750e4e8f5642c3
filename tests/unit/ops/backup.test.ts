/** The pure parts of backup and restore. */
import { opens } from "../../../ops/backup/machine";
import { tell, type Told } from "../../../ops/backup/job";
import { isIdle, planLines, planOf } from "../../../ops/backup/plan";
import { progressText } from "../../../ops/backup/progress";
import {
    isLocked,
    isNone,
    problemOf,
    type Repository,
    resticOptions,
    secretFiles,
    sshTarget,
} from "../../../ops/backup/repository";
import { backupScript } from "../../../ops/backup/scripts";

const FOLDER: Repository = { repository: "/srv/backup", password: "p'w", environment: {} };
const SFTP: Repository = {
    ...FOLDER,
    repository: "sftp:backup@192.0.2.7:/srv",
    sshKey: "KEY",
    knownHosts: "192.0.2.7 ssh-ed25519 AAAA",
};

const toldOf = (...lines: string[]): Told => {
    const told: Told = { json: [], lines: [], said: "" };
    for (const line of lines) tell(told, line);
    return told;
};

describe("the repository", () => {
    test("its password stands in a file alone, and a quote in a variable is no way out of it", () => {
        const files = secretFiles({ ...FOLDER, environment: { AWS_SECRET_ACCESS_KEY: "a'; rm -rf /; '" } });
        expect(files.password).toBe("p'w");
        expect(files.environment).toBe(
            "export AWS_SECRET_ACCESS_KEY='a'\\''; rm -rf /; '\\'''\nexport RESTIC_REPOSITORY='/repository'\n",
        );
        const script = backupScript({
            ...{ host: "h", tags: ["a", "id"], keep: { daily: 7, weekly: 0, monthly: 1 } },
            ...{ dryRun: false, mend: false },
        });
        expect(script).not.toContain("p'w");
        expect(script).toContain("'--keep-daily' '7' '--keep-monthly' '1'");
        expect(script).not.toContain("--keep-weekly");
        expect(resticOptions(FOLDER)).toEqual(["--no-cache"]);
    });

    test("a server behind ssh is known by its key, and reached by the one that was given", () => {
        expect(sshTarget("sftp://u@host:2222//srv/x")).toEqual(["-p", "2222", "u@host"]);
        expect(sshTarget("sftp:u@host:srv/x")).toEqual(["u@host"]);
        const command = resticOptions(SFTP).at(-1);
        expect(command).toContain("StrictHostKeyChecking=yes");
        expect(command).toMatch(/^sftp\.command=ssh .* backup@192\.0\.2\.7 -s sftp$/);
        expect(secretFiles(SFTP)).toMatchObject({ key: "KEY\n", hosts: "192.0.2.7 ssh-ed25519 AAAA\n" });
    });

    test.each([
        ["Fatal: wrong password or no key found", /password is not the one/],
        ["Fatal: unable to save snapshot: write /repository/tmp: no space left on device", /no space left/],
        [
            "Fatal: unable to open repository at rest:…: dial tcp 192.0.2.7:8000: connect: connection refused",
            /cannot be reached/,
        ],
        ["ssh: Permission denied (publickey).", /refuses the login/],
        [
            "Fatal: unable to start the sftp session, error: read |0: file already closed",
            /is not the one in backup.knownHosts \(ssh-keyscan\), does not take/,
        ],
        [
            "ssh: connect to host a port 22: Connection refused\nFatal: unable to start the sftp session, error: EOF",
            /cannot be reached/,
        ],
        ["Host key verification failed.", /not the one in backup\.knownHosts/],
        ["error: load <index/81>: invalid data returned", /is damaged.*--mend/],
        ["pack 3f2a: does not exist\nFatal: repository contains errors", /is damaged/],
        ["mkdir /repository/data: permission denied", /cannot be written to/],
        ["Fatal: something new", /^restic failed on the repository \/srv\/backup: something new\.$/],
    ])("%s: one sentence", (said, sentence) => {
        const text = problemOf(FOLDER, said);
        expect(text).toMatch(sentence);
        expect(text).not.toContain("\n");
    });

    test("a password in its URL is not shown", () => {
        const at = { ...FOLDER, repository: "rest:https://user:hunter2@host/x" };
        expect(problemOf(at, "Fatal: rest:https://user:hunter2@host/x is odd")).not.toContain("hunter2");
    });

    test("what is not there, and what is locked, is told from all else", () => {
        expect(
            isNone(
                "Fatal: unable to open config file: stat /repository/config: no such file or directory\nIs there a repository at the following location?\n/repository",
            ),
        ).toBe(true);
        expect(isNone("Fatal: wrong password or no key found")).toBe(false);
        expect(
            isLocked(
                "Fatal: unable to create lock in backend: repository is already locked exclusively by PID 9",
            ),
        ).toBe(true);
    });
});

test("progress has sizes, rate and the time left", () => {
    const status = { message_type: "status", bytes_done: 500_000_000, total_bytes: 2_000_000_000 };
    expect(progressText(JSON.stringify(status), 5)).toBe("500.0 MB of 2.0 GB, 100.0 MB/s, 15 s left");
    expect(progressText('{"message_type":"summary"}', 5)).toBeUndefined();
    expect(progressText('{"message_type":"status","total_fi', 5)).toBeUndefined();
});

test("errors that restic tells as JSON count as said, and its status does not", () => {
    const told = toldOf(
        '{"message_type":"status","percent_done":0.5}',
        '{"message_type":"error","error":{"message":"open /x: input/output error"},"during":"archival"}',
        '{"message_type":"exit_error","code":12,"message":"Fatal: wrong password or no key found"}',
        "@tags 7",
    );
    expect(told.said).toBe("open /x: input/output error\nFatal: wrong password or no key found\n");
    expect(told.lines).toEqual([["tags", "7"]]);
});

describe("the plan of a restore", () => {
    const base64 = (text: string) => Buffer.from(text).toString("base64");
    const manifest = { stack: "dev", time: "2026-11-26T17:17:40.000Z" };
    const plan = planOf(
        toldOf(
            `@private backup.json ${base64(JSON.stringify(manifest))}`,
            `@private state.json ${base64("{}")}`,
            "@tag gone ./team/app/_manifests/tags/v0 sha256:aa 0 - 0",
            "@tag same ./team/app/_manifests/tags/v1 sha256:bb 0 - 0",
            "@tag other ./team/app/_manifests/tags/v2 sha256:cc 1764000000 sha256:dd 1764003600",
            "@blobs 31 2000000 3 200400",
        ),
    );
    test("tells what comes back, and what is newer in the registry", () => {
        expect(planLines(plan, false)).toEqual([
            "Of 2026-11-26 17:17 UTC, stack dev: 3 tags, 31 blobs, 2.0 MB.",
            "Comes back: 1 tag",
            "  team/app:v0",
            "Comes back: 3 blobs, 200.4 kB",
            "There already: 1 tag",
            "Another image in the registry, which stays: 1 tag",
            "  team/app:v2: newer, of 2025-11-24 17:00; in the backup of 2025-11-24 16:00",
        ]);
        expect(planLines(plan, true).at(-2)).toBe(
            "Another image in the registry, which goes back to the backup's: 1 tag",
        );
        expect(plan.passphrase).toBeUndefined();
    });
    test("there is nothing to do where all is there, or newer and to stay", () => {
        const idle = {
            ...plan,
            tags: plan.tags.filter(({ state }) => state !== "gone"),
            blobs: { ...plan.blobs, missing: 0 },
        };
        expect([isIdle(plan, false), isIdle(idle, false), isIdle(idle, true)]).toEqual([false, true, false]);
    });
    test("a snapshot of something else is refused", () => {
        expect(() => planOf(toldOf("@blobs 0 0 0 0"))).toThrow("no backup of the kit's");
    });
});

test("a passphrase is known by the salt that Pulumi wrote", () => {
    // Of a stack that was made for this test and is gone.
    const salt = "v1:5VtR6z9JmzA=:v1:U9F5hnfMmdinQga5:dsyBKHl0i4Qij9a9bxUqyLnm+yVOtw==";
    expect(opens(salt, "FpcB18N3UKAouTu1_QMTshkYOnq1x17felLZpYh6i_k")).toBe(true);
    expect(opens(salt, "FpcB18N3UKAouTu1_QMTshkYOnq1x17felLZpYh6i_K")).toBe(false);
    expect(opens("v1:nonsense", "x")).toBe(false);
});
