/** What the doctor looks at: the Engine, the network, this machine's files. */
import { X509Certificate } from "node:crypto";
import { lookup } from "node:dns/promises";
import { statfs } from "node:fs/promises";
import { connect, isIP } from "node:net";
import { networkInterfaces } from "node:os";
import { connect as tlsConnect, rootCertificates } from "node:tls";

import type { Endpoint } from "../../engine/endpoint";
import { Engine } from "../../engine/client";
import { exec } from "../../engine/run";
import { callEngine } from "../../engine/http";
import { readText } from "../../setup/start.cjs";
import { listContainers } from "../facts/published";

const TIMEOUT_MS = 5_000;

export { isLocal } from "../../engine/endpoint";

/** An answer of the Engine as JSON, or nothing. */
export async function engineJson<T>(engine: Endpoint, path: string): Promise<T | undefined> {
    try {
        const { status, body } = await callEngine(engine, { path });
        return status === 200 ? (JSON.parse(body) as T) : undefined;
    } catch {
        // That it does not answer is a finding of its own.
        return undefined;
    }
}

export const containersOf = async (engine: Endpoint) => listContainers(engine).catch(() => []);

/** Folder of the Engine's machine in which a container keeps images. */
export async function dataFolder(engine: Endpoint, container: string): Promise<string | undefined> {
    const path = `/containers/${container}/json`;
    const details = await engineJson<{ Mounts: { Source: string; Destination: string }[] }>(engine, path);
    return details?.Mounts.find(({ Destination }) => Destination === "/var/lib/registry")?.Source;
}

/** What a container's program prints: for the registry's own version. */
export async function registryVersion(engine: Endpoint, container: string): Promise<string | undefined> {
    try {
        const text = await exec(new Engine(engine, 30_000), container, ["registry", "--version"], {
            stderr: true,
        });
        return /v?\d+\.\d+\.\d+/.exec(text)?.[0];
    } catch {
        return undefined;
    }
}

/** Whether something takes connections there. */
export function answersAt(host: string, port: number): Promise<boolean> {
    return new Promise((done) => {
        const socket = connect({ host, port, timeout: TIMEOUT_MS });
        const end = (answer: boolean) => {
            socket.destroy();
            done(answer);
        };
        socket
            .on("connect", () => end(true))
            .on("error", () => end(false))
            .on("timeout", () => end(false));
    });
}

export const resolveName = (name: string): Promise<string[]> =>
    lookup(name, { all: true }).then(
        (found) => found.map(({ address }) => address),
        () => [],
    );

/** IPv4 addresses of this machine in its networks, without those of Docker's own bridges. */
export function lanAddresses(): string[] {
    return Object.entries(networkInterfaces()).flatMap(([name, list]) =>
        /^(docker\d|br-|veth)/.test(name)
            ? []
            : (list ?? [])
                  .filter(({ family, internal }) => family === "IPv4" && !internal)
                  .map(({ address }) => address),
    );
}

/** A TLS handshake for a name. @param ca CAs to trust; @returns the server's certificate, and why it is not trusted */
export function handshake(
    host: string,
    port: number,
    name: string,
    ca: string | string[],
): Promise<{ certificate?: X509Certificate; problem?: string }> {
    return new Promise((done) => {
        const socket = tlsConnect({
            host,
            port,
            // A server name is none where it is an address (RFC 6066 section 3).
            servername: isIP(name) === 0 ? name : "",
            ca,
            rejectUnauthorized: false,
            timeout: TIMEOUT_MS,
        });
        const end = (result: { certificate?: X509Certificate; problem?: string }) => {
            socket.destroy();
            done(result);
        };
        socket.on("secureConnect", () => {
            const raw = socket.getPeerX509Certificate()?.raw;
            const problem = socket.authorized ? undefined : String(socket.authorizationError);
            end({ ...(raw && { certificate: new X509Certificate(raw) }), ...(problem && { problem }) });
        });
        socket.on("error", (error) => end({ problem: error.message }));
        socket.on("timeout", () => end({ problem: "no answer in 5 s" }));
    });
}

/** The CAs that the programs of this machine trust: the distribution's bundle, else those of Node. */
export function systemCas(): string[] {
    const bundles = [
        "/etc/ssl/certs/ca-certificates.crt",
        "/etc/pki/tls/certs/ca-bundle.crt",
        "/etc/ssl/ca-bundle.pem",
    ];
    const bundle = bundles.map(readText).find((text) => text !== undefined);
    return bundle === undefined ? [...rootCertificates] : [bundle];
}

/** The space of a folder of this machine, or of the nearest one above it that can be seen. */
export async function diskOf(path: string): Promise<{ free: number; total: number } | undefined> {
    try {
        const { bavail, blocks, bsize } = await statfs(path);
        return { free: bavail * bsize, total: blocks * bsize };
    } catch {
        return undefined;
    }
}
