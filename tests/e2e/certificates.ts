/** Certificates as openssl reads and makes them: an eye that is not the kit's own. */
import { writeFileSync } from "node:fs";
import { join } from "node:path";

import { must, type Result, run } from "./run";

/** The extensions of a certificate as openssl prints them, one line each, such as `Key Usage: critical: …`. */
export async function profile(pem: string): Promise<Record<string, string>> {
    const text = await must("openssl", ["x509", "-noout", "-text"], { input: pem });
    const found: Record<string, string> = {};
    const pattern = /^ {12}X509v3 ([^:]+): ?(critical)?\s*\n {16}(.+)$/gm;
    for (const [, name = "", critical, value = ""] of text.matchAll(pattern))
        found[name] = (critical === undefined ? "" : "critical: ") + value.trim();
    const grab = (expression: RegExp) => expression.exec(text)?.[1]?.trim() ?? "";
    return {
        ...found,
        Subject: grab(/^ {8}Subject: (.*)$/m),
        Issuer: grab(/^ {8}Issuer: (.*)$/m),
        Signature: grab(/^ {4}Signature Algorithm: (.*)$/m),
        Key: grab(/Public-Key: \((\d+) bit\)/),
        Algorithm: grab(/Public Key Algorithm: (.*)$/m),
    };
}

/** Days between the two dates of a certificate. */
export async function validityDays(pem: string): Promise<number> {
    const text = await must("openssl", ["x509", "-noout", "-dates"], { input: pem });
    const [from, to] = text.split("\n").map((line) => Date.parse(line.split("=")[1] ?? ""));
    return ((to ?? NaN) - (from ?? NaN)) / 86_400_000;
}

/** What a server shows: every certificate of its chain, PEM. */
export async function served(address: string, serverName: string): Promise<string[]> {
    const { screen } = await run(
        "openssl",
        ["s_client", "-connect", address, "-servername", serverName, "-showcerts"],
        { input: "", timeoutMs: 20_000 },
    );
    return screen.match(/-----BEGIN CERTIFICATE-----[\s\S]+?-----END CERTIFICATE-----/g) ?? [];
}

/** A TLS handshake that ends with an error where the certificate is not right in every way. */
export function handshake(
    address: string,
    serverName: string,
    caFile: string,
    ...args: string[]
): Promise<Result> {
    return run(
        "openssl",
        [
            ...["s_client", "-connect", address, "-servername", serverName, "-CAfile", caFile],
            ...["-no-CApath", "-no-CAstore", "-verify_hostname", serverName, "-verify_return_error", ...args],
        ],
        { input: "", timeoutMs: 20_000 },
    );
}

const SUBJECT = { root: "/CN=Test Root", middle: "/CN=Test Middle" };

export interface Chain {
    /** Files, relative to the folder. */
    root: string;
    middle: string;
    leaf: string;
    rootKey: string;
    leafKey: string;
}

/** Makes a root, a CA below it and a certificate for a name with openssl, as a user's own would be made. */
export async function makeChain(folder: string, name: string): Promise<Chain> {
    const openssl = (...args: string[]) => must("openssl", args, { cwd: folder });
    const key = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-noenc", "-days", "400"];
    const ca = ["-addext", "basicConstraints=critical,CA:TRUE", "-addext", "keyUsage=critical,keyCertSign"];
    await openssl(
        ...["req", "-x509", ...key, "-config", "/dev/null", "-subj", SUBJECT.root, ...ca],
        ...["-keyout", "root.key", "-out", "root.crt"],
    );
    await openssl(
        ...["req", "-x509", ...key, "-config", "/dev/null", "-subj", SUBJECT.middle, ...ca],
        ...["-CA", "root.crt", "-CAkey", "root.key", "-keyout", "middle.key", "-out", "middle.crt"],
    );
    await openssl(
        ...["req", "-x509", ...key, "-config", "/dev/null", "-subj", `/CN=${name}`],
        ...["-CA", "middle.crt", "-CAkey", "middle.key", "-keyout", "leaf.key", "-out", "leaf.crt"],
        ...["-addext", `subjectAltName=DNS:${name}`, "-addext", "basicConstraints=critical,CA:FALSE"],
    );
    return {
        root: "root.crt",
        middle: "middle.crt",
        leaf: "leaf.crt",
        rootKey: "root.key",
        leafKey: "leaf.key",
    };
}

/** Writes a PEM into a stack's folder. @returns its path */
export function pemFile(folder: string, name: string, pem: string): string {
    const file = join(folder, name);
    writeFileSync(file, pem);
    return file;
}
