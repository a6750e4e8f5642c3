/** Every check of the doctor, well and ill. */
import { clientPlan } from "../../../clients/plan";
import { clientSetup } from "../../../clients/setup";
import { X509Certificate } from "node:crypto";

import { exitCode, failure, type Finding, findingLine, ok, warning } from "../../../ops/doctor/finding";
import * as host from "../../../ops/doctor/machine-checks";
import { readDeployed } from "../../../ops/doctor/state";
import * as tls from "../../../ops/doctor/tls-checks";
import type { Listed } from "../../../ops/facts/published";
import { nextPage } from "../../../ops/shared/registry-api";
import { issue } from "../components/certs";

const LABEL = "owner";
const container = (over: Partial<Listed> = {}): Listed => ({
    Names: ["/r"],
    State: "running",
    Status: "Up 2 minutes (healthy)",
    Labels: { [LABEL]: "mine" },
    Ports: [{ IP: "0.0.0.0", PublicPort: 443, Type: "tcp" }],
    ...over,
});
const space = (free: number) => host.checkDisk({ free, total: 100e9 }, "/data");
const port = (some: Listed[], answers: boolean) =>
    host.checkPort(some, ({ Labels }) => Labels[LABEL] === "mine", 443, answers);
const state = (some: Listed[], services = ["r"]) => host.checkContainer(some, services);
const cache = (over: Partial<Listed>) => host.checkCache([container(over)], "r");
const localhost = (name: string) => host.checkLan(["192.0.2.1"], "0.0.0.0", name);
const name = (...resolved: string[]) => tls.checkName("r.test", resolved, ["192.0.2.1"]);

const cases: [string, Finding["level"], Finding, string][] = [
    ["engine", "ok", host.checkEngine(undefined, "unix:///s", "20.10.24+dfsg1"), "20.10.24"],
    ["engine silent", "failure", host.checkEngine("ENOENT", "unix:///s", undefined), "start Docker"],
    ["engine old", "warning", host.checkEngine(undefined, "unix:///s", "19.3.1"), "upgrade"],
    ["ip_forward on", "ok", host.checkForwarding("1\n"), "is 1"],
    ["mirror that works", "ok", host.checkMirror("https://quay.io", undefined), "reaches https://quay.io"],
    ["mirror that does not", "warning", host.checkMirror("https://quay.io", "no such host"), "no such host"],
    ["ip_forward off", "failure", host.checkForwarding("0\n"), "sysctl -w net.ipv4.ip_forward=1"],
    ["ip_forward elsewhere", "ok", host.checkForwarding(undefined), "not looked at"],
    ["container", "ok", state([container()]), "r: running"],
    [
        "writer, which ended",
        "ok",
        state([container(), container({ Names: ["/r-config"], State: "exited" })]),
        "r: running",
    ],
    ["no container", "failure", state([]), "r is not there → pulumi up --refresh"],
    [
        "one of two containers",
        "failure",
        state([container({ Names: ["/a"] })], ["a", "b"]),
        "b is not there → pulumi",
    ],
    ["cache", "ok", cache({}), "r: running"],
    ["cache stopped", "warning", cache({ State: "exited" }), "r is exited; the registry goes on without it"],
    ["cache ill", "warning", cache({ Status: "Up (unhealthy)" }), "docker logs r"],
    ["nothing scheduled", "ok", host.checkSchedule({}), "nothing that ran by itself"],
    [
        "scheduled and failed",
        "warning",
        host.checkSchedule({
            up: { began: "a", ended: "2026-11-26T04:00:00Z", code: 0, log: "/up.log" },
            gc: { began: "a", ended: "2026-11-26T05:00:00Z", code: 1, log: "/gc.log", message: "disk full" },
            doctor: { began: "a", ended: "b", code: 2, log: "/doctor.log", message: "itself" },
        }),
        "npm run gc at 2026-11-26T05:00:00Z: disk full",
    ],
    ["no collection", "ok", host.checkCollection({ state: "none" }), "none at work"],
    ["collection mended", "ok", host.checkCollection({ state: "mended" }), "has been mended"],
    [
        "collection at work",
        "warning",
        host.checkCollection({
            state: "at work",
            process: "host:7",
            what: "`npm run retain`",
            registry: "r",
        }),
        "`npm run retain` is at work (host:7)",
    ],
    [
        "collection that cannot be mended",
        "failure",
        host.checkCollection({ state: "unknown", problem: "r is ill" }),
        "r is ill → npm run gc -- --mend",
    ],
    ["collection without an Engine", "ok", host.checkCollection(undefined), "not looked at"],
    ["container stopped", "failure", state([container({ State: "exited" })]), "r is exited"],
    ["container ill", "failure", state([container({ Status: "Up (unhealthy)" })]), "docker logs r"],
    ["port", "ok", port([container()], true), "published by r"],
    ["port of another container", "failure", port([container({ Labels: {} })], true), "docker stop r"],
    ["port of a program", "failure", port([], true), "another program"],
    ["port closed", "failure", port([], false), "nothing listens"],
    ["port filtered", "failure", port([container()], false), "firewall"],
    ["LAN", "ok", host.checkLan(["192.0.2.1"], "0.0.0.0", "r.test"), "192.0.2.1 r.test"],
    ["LAN, one address", "ok", host.checkLan(["192.0.2.1"], "192.0.2.5", "r.test"), "192.0.2.5 r.test"],
    ["LAN, loopback", "warning", host.checkLan(["192.0.2.1"], "127.0.0.1", "r.test"), "bindAddress"],
    ["LAN, localhost", "ok", localhost("localhost"), "for others set a domain"],
    ["LAN, a name of localhost", "ok", localhost("a.localhost"), "for others set a domain"],
    ["LAN, a name that only looks so", "ok", localhost("mylocalhost"), "192.0.2.1 mylocalhost"],
    ["LAN, an address for a name", "ok", localhost("192.0.2.9"), "reach it at 192.0.2.1"],
    ["LAN, none", "warning", host.checkLan([], "0.0.0.0", "r.test"), "no address"],
    ["disk", "ok", space(50e9), "50.0 GB free"],
    ["disk low", "warning", space(5e9), "5 %"],
    ["disk full", "failure", space(1e8), "delete"],
    ["disk unknown", "warning", host.checkDisk(undefined, "/data"), "df -h"],
    ["image", "ok", host.checkVersion("v3.1.2"), "3.1.2"],
    ["image, the oldest allowed", "ok", host.checkVersion("3.1.1"), "3.1.1"],
    ["image old", "failure", host.checkVersion("2.8.3"), "config set image"],
    ["image just too old", "failure", host.checkVersion("v3.1.0"), "CVE-2026-41888"],
    ["image silent", "warning", host.checkVersion(undefined), "version"],
    ["plugins", "ok", host.checkPlugins("official", "installed"), "official"],
    ["name", "ok", name("192.0.2.1"), "leads to"],
    ["name on the machine itself", "ok", name("127.0.0.1"), "leads to"],
    ["name unknown", "warning", name(), "/etc/hosts: 192.0.2.1 r.test"],
    ["localhost", "ok", tls.checkName("localhost", [], ["192.0.2.1"]), "this machine itself"],
    ["name elsewhere", "failure", name("192.0.2.9"), "not to 192.0.2.1"],
    ["address for a name", "ok", tls.checkName("192.0.2.1", [], []), "no name is needed"],
];

test.each(cases)("%s: %s", (_, level, finding, words) => {
    expect(finding.level).toBe(level);
    expect(findingLine("check", finding)).toContain(words);
    if (level !== "ok") expect(finding.fix).toMatch(/\w/);
});

test("the state tells which containers have to run, and when the certificate is renewed", () => {
    const resource = (type: string, inputs: object, outputs = {}) => ({ type, inputs, outputs });
    const container = "docker:index/container:Container";
    const resources = [
        resource("pulumi:pulumi:Stack", {}),
        resource(container, { name: "r", restart: "unless-stopped" }),
        resource(container, { name: "r-config", restart: "no" }),
        resource("tls:index/locallySignedCert:LocallySignedCert", {}, { earlyRenewalHours: 48 }),
    ];
    expect(readDeployed({ deployment: { resources } })).toEqual({ services: ["r"], renewalDays: 2 });
    expect(readDeployed({ deployment: {} })).toEqual({ services: [], renewalDays: 30 });
});

test("certificates: the name, the end, the renewal", async () => {
    const DAY = 86_400_000;
    const now = new Date("2030-01-01T00:00:00Z");
    const at = (days: number) => new Date(now.getTime() + days * DAY);
    const { pem } = await issue("site", { names: ["r.test"], notBefore: at(-10), notAfter: at(60) });
    const certificate = new X509Certificate(pem);
    expect(tls.checkCertificateName(certificate, "r.test").level).toBe("ok");
    expect(tls.checkCertificateName(certificate, "other.test")).toMatchObject({
        level: "failure",
        text: expect.stringContaining("not for other.test") as string,
    });
    expect(tls.checkCertificateName(undefined, "r.test").level).toBe("failure");
    expect(tls.checkEnd(certificate, 30, now)).toMatchObject({ level: "ok" });
    expect(tls.checkEnd(certificate, 30, at(31)).level).toBe("warning");
    expect(tls.checkEnd(certificate, 30, at(62))).toMatchObject({ level: "failure" });
    expect(tls.checkEnd(certificate, 30, at(-20))).toMatchObject({ level: "failure" });
    expect(tls.checkEnd(undefined, 30, now).level).toBe("failure");
});

test("trust is asked with the CA that the client has", async () => {
    const asked: (string | undefined)[] = [];
    const shake = (problem?: string) => (ca: string | undefined) => {
        asked.push(ca);
        return Promise.resolve(problem);
    };
    expect((await tls.checkTrust("podman", false, undefined, shake("never"))).level).toBe("ok");
    expect(asked).toEqual([]);
    expect((await tls.checkTrust("docker", true, "PEM", shake())).level).toBe("ok");
    expect(await tls.checkTrust("docker", true, undefined, shake("SELF_SIGNED"))).toMatchObject({
        level: "warning",
        fix: "npm run client -- --for docker --apply",
    });
    expect(asked).toEqual(["PEM", undefined]);
});

test("an address as domain is given no hosts line", () => {
    for (const domain of ["192.0.2.9", "2001:db8::1"]) {
        expect(findingLine("LAN", localhost(domain))).not.toMatch(/hosts/);
        expect(findingLine("name", tls.checkName(domain, [], ["192.0.2.1"]))).not.toMatch(/hosts/);
        expect(clientSetup({ address: `${domain}:8443`, domain, tls: true })).not.toHaveProperty("hosts");
    }
    expect(clientSetup({ address: "localhost:8443", domain: "localhost", tls: false })).not.toHaveProperty(
        "hosts",
    );
    expect(clientSetup({ address: "r.test", domain: "r.test", tls: true }).hosts).toContain("r.test");
    const facts = { address: "192.0.2.9:8443", tls: true, caPem: "PEM", hostAddress: "192.0.2.9" };
    expect(clientPlan("docker", "linux", facts).changes.map(({ kind }) => kind)).toEqual(["file"]);
});

test("a client is looked for by its programs", () => {
    const linux = tls.knownClients("linux", "r.test:8443");
    expect(linux.map(({ name }) => name)).toEqual(["docker", "containerd", "podman", "system"]);
    // Docker's own packages bring these, and no client but docker.
    const ofDocker = ["docker", "dockerd", "containerd", "ctr", "runc", "docker-proxy"];
    const found = linux.filter(({ programs }) => programs.some((one) => ofDocker.includes(one)));
    expect(found.map(({ name, ca }) => [name, ca])).toEqual([
        ["docker", "/etc/docker/certs.d/r.test:8443/ca.crt"],
    ]);
    expect(tls.knownClients("darwin", "r.test").map(({ name }) => name)).toEqual([
        "docker-desktop",
        "system",
    ]);
});

test("the exit code is that of the worst", () => {
    expect(exitCode([ok("a")])).toBe(0);
    expect(exitCode([ok("a"), warning("b", "c")])).toBe(1);
    expect(exitCode([failure("a", "b"), warning("b", "c")])).toBe(2);
    expect(findingLine("x", failure("a\nb", "c"))).toBe("failure  x: a b → c");
});

test("a Link header leads to the next page of the same registry", () => {
    const base = new URL("https://r.test:8443");
    expect(nextPage('</v2/_catalog?last=b&n=2>; rel="next"', base)).toBe("/v2/_catalog?last=b&n=2");
    expect(nextPage('<https://evil.test/v2/x?n=1>; rel="next"', base)).toBe("/v2/x?n=1");
    expect(nextPage('</a>; rel="prev"', base)).toBeUndefined();
    expect(nextPage(undefined, base)).toBeUndefined();
});

test("an upgrade that has not ended", () => {
    expect(host.checkUpgrade(undefined)).toEqual(ok("none under way"));
    const image = (name: string) => ({ name, id: `sha256:${name}`, version: undefined });
    const found = host.checkUpgrade({
        begun: "2026-11-26T20:00:00Z",
        steps: [
            { part: "registry", containers: ["r"], from: image("registry:2.8"), to: image("registry:3.1.2") },
        ],
    });
    expect(found).toMatchObject({
        level: "warning",
        text: "begun at 2026-11-26T20:00:00Z, and not ended: registry to registry:3.1.2",
    });
    expect(found.fix).toContain("npm run upgrade -- --back");
});
