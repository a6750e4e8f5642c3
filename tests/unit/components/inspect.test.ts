import { certificates, serverChain, trustAnchor } from "../../../components/tls/chain";
import { inspectCa, inspectSite, inspectTrust } from "../../../components/tls/inspect";

import { issue, type Issued } from "./certs";

let root: Issued, middle: Issued, leaf: Issued, impostor: Issued;

beforeAll(async () => {
    root = await issue("Root", { ca: true });
    middle = await issue("Middle", { ca: true, issuer: root });
    leaf = await issue("docker.example.com", { issuer: middle, names: ["docker.example.com"] });
    impostor = await issue("Middle", { ca: true, issuer: root });
});

const names = (pem: string) => certificates(pem).map(({ subject }) => subject);

test("certificates finds each, in order, whatever stands between them", () => {
    const text = `Bag Attributes\r\n${leaf.pem}\n  # a comment\n${leaf.keyPem}\n${root.pem.replaceAll("\n", "\r\n")}`;
    expect(names(text)).toEqual(["CN=docker.example.com", "CN=Root"]);
    expect(certificates("")).toEqual([]);
});

describe("the chain that the server sends", () => {
    test("has the site certificate first and no root", () => {
        expect(names(serverChain(leaf.pem, middle.pem + root.pem))).toEqual([
            "CN=docker.example.com",
            "CN=Middle",
        ]);
        expect(names(serverChain(leaf.pem, root.pem))).toEqual(["CN=docker.example.com"]);
    });

    test("of a self-signed site certificate is that certificate", () => {
        expect(names(serverChain(root.pem))).toEqual(["CN=Root"]);
    });

    test("is PEM with a line break after each certificate", () => {
        expect(serverChain(leaf.pem.trim(), middle.pem.trim())).toMatch(
            /^-----BEGIN CERTIFICATE-----\n[^-]+\n-----END CERTIFICATE-----\n-----BEGIN[^]+-----END CERTIFICATE-----\n$/,
        );
    });
});

test("clients trust the root, or the last issuer where there is no root", () => {
    expect(names(trustAnchor(middle.pem + root.pem))).toEqual(["CN=Root"]);
    expect(names(trustAnchor(root.pem + middle.pem))).toEqual(["CN=Root"]);
    expect(names(trustAnchor(leaf.pem + middle.pem))).toEqual(["CN=Middle"]);
    expect(trustAnchor("")).toBe("");
});

describe("a CA", () => {
    const caProblems = (cert: string, key: string, now?: Date) =>
        inspectCa(cert, key, now).problems.map(({ part, problem }) => `${part} ${problem}`);

    test("is right with its own key, with or without its issuers", () => {
        expect(caProblems(root.pem, root.keyPem)).toEqual([]);
        expect(caProblems(middle.pem + root.pem, middle.keyPem)).toEqual([]);
    });

    test("every problem is told at once", () => {
        expect(caProblems(leaf.pem, root.keyPem)).toEqual([
            'key does not belong to the certificate "CN=docker.example.com" that it comes with',
            "cert is not a CA certificate (basicConstraints CA:TRUE is missing)",
        ]);
    });

    test.each([
        ["", "is empty"],
        ["text", "holds neither PEM nor DER: it is a certificate that is wanted here"],
        [
            "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n",
            "holds a certificate that is damaged: fetch it again from who issued it",
        ],
    ])("%j is none", (pem, problem) => {
        expect(caProblems(pem, root.keyPem)).toEqual([`cert ${problem}`]);
    });

    test("is refused after its end and before its begin", () => {
        const day = 86_400_000;
        const at = (time: number) => caProblems(root.pem, root.keyPem, new Date(Date.now() + time));
        expect(at(2 * day)).toEqual([expect.stringMatching(/^cert ended on /)]);
        expect(at(-2 * day)).toEqual([expect.stringMatching(/^cert begins on .* only$/)]);
    });
});

describe("a site certificate", () => {
    const problems = (chain: string, domain = "docker.example.com") =>
        inspectSite(leaf.pem, leaf.keyPem, chain, [domain]).problems.map(
            ({ part, problem }) => `${part} ${problem}`,
        );

    test("is right with its whole chain, a part of it, or none", () => {
        expect(problems(middle.pem + root.pem)).toEqual([]);
        expect(problems(middle.pem)).toEqual([]);
        expect(problems("")).toEqual([]);
        expect(problems("\n")).toEqual([]);
    });

    test("each link of the chain must be there, in any order", () => {
        expect(problems(root.pem)).toEqual([
            'chain does not hold the issuer "CN=Middle" that signed "CN=docker.example.com"; it holds "CN=Root"',
        ]);
        expect(problems(root.pem + middle.pem)).toEqual([]);
    });

    test("the name of the issuer is not enough: its signature counts", () => {
        expect(problems(impostor.pem)).toEqual([
            'chain does not hold the issuer "CN=Middle" that signed "CN=docker.example.com"; it holds "CN=Middle"',
        ]);
    });

    test("a chain that cannot be read is told", () => {
        const broken = "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n";
        expect(problems("text")).toEqual([
            "chain holds neither PEM nor DER: it is a certificate that is wanted here",
        ]);
        expect(problems(middle.pem + broken)).toEqual([
            "chain holds a certificate that is damaged: fetch it again from who issued it",
        ]);
    });

    test("must be valid for the name", () => {
        expect(problems("", "other.example.com")).toEqual([
            "cert is not valid for other.example.com (DNS:docker.example.com)",
        ]);
        expect(problems("", "192.0.2.1")).toEqual([
            "cert is not valid for 192.0.2.1 (DNS:docker.example.com)",
        ]);
    });
});

test("authorities to trust: each once, and in time", () => {
    expect(inspectTrust(root.pem + middle.pem + root.pem)).toEqual({ pem: root.pem + middle.pem });
    expect(inspectTrust(root.pem, new Date(Date.now() + 9 * 86_400_000))).toEqual({
        problem: expect.stringMatching(/^holds "CN=Root", which ended on /) as string,
    });
    expect(inspectTrust(root.keyPem)).toEqual({
        problem: "is a private key: it is a certificate that is wanted here",
    });
});
