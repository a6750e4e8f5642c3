/** What is read of the registry's answers, of its storage and of the front's log. */
import { remoteOf } from "../../../../components/storage/rclone";
import { type Answer, answersIn } from "../../../../ops/retain/answers";
import { readListing, readObjects } from "../../../../ops/retain/listing";
import { namesIn } from "../../../../ops/retain/named";
import { lastPull, noPulls, takePull } from "../../../../ops/retain/pulls";
import { lineOf } from "../../../../ops/shared/front-log";

const pullsIn = (log: string) => {
    const pulls = noPulls();
    for (const line of log.split("\n").map(lineOf)) if (line !== undefined) takePull(pulls, line);
    return pulls;
};

describe("answers one after the other", () => {
    const bytes = (...lines: string[]) => Buffer.from(lines.join("\r\n"));

    test("with a length, in chunks, and without a body", () => {
        const found = answersIn(
            bytes(
                "HTTP/1.1 200 OK",
                "Content-Length: 5",
                "Docker-Content-Digest: sha256:a:b",
                "",
                "\r\n\r\nxHTTP/1.1 200 OK",
                "transfer-encoding: chunked",
                "",
                "5",
                "a\r\n\r\n",
                "2",
                "bc",
                "0",
                "",
                "HTTP/1.1 202 Accepted",
                "Content-Length: 0",
                "",
                "",
            ),
        );
        expect(found.map(({ status, body }: Answer) => [status, body.toString()])).toEqual([
            [200, "\r\n\r\nx"],
            [200, "a\r\n\r\nbc"],
            [202, ""],
        ]);
        expect(found[0]?.headers["docker-content-digest"]).toBe("sha256:a:b");
    });

    test.each([
        ["a header", "HTTP/1.1 200 OK\r\nContent-Le"],
        ["a body", "HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nabc"],
        ["a chunk", "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nab"],
    ])("%s that is cut short is no answer", (_what, text) =>
        expect(() => answersIn(Buffer.from(text))).toThrow("cut short"),
    );

    test("what is no HTTP is told", () =>
        expect(() => answersIn(Buffer.from("sh: nc: not found\r\n\r\n"))).toThrow(
            "no HTTP: sh: nc: not found",
        ));
});

describe("the storage", () => {
    const hex = "a".repeat(64);

    test("files: tags, manifests, uploads of the last hour, and repositories in which nothing is", () => {
        const found = readListing(
            [
                "now 10000",
                "folder team/app/_manifests",
                "folder team/empty/_manifests",
                `9000 team/app/_manifests/revisions/sha256/${hex}/link`,
                "8000 team/app/_manifests/tags/v1/current/link",
                "9990 team/app/_uploads/one/data",
                "9991 team/app/_uploads/one/hashstates/sha256/0",
                "100 team/app/_uploads/old/startedat",
                "9990 team/new/_uploads/two/startedat",
                "== end",
                "",
            ].join("\n"),
        );
        expect([...found]).toEqual([
            [
                "team/app",
                { tags: new Map([["v1", 8000]]), revisions: new Set([`sha256:${hex}`]), uploads: 1 },
            ],
            ["team/new", { tags: new Map(), revisions: new Set(), uploads: 1 }],
            ["team/empty", { tags: new Map(), revisions: new Set(), uploads: 0 }],
        ]);
        expect(readListing("== end\n").size).toBe(0);
        expect(() => readListing("now 10000\n8000 team/app/_manif")).toThrow("cut short");
    });

    test("objects", () => {
        const object = (Path: string, ModTime: string) => ({ Path, ModTime });
        const found = readObjects(
            JSON.stringify([
                object("a/_manifests/tags/v1/current/link", "2027-01-15T08:00:00.25Z"),
                object(`a/_manifests/revisions/sha512/${hex}${hex}/link`, "2027-01-15T09:00:00+01:00"),
            ]),
            0,
        );
        expect(found.get("a")).toEqual({
            tags: new Map([["v1", 1_800_000_000.25]]),
            revisions: new Set([`sha512:${hex}${hex}`]),
            uploads: 0,
        });
        expect(readObjects("", 0).size).toBe(0);
    });

    test.each<[string, object, string, string]>([
        [
            "S3 of another maker",
            {
                s3: {
                    ...{ region: "us-east-1", bucket: "images", regionendpoint: "https://s3.example.com" },
                    ...{ forcepathstyle: true, accesskey: "KEY", secretkey: "SECRET", rootdirectory: "/a/b" },
                },
            },
            "type = s3|provider = Other|env_auth = false|access_key_id = KEY|secret_access_key = SECRET|region = us-east-1|endpoint = https://s3.example.com|force_path_style = true",
            "store:images/a/b",
        ],
        [
            "Amazon's S3 by the role of the machine",
            { s3: { region: "eu-central-1", bucket: "images" } },
            "type = s3|provider = AWS|env_auth = true|region = eu-central-1|force_path_style = false",
            "store:images",
        ],
        [
            "Azure by the shared key",
            { azure: { accountname: "account", accountkey: "KEY", container: "images" } },
            "type = azureblob|account = account|key = KEY",
            "store:images",
        ],
        [
            "Azure by a service principal",
            {
                azure: {
                    accountname: "account",
                    container: "images",
                    credentials: { type: "client_secret", tenantid: "T", clientid: "C", secret: "S" },
                },
            },
            "type = azureblob|account = account|tenant = T|client_id = C|client_secret = S",
            "store:images",
        ],
        [
            "Azure in another cloud",
            { azure: { accountname: "a", accountkey: "K", container: "c", realm: "core.chinacloudapi.cn" } },
            "type = azureblob|account = a|key = K|endpoint = blob.core.chinacloudapi.cn",
            "store:c",
        ],
        [
            "Azure behind a URL",
            {
                azure: {
                    accountname: "a",
                    accountkey: "K",
                    container: "c",
                    serviceurl: "https://a.blob.example.com:8443/",
                },
            },
            "type = azureblob|account = a|key = K|endpoint = blob.example.com:8443",
            "store:c",
        ],
        [
            "Google by a key file",
            { gcs: { bucket: "images", keyfile: "/etc/distribution/gcs.json", rootdirectory: "r" } },
            "type = google cloud storage|service_account_file = /etc/distribution/gcs.json",
            "store:images/r",
        ],
    ])("rclone.conf: %s", (_what, storage, lines, root) => {
        const remote = remoteOf({ ...storage, delete: { enabled: true } });
        expect(remote?.conf).toBe(["[store]", ...lines.split("|"), ""].join("\n"));
        expect(remote?.root).toBe(root);
    });

    test("rclone.conf: what is written is encrypted as the registry's own", () => {
        const s3 = { bucket: "b", region: "r", encrypt: true, storageclass: "STANDARD_IA" };
        expect(remoteOf({ s3 })?.conf).toContain(
            "server_side_encryption = AES256\nstorage_class = STANDARD_IA\n",
        );
        expect(remoteOf({ s3: { ...s3, keyid: "k" } })?.conf).toContain(
            "server_side_encryption = aws:kms\nsse_kms_key_id = k\n",
        );
    });

    test.each(["http://a.blob.example.com", "https://other.example.com", "https://a.example.com/path"])(
        "rclone does not reach Azure at %s, and that is told",
        (serviceurl) =>
            expect(() =>
                remoteOf({ azure: { accountname: "a", accountkey: "K", container: "c", serviceurl } }),
            ).toThrow("rclone, which reads the store for this command, reaches https://a.HOST alone"),
    );

    test("files need no rclone", () =>
        expect(remoteOf({ filesystem: { rootdirectory: "/x" } })).toBeUndefined());
});

describe("the front's log", () => {
    const line = (time: string, path: string, more: object = {}) =>
        JSON.stringify({
            ...{ time, method: "GET", path, repository: "team/app", status: 200, agent: "docker/20" },
            ...more,
        });
    const log = [
        '"GET","path":"/v2/team/app/manifests/cut"}',
        line("2027-01-15T07:00:00+00:00", "/v2/", { repository: "" }),
        line("2027-01-15T08:00:00+00:00", "/v2/team/app/manifests/v1"),
        line("2027-01-15T09:00:00+00:00", "/v2/team/app/manifests/sha256:aa", { method: "HEAD" }),
        line("2027-01-15T10:00:00+00:00", "/v2/team/app/manifests/v2", { method: "PUT", status: 201 }),
        line("2027-01-15T10:00:00+00:00", "/v2/team/app/manifests/v3", { status: 404 }),
        line("2027-01-15T10:00:00+00:00", "/v2/team/app/manifests/v4", { agent: "private-registry" }),
        line("2027-01-15T10:00:00+00:00", "/v2/team/app/manifests/v5", { status: 308, action: "other" }),
        line("2027-01-15T10:00:00+00:00", "/v2/team/app/manifests/v6", { site: "app.example.com" }),
        line("2027-01-15T10:00:00+00:00", "/v2/team/app/blobs/sha256:bb"),
        "2027/01/15 10:00:00 [warn] 7#7: a word of nginx",
        "",
    ].join("\n");

    test("the last pull of a tag, by its name or by what it reaches; pushes, refusals and the kit's own are none", () => {
        const pulls = pullsIn(log);
        const eight = 1_800_000_000;
        expect(pulls.since).toBe(eight - 3_600);
        expect(lastPull(pulls, "team/app", "v1", [])).toBe(eight);
        expect(lastPull(pulls, "team/app", "v1", ["sha256:aa"])).toBe(eight + 3_600);
        expect(lastPull(pulls, "team/app", "other", ["sha256:aa"])).toBe(eight + 3_600);
        for (const tag of ["v2", "v3", "v4", "v5", "v6", "cut"])
            expect(lastPull(pulls, "team/app", tag, [])).toBeUndefined();
        expect(lastPull(pulls, "team/other", "v1", ["sha256:aa"])).toBeUndefined();
    });

    test("no log is known as none", () => expect(pullsIn("").since).toBeUndefined());
});

test.each([
    ["app", { repository: "app" }],
    ["team/app:v1.0_2-x", { repository: "team/app", tag: "v1.0_2-x" }],
    [`team/app@sha256:${"a".repeat(64)}`, { repository: "team/app", digest: `sha256:${"a".repeat(64)}` }],
])("%s is a name", (text, expected) => expect(namesIn([text])).toEqual([expect.objectContaining(expected)]));

test.each([
    "",
    "Team/app",
    "team/app:",
    "team/app@sha256:abc",
    "localhost:5000/team/app:v1",
    "team/app:v 1",
    "team app",
])("%j is none", (text) => expect(() => namesIn([text])).toThrow("is no name"));
