/** Jobs of `sync` that cannot be, each with what mends it. */
import { accepted, mistakeIn } from "./base";

const job = (one: object, more: object = {}) => ({ sync: { jobs: { a: one }, ...more } });

test("a job needs no more than what is copied", () => {
    expect(accepted(job({ from: "docker.io/library/alpine:3" })).sync.jobs).toEqual({
        a: { from: "docker.io/library/alpine:3", to: "*" },
    });
});

test.each<[object, string, string]>([
    [
        { from: "docker.io/*" },
        "Docker Hub gives no list of its repositories",
        "sync.jobs.a.from docker.io/library/alpine",
    ],
    [
        { from: "quay.io/*", to: "mirror" },
        "several repositories do not go into one",
        "sync.jobs.a.to 'mirror/*'",
    ],
    [{ from: "quay.io/a/b", to: "c:1" }, "is a whole repository", "sync.jobs.a.to c"],
    [{ from: `quay.io/a/b@sha256:${"a".repeat(64)}`, to: "c" }, "is a digest alone", "sync.jobs.a.to c:1"],
    [
        { from: "quay.io/a/b:1", to: `c@sha256:${"a".repeat(64)}` },
        "a digest follows",
        "config rm --path sync.jobs.a.to",
    ],
    [
        { from: "quay.io/a/b:1", tags: ["v*"] },
        "sync.jobs.a.from is one image",
        "config rm --path sync.jobs.a.tags",
    ],
    [
        { from: "quay.io/a/b", repositories: ["a/*"] },
        "has no star",
        "config rm --path sync.jobs.a.repositories",
    ],
    [{ from: "team/*" }, "where it is already", "sync.jobs.a.to 'registry.example.com/*'"],
    [
        { from: "docker.example.com/team/app:1" },
        "where it is already",
        "sync.jobs.a.to 'registry.example.com/*'",
    ],
    [{ from: "localhost:5000/app" }, "is the job's own container", "sync.jobs.a.from 192.0.2.10:5000/app"],
])("%j", (one, problem, fix) => {
    const mistake = mistakeIn(job(one));
    expect(mistake.problem).toContain(problem);
    expect(mistake.fix).toContain(fix);
});

test.each<[object, string, string]>([
    [
        { "quay.io": { username: "robot" } },
        "is not set, and username is",
        "--secret --path 'sync.registries[\"quay.io\"].password'",
    ],
    [{ "quay.io": { password: "hunter2" } }, "is not set, and password is", ".username' robot"],
    [
        { "quay.io": { plainHttp: true, ca: "-----BEGIN CERTIFICATE-----\n" } },
        "plain HTTP shows no certificate",
        "config rm",
    ],
    [{ "https://quay.io": {} }, "must be an object of hosts", ""],
])("a registry %j", (registries, problem, fix) => {
    const mistake = mistakeIn({ sync: { registries } });
    expect(mistake.problem).toContain(problem);
    expect(mistake.fix).toContain(fix);
    expect(`${mistake.problem}${mistake.fix}`).not.toContain("hunter2");
});

const HASH = `$2y$10$${"a".repeat(53)}`;
const users = (one: object) => ({ users: { ci: one } });
const INTO = { from: "quay.io/a/b:1" };
const OUT = { from: "team/app", to: "quay.io/*" };

test.each<[object, object, string, string]>([
    [users({ bcryptHash: HASH }), job(INTO), "no user may push everywhere", "users.sync.generate true"],
    [
        users({ password: "a long password", role: "pull" }),
        job(INTO),
        "no user may push everywhere",
        "users.sync.generate true",
    ],
    [
        { ...users({ password: "a long password", role: "metrics" }), metrics: {} },
        job(OUT),
        "no user may read everywhere",
        "users.sync.generate true",
    ],
    [
        { ...users({ password: "a long password", role: "metrics" }), metrics: {} },
        job(OUT, { user: "ci" }),
        "whose role is metrics, and there are copies from this registry",
        "users.sync.generate true",
    ],
    [
        users({ password: "a long password" }),
        job(INTO, { user: "robot" }),
        "who is not among users",
        "sync.user ci",
    ],
    [users({ bcryptHash: HASH }), job(INTO, { user: "ci" }), "a hash alone", "users.sync.generate true"],
    [
        users({ password: "a long password", repositories: ["team/*"] }),
        job(INTO, { user: "ci" }),
        "may not use a/b",
        "users.sync.generate true",
    ],
    [{ auth: false, users: {} }, job(INTO, { user: "ci" }), "there is no user", "config rm --path sync.user"],
])("a user: %j %j", (grounds, sync, problem, fix) => {
    const mistake = mistakeIn({ ...grounds, ...sync });
    expect(mistake.path).toBe("sync.user");
    expect(mistake.problem).toContain(problem);
    expect(mistake.fix).toContain(fix);
});

test("a host without Docker copies nothing", () => {
    expect(mistakeIn({ target: "systemd", ...job(INTO) })).toMatchObject({
        path: "sync.jobs",
        fix: "pulumi config rm --path sync.jobs",
    });
});

test.each([
    [users({ password: "a long password", role: "pull" }), job(OUT)],
    [users({ password: "a long password", repositories: ["a/*"] }), job(INTO, { user: "ci" })],
    [
        users({ password: "a long password", repositories: ["team/*"] }),
        job({ from: "team/app/*", to: "quay.io/*" }, { user: "ci" }),
    ],
    [users({ bcryptHash: HASH }), {}],
    [{ auth: false, users: {} }, job(INTO)],
])("is right: %j %j", (grounds, sync) => {
    expect(() => accepted({ ...grounds, ...sync })).not.toThrow();
});
