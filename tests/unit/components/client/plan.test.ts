/** What each client is told, as golden files. */
import {
    type Installer,
    installerFacts,
    installLine,
    oneLines,
    renderClientPs1,
    renderClientSh,
    renderInstallers,
    textFingerprint,
} from "../../../../clients/installer";
import { CLIENTS, clientPlan, type PlanFacts, SYSTEMS } from "../../../../clients/plan";
import { planText } from "../../../../clients/setup";
import { issue } from "../certs";
import { expectGolden } from "../golden";

const mirrors = [
    { endpoint: "https://docker.example.com:5443", upstream: "https://registry-1.docker.io" },
    { endpoint: "https://docker.example.com:5444", upstream: "https://ghcr.io" },
];
const address = "docker.example.com:8443";
const secure: PlanFacts = { address, tls: true, caPem: "ca.crt", mirrors, hostAddress: "192.0.2.7" };
const plain: PlanFacts = {
    address: "docker.example.com:5000",
    tls: false,
    caPem: "",
    mirrors: [{ endpoint: "http://docker.example.com:5001", upstream: "https://registry-1.docker.io" }],
};

test.each([
    ["tls", secure],
    ["off", plain],
] as const)("plans (golden), %s", (name, facts) => {
    const texts = CLIENTS.flatMap((client) =>
        SYSTEMS.map((os) => `== ${client} ${os}\n${planText(clientPlan(client, os, facts), facts.caPem)}\n`),
    );
    const upstart = planText(clientPlan("docker", "linux", facts, { upstart: true }), facts.caPem);
    expectGolden(`client-plans-${name}.txt`, [...texts, `== docker upstart\n${upstart}\n`].join("\n"));
});

test("mirrors behind a front are found by their own names", () => {
    const upstream = "https://quay.io";
    const [quay, local] = ["quay.example.com", "localhost"].map((name) => `https://${name}:8443`);
    const behind = [quay, local].map((endpoint) => ({ endpoint: endpoint ?? "", upstream }));
    const { changes } = clientPlan("podman", "linux", { ...secure, mirrors: [...mirrors, ...behind] });
    expect(changes.flatMap((change) => (change.kind === "host" ? [change.name] : []))).toEqual([
        "docker.example.com",
        "quay.example.com",
    ]);
    const paths = changes.map(({ path }) => path);
    expect(paths).toContain("/etc/containers/certs.d/quay.example.com:8443/ca.crt");
});

test("installers without a CA (golden)", () => {
    expectGolden("client-off.sh", renderClientSh(plain));
    expectGolden("client-off.ps1", renderClientPs1(plain));
});

test("installers pin their CA, and the line pins the installer", async () => {
    const { pem, certificate } = await issue("CA", { ca: true });
    const fingerprint = Buffer.from(await certificate.getThumbprint("SHA-256")).toString("hex");
    const facts = { ...secure, caPem: pem };
    const scripts = renderInstallers(facts);
    for (const [name, text] of Object.entries(scripts)) {
        expect(text).toContain(fingerprint);
        expect(text).toContain(pem.trim());
        const line = installLine(name as Installer, `https://${address}/${name}`, text);
        expect(line).toContain(textFingerprint(text));
    }
    // All else is the same for every CA.
    const certificateText = /-----BEGIN[^]*?END CERTIFICATE-----/;
    const masked = (text: string) => text.replaceAll(fingerprint, "SHA256").replace(certificateText, "PEM");
    expectGolden("client-tls.sh", masked(scripts["client.sh"]));
    expectGolden("client-tls.ps1", masked(scripts["client.ps1"]));
});

test("two CAs: both in the file of a registry, and a file each where a store takes one of a file", async () => {
    const [one, two] = [await issue("One", { ca: true }), await issue("Two", { ca: true })];
    const facts = { address: "docker.example.com", tls: true, caPem: one.pem + two.pem };
    expect(clientPlan("docker", "linux", facts).changes).toEqual([
        { kind: "file", path: "/etc/docker/certs.d/docker.example.com/ca.crt", content: one.pem + two.pem },
    ]);
    const folder = "/usr/local/share/ca-certificates";
    const { changes, after, afterChange } = clientPlan("system", "linux", facts);
    expect(changes).toEqual([
        { kind: "file", path: `${folder}/docker.example.com.crt`, content: one.pem },
        { kind: "file", path: `${folder}/docker.example.com-2.crt`, content: two.pem },
    ]);
    expect(after.map(({ command }) => command.join(" "))).toEqual(["update-ca-certificates"]);
    expect(afterChange?.([one.pem]).map(({ command }) => command.join(" "))).toEqual([
        "update-ca-certificates --fresh",
    ]);
    for (const os of ["macos", "windows"] as const) {
        const plan = clientPlan("system", os, { ...facts, caPem: two.pem });
        const sha1 = Buffer.from(await one.certificate.getThumbprint("SHA-1"))
            .toString("hex")
            .toUpperCase();
        const steps = plan.afterChange?.([one.pem]).map(({ command }) => command.join(" ")) ?? [];
        // The new one is trusted before the other one no longer is.
        expect(steps).toHaveLength(2);
        expect(steps[1]).toContain(sha1);
        expect(clientPlan("system", os, facts).afterRemoval).toHaveLength(2);
    }
    for (const text of Object.values(renderInstallers(facts)))
        for (const pem of [one.pem, two.pem]) expect(text).toContain(pem.trim());
});

test("whoever knows the deployment makes the same installers, in whatever order it knows the mirrors", async () => {
    const { pem } = await issue("CA", { ca: true });
    const texts = [mirrors, [...mirrors].reverse()].map((some) =>
        renderInstallers(installerFacts(`https://${address}`, pem, some)),
    );
    expect(texts[0]).toEqual(renderInstallers({ address, tls: true, caPem: pem, mirrors }));
    expect(texts[1]).toEqual(texts[0]);
});

test.each([
    ["https://docker.example.com", "docker.example.com", true],
    ["https://docker.example.com:8443/", "docker.example.com:8443", true],
    ["https://registry:443", "registry:443", true],
    ["http://docker.example.com:5000", "docker.example.com:5000", false],
    ["https://[2001:db8::1]:8443", "[2001:db8::1]:8443", true],
])("the registry at %s is %s", (endpoint, expected, tls) => {
    expect(installerFacts(endpoint, "", [])).toMatchObject({ address: expected, tls });
});

test("where a publicly trusted certificate is served, there is nothing to trust and no advice for plain HTTP", () => {
    const texts = renderInstallers(installerFacts(`https://${address}`, "", []));
    expect(texts["client.ps1"]).toContain("there is nothing to do");
    expect(texts["client.sh"]).toContain('say "docker needs nothing."');
    expect(Object.values(texts).join()).not.toMatch(/BEGIN|insecure/);
});

test("the lines are about the files that the front serves", () => {
    const texts = { "client.sh": "a", "client.ps1": "b" };
    const lines = oneLines(`https://${address}`, texts);
    expect(lines.oneLine).toContain(`https://${address}/client.sh `);
    expect(lines.oneLine).toContain(textFingerprint("a"));
    expect(lines.oneLineWindows).toContain(`https://${address}/client.ps1;`);
    expect(lines.oneLineWindows).toContain(textFingerprint("b"));
});
