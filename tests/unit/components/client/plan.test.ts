/** What each client is told, as golden files. */
import {
    installLine,
    renderClientPs1,
    renderClientSh,
    textFingerprint,
} from "../../../../components/client/installer";
import { CLIENTS, clientPlan, type PlanFacts, SYSTEMS } from "../../../../components/client/plan";
import { planText } from "../../../../components/client/setup";
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
    const scripts = { sh: renderClientSh(facts), ps1: renderClientPs1(facts) };
    for (const [name, text] of Object.entries(scripts)) {
        expect(text).toContain(fingerprint);
        expect(text).toContain(pem.trim());
        const line = installLine(name as "sh" | "ps1", `https://${address}/client.${name}`, text);
        expect(line).toContain(textFingerprint(text));
    }
    // All else is the same for every CA.
    const certificateText = /-----BEGIN[^]*?END CERTIFICATE-----/;
    const masked = (text: string) => text.replaceAll(fingerprint, "SHA256").replace(certificateText, "PEM");
    expectGolden("client-tls.sh", masked(scripts.sh));
    expectGolden("client-tls.ps1", masked(scripts.ps1));
});
