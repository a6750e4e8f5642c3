/** What the rotations change, tell and refuse. On the real thing: tests/e2e/keys.test.ts. */
import { keysOf } from "../../../config/keys";
import * as checks from "../../../ops/doctor/keys-checks";
import { Clients } from "../../../ops/rotate/clients";
import {
    caPlan,
    httpSecretPlan,
    isDeployed,
    isDone,
    passwordPlan,
    refuseForeignCertificate,
    secondsOf,
    siteKeyPlan,
    type Stage,
    stageOf,
} from "../../../ops/rotate/plan";
import { lineOf } from "../../../ops/shared/front-log";
import { KIT_AGENT } from "../../../ops/shared/registry-api";
import { issue } from "../components/certs";
import { accepted, refused } from "../config/base";

const NEXT = ["tls", "ownCa", "next"];
const GENERATION = ["tls", "ownCa", "generation"];

describe("the CA", () => {
    const plan = (tls: object, given: Parameters<typeof caPlan>[2] = {}) =>
        caPlan(accepted({ tls }), tls, given);

    test("goes through three steps, and back from the first two", () => {
        expect(plan({}).steps).toEqual([{ set: [...NEXT, "signs"], to: false }]);
        const one = { ownCa: { next: true } };
        expect(plan(one).steps).toEqual([{ set: [...NEXT, "signs"], to: true }]);
        expect(plan(one, { back: true }).steps).toEqual([{ remove: NEXT }]);
        const two = { ownCa: { generation: 3, next: { signs: true } } };
        expect(plan(two).steps).toEqual([{ remove: NEXT }, { set: GENERATION, to: 4 }]);
        expect(plan(two, { back: true }).steps).toEqual([{ set: [...NEXT, "signs"], to: false }]);
        expect(() => plan({}, { back: true })).toThrow("There is nothing to take back");
        expect([{}, one, two].map((tls) => stageOf(accepted({ tls })))).toEqual([0, 1, 2]);
    });

    test("a step that is named is done once", () => {
        expect([0, 1, 2].map((stage) => isDone(stage as Stage, String(stage + 1), false))).toEqual([
            false,
            false,
            false,
        ]);
        expect([isDone(1, "1", false), isDone(2, "1", false), isDone(0, "3", false)]).toEqual([
            true,
            true,
            true,
        ]);
        expect([isDone(2, "2", true), isDone(1, "2", true), isDone(0, "1", true)]).toEqual([
            false,
            true,
            true,
        ]);
        expect(() => isDone(0, "2", false)).toThrow("step 1 comes before it");
        expect(() => isDone(2, "1", true)).toThrow("step 2 comes before it");
        expect(() => isDone(0, "4", false)).toThrow('--step is "4"');
    });

    test("that is brought takes the place of one that was made, and the other way round", async () => {
        const { pem: cert, keyPem: key } = await issue("Mine", { ca: true });
        const given = { cert, key };
        expect(plan({}, { given }).steps).toEqual([
            { set: [...NEXT, "signs"], to: false },
            { set: [...NEXT, "cert"], to: cert },
            { set: [...NEXT, "key"], to: key, secret: true },
        ]);
        expect(() => plan({ ownCa: { next: {} } }, { given })).toThrow(
            "--cert and --key are for the first step",
        );
        const site = { validityDays: 1, earlyRenewalDays: 0 };
        expect(plan({ ownCa: { site, next: { ...given, signs: true } } }).steps).toEqual([
            { set: ["tls", "ownCa", "cert"], to: cert },
            { set: ["tls", "ownCa", "key"], to: key, secret: true },
            { remove: NEXT },
        ]);
        expect(plan({ ownCa: { site, ...given, next: { signs: true } } }).steps).toEqual([
            { remove: NEXT },
            { set: GENERATION, to: 2 },
            { remove: ["tls", "ownCa", "cert"] },
            { remove: ["tls", "ownCa", "key"] },
        ]);
    });

    test("whose half is missing is refused, and that of who brings the certificate", () => {
        const { mistakes } = refused({ tls: { ownCa: { next: { cert: "-----BEGIN CERTIFICATE-----" } } } });
        expect(mistakes).toMatchObject([{ path: "tls.ownCa.next.key", problem: "is not set, and cert is" }]);
        const off = accepted({ tls: false, front: false });
        expect(() => refuseForeignCertificate(off, "CA")).toThrow("tls is off: there is no CA");
    });
});

describe("passwords", () => {
    const now = new Date("2027-01-01T00:00:00.000Z");
    const plan = (config: object, name: string | undefined, overlap?: string) =>
        passwordPlan(accepted({ ...config }), name, overlap, now);

    test("get a generation, and a time for the one before", () => {
        expect(plan({}, "admin").steps).toEqual([
            { set: ["users", "admin", "generation"], to: 2 },
            { set: ["users", "admin", "previous"], to: "2027-01-08T00:00:00Z" },
        ]);
        const users = { admin: { generate: true, generation: 2, previous: "2027-01-05" } };
        const again = plan({ users }, "admin", "12h");
        expect(again.does.join()).toContain(
            "The one before that, taken until 2027-01-05, is refused from now on",
        );
        expect(again.steps).toContainEqual({ set: ["users", "admin", "generation"], to: 3 });
        expect(plan({ users }, "admin", "0").steps).toContainEqual({
            remove: ["users", "admin", "previous"],
        });
    });

    test.each([
        [{}, undefined, undefined, /No user is named; there are: admin/],
        [{}, "bob", undefined, /There is no user bob/],
        [
            { users: { admin: { password: "x" } } },
            "admin",
            undefined,
            /config set --secret --path users.admin.password$/,
        ],
        [
            { front: false },
            "admin",
            undefined,
            /Without the front .*: npm run rotate -- password admin --overlap 0$/,
        ],
        [{}, "admin", "1 week", /--overlap is "1 week"/],
    ])("%j, %s, %s is refused", (config, name, overlap, message) => {
        expect(() => plan(config, name, overlap)).toThrow(message);
    });

    test("without a front have one generation at a time", () => {
        expect(plan({ front: false }, "admin", "0").steps).toEqual([
            { set: ["users", "admin", "generation"], to: 2 },
        ]);
    });

    test.each([
        [{ generate: true, previous: "2027-01-01" }, /there was no generated password before/],
        [{ password: "x", generation: 2, previous: "2027-01-01" }, /the password is not a generated one/],
        [{ generate: true, generation: 2, previous: "tomorrow" }, /it must be a day such as/],
    ])("%j is refused", (admin, message) => {
        expect(
            refused({ users: { admin } })
                .mistakes.map(({ problem }) => problem)
                .join(),
        ).toMatch(message);
    });

    test("of before take the front", () => {
        const users = { admin: { generate: true, generation: 2, previous: "2999-01-01" } };
        expect(refused({ front: false, users }).message).toContain("which takes the front");
    });

    test("of before whose time is over mean nothing without a front", () => {
        const users = { admin: { generate: true, generation: 2, previous: "2026-01-01" } };
        expect(plan({ front: false, users }, "admin", "0").steps).toContainEqual({
            set: ["users", "admin", "generation"],
            to: 3,
        });
    });

    test.each([
        ["7d", 604_800],
        ["12h", 43_200],
        ["30m", 1_800],
        ["0", 0],
    ])("%s is %d seconds", (text, seconds) => expect(secondsOf(text)).toBe(seconds));
});

test("the site's key and the HTTP secret count on", () => {
    expect(siteKeyPlan(accepted({})).steps).toEqual([{ set: ["tls", "ownCa", "site", "generation"], to: 2 }]);
    expect(httpSecretPlan(accepted({ httpSecretGeneration: 4 })).steps).toEqual([
        { set: ["httpSecretGeneration"], to: 5 },
    ]);
});

test("what is asked for and what is deployed are compared without the ends of passwords, which come by themselves", () => {
    expect(keysOf(accepted({}))).toBeUndefined();
    const past = { admin: { generate: true, generation: 2, previous: "2020-01-01" } };
    const keys = keysOf(
        accepted({
            users: past,
            httpSecretGeneration: 2,
            tls: { ownCa: { site: { generation: 3 }, next: true } },
        }),
    );
    expect(keys).toEqual({
        next: "trusted",
        site: 3,
        httpSecret: 2,
        passwords: { admin: { generation: 2 } },
    });
    const future = { ...keys, passwords: { admin: { generation: 2, previous: "2999-01-01" } } };
    expect(isDeployed(keys, future)).toBe(true);
    expect(isDeployed(undefined, undefined)).toBe(true);
    expect(isDeployed(keys, { ...keys, next: "signs" })).toBe(false);
    expect(isDeployed(keys, undefined)).toBe(false);
});

describe("the log of the front", () => {
    const seenIn = (log: string, ...of: ConstructorParameters<typeof Clients>) => {
        const clients = new Clients(...of);
        for (const one of log.split("\n").map(lineOf)) if (one !== undefined) clients.take(one);
        return clients.seen();
    };
    const line = (over: object) =>
        JSON.stringify({
            ...{ time: "2026-11-26T10:00:00+00:00", client: "192.0.2.1", path: "/v2/", status: 200 },
            ...{ agent: "docker/27.1.1 go/go1.22", ...over },
        });

    test("tells who there is and who came under the new CA", () => {
        const log = [
            line({}),
            line({ time: "2026-11-27T10:00:00+00:00", ca: "0a0b0c0d" }),
            line({ client: "192.0.2.2", ca: "ffffffff" }),
            line({ client: "192.0.2.2", agent: "containers/5.24 (skopeo)", status: 401, ca: "0a0b0c0d" }),
            // Neither looked at a certificate.
            line({ client: "192.0.2.3", status: 400 }),
            line({ client: "192.0.2.6", status: 308, ca: "" }),
            line({ client: "192.0.2.3", path: "/client.sh", ca: "0a0b0c0d" }),
            line({ client: "192.0.2.4", path: "/client.sh", time: "2026-11-20T10:00:00+00:00" }),
            line({ client: "192.0.2.5", agent: KIT_AGENT }),
            '{"time":"2026-11-26T10',
            "nginx: a warning",
        ].join("\n");
        const made = Date.parse("2026-11-25T00:00:00Z") / 1000;
        const { clients, installed, since } = seenIn(log, "0a0b0c0d", made);
        expect(clients.map(({ client, agent, followed }) => `${client} ${agent} ${followed}`)).toEqual([
            "192.0.2.2 docker false",
            "192.0.2.1 docker true",
            "192.0.2.2 containers true",
        ]);
        expect(installed).toBe(1);
        expect(since).toBe(Date.parse("2026-11-20T10:00:00Z") / 1000);
        expect(seenIn("", undefined)).toEqual({ since: undefined, clients: [], installed: 0 });
    });
});

describe("the doctor", () => {
    test("tells of a rotation that stands for long, and of a client that has one CA of two", async () => {
        const [one, two] = [await issue("One", { ca: true }), await issue("Two", { ca: true })];
        const both = one.pem + two.pem;
        const later = (days: number) => new Date(Date.now() + days * 86_400_000);
        expect(checks.checkRotation(undefined, one.pem, later(0))).toBeUndefined();
        expect(checks.checkRotation({ next: "signs" }, both, later(1))).toMatchObject({ level: "ok" });
        expect(checks.checkRotation({ next: "trusted" }, both, later(100))).toMatchObject({
            level: "warning",
            fix: "npm run rotate-ca",
        });
        expect(checks.checkBothTrusted("docker", [one.pem], one.pem)).toBeUndefined();
        expect(checks.checkBothTrusted("docker", [both], both)).toBeUndefined();
        expect(checks.checkBothTrusted("docker", [one.pem], both)).toMatchObject({
            fix: "npm run client -- --for docker --apply",
        });
    });

    test("tells of a password of before whose time is over", () => {
        const keys = { passwords: { ci: { generation: 2, previous: "2027-01-31" }, bob: { generation: 3 } } };
        const at = (text: string) => checks.checkFormerPasswords(keys, new Date(text));
        expect(at("2027-01-31T12:00:00Z")).toMatchObject({ level: "ok" });
        expect(at("2027-02-01T12:00:00Z")).toMatchObject({ level: "warning", fix: "npm run up" });
        expect(
            checks.checkFormerPasswords({ passwords: { bob: { generation: 2 } } }, new Date()),
        ).toBeUndefined();
    });
});
