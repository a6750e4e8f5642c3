/** The client against Engines that answer as they are told, over a socket and over TLS. */
import { execFileSync } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { createServer, type IncomingMessage, type RequestListener, type ServerResponse } from "node:http";
import { createServer as createTlsServer } from "node:https";
import type { AddressInfo } from "node:net";
import { readFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { connectTo, Engine } from "../../../engine/client";
import { EngineError, found, isNotFound } from "../../../engine/errors";
import { callEngine, EngineSilent, ping } from "../../../engine/http";
import { pull } from "../../../engine/images";

let folder: string;
let answer: (request: IncomingMessage, response: ServerResponse, body: string) => void;
const requests: { method: string; url: string; type: string | undefined; body: string }[] = [];
const listen: RequestListener = (request, response) => {
    const chunks: Buffer[] = [];
    request.on("data", (chunk: Buffer) => chunks.push(chunk));
    request.on("end", () => {
        const body = Buffer.concat(chunks).toString();
        const { method = "", url = "", headers } = request;
        requests.push({ method, url, type: headers["content-type"], body });
        answer(request, response, body);
    });
};
const server = createServer(listen);
const endpoint = () => ({ url: `unix://${join(folder, "e.sock")}`, source: "test" });
const engine = (idleMs?: number) => new Engine(endpoint(), idleMs);
const reply = (status: number, body: unknown) => {
    answer = (_request, response) => {
        response.statusCode = status;
        response.end(typeof body === "string" ? body : JSON.stringify(body));
    };
};

beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), "private-registry-client-"));
    await new Promise<void>((done) => server.listen(join(folder, "e.sock"), done));
});
afterAll(async () => {
    server.closeAllConnections();
    await new Promise((done) => server.close(done));
    rmSync(folder, { recursive: true, force: true });
});
beforeEach(() => requests.splice(0));

describe("a request", () => {
    test("has its lists and objects as JSON, and leaves out what is not given", async () => {
        reply(200, []);
        await engine().listContainers({ all: true, filters: { label: ["a=b&c"] } });
        const url = new URL(requests[0]?.url ?? "", "http://docker");
        expect(url.pathname).toBe("/containers/json");
        expect(Object.fromEntries(url.searchParams)).toEqual({ all: "true", filters: '{"label":["a=b&c"]}' });
        await engine().getContainer("c").stop();
        expect(requests[1]).toMatchObject({ method: "POST", url: "/containers/c/stop", type: undefined });
    });

    test("of a creation has the name in its address, and all else, such as a secret, in its body alone", async () => {
        reply(201, { Id: "1" });
        const made = await engine().createContainer({ name: "n", Image: "i", Env: ["PASSWORD=hunter2"] });
        expect(made.id).toBe("1");
        expect(requests).toEqual([
            {
                method: "POST",
                url: "/containers/create?name=n",
                type: "application/json",
                body: JSON.stringify({ Image: "i", Env: ["PASSWORD=hunter2"] }),
            },
        ]);
    });

    test("names one object, whatever characters its name has", async () => {
        reply(200, {});
        await engine().getImage("r.example.com:5000/team/app:1").inspect();
        await engine().getContainer("../volumes/x?force=1").remove({ force: true, v: true });
        expect(requests.map(({ url }) => url)).toEqual([
            "/images/r.example.com%3A5000%2Fteam%2Fapp%3A1/json",
            "/containers/..%2Fvolumes%2Fx%3Fforce%3D1?force=true&v=true",
        ]);
    });

    test("of an archive is one", async () => {
        reply(200, "");
        await engine().getContainer("c").putArchive(Buffer.from("tar"), { path: "/a b" });
        expect(requests[0]).toEqual({
            method: "PUT",
            url: "/containers/c/archive?path=%2Fa+b",
            type: "application/x-tar",
            body: "tar",
        });
    });
});

describe("an answer", () => {
    test("that something is so already is no refusal", async () => {
        reply(304, "");
        await expect(engine().getContainer("c").start()).resolves.toBeUndefined();
        await expect(engine().getContainer("c").stop({ t: 1 })).resolves.toBeUndefined();
    });

    test("that is a refusal has the Engine's own words", async () => {
        reply(409, { message: "volume is in use " });
        const refused = engine().getVolume("v").remove();
        await expect(refused).rejects.toThrow(/^volume is in use$/);
        await expect(refused).rejects.toMatchObject({ status: 409 });
        reply(500, "no JSON\n");
        await expect(engine().ping()).rejects.toThrow(/^no JSON$/);
        reply(502, "");
        await expect(engine().ping()).rejects.toThrow(/^HTTP status 502$/);
    });

    test("that there is no such object is told apart from all others, those of the network, too", async () => {
        reply(404, { message: "No such container: c" });
        expect(await found(() => engine().getContainer("c").inspect())).toBeUndefined();
        reply(400, { message: "no" });
        await expect(found(() => engine().getContainer("c").inspect())).rejects.toThrow(EngineError);
        expect(isNotFound(Object.assign(new Error("x"), { statusCode: 404 }))).toBe(false);
        expect(isNotFound(undefined)).toBe(false);
    });

    test("of bytes stays as it is", async () => {
        const bytes = Buffer.from([0xff, 0xfe, 0x00, 0x80]);
        answer = (_request, response) => response.end(bytes);
        expect(await engine().getContainer("c").getArchive({ path: "/x" })).toEqual(bytes);
    });

    test("that is cut off is an error", async () => {
        answer = (_request, response) => {
            response.writeHead(200, { "Content-Length": "100" });
            response.write("{", () => response.destroy());
        };
        await expect(engine().getContainer("c").inspect()).rejects.toThrow(/aborted|socket hang up/);
    });

    test("that does not come is waited for as long as one is willing to", async () => {
        answer = (_request, response) => void setTimeout(() => response.end("OK"), 400);
        await expect(engine(100).ping()).rejects.toThrow(EngineSilent);
        await expect(engine().ping()).resolves.toBeUndefined();
        expect(await ping({ url: `unix://${join(folder, "none")}`, source: "test" })).toMatchObject({
            ok: false,
            code: "ENOENT",
        });
    });
});

describe("lines", () => {
    const pieces = (parts: Buffer[], status = 200) => {
        answer = (_request, response) => {
            response.statusCode = status;
            parts.forEach((part, i) => setTimeout(() => response.write(part), 20 * i));
            setTimeout(() => response.end(), 20 * parts.length);
        };
    };

    test("come whole, with letters that two pieces share, and the last one without its end", async () => {
        const text = Buffer.from('{"a":"ä"}\r\n\n{"b":1}\n{"c"');
        pieces([text.subarray(0, 7), text.subarray(7, 15), text.subarray(15), Buffer.from(":2}")]);
        const lines: string[] = [];
        const { body } = await callEngine(endpoint(), {
            path: "/",
            onLine: (line) => lines.push(line.trim()),
        });
        expect(lines).toEqual(['{"a":"ä"}', '{"b":1}', '{"c":2}']);
        expect(body).toBe(`${text.toString()}:2}`);
    });

    test("of a refusal are none, and what a listener throws ends the request alone", async () => {
        pieces([Buffer.from('{"message":"no"}\n')], 500);
        const onLine = jest.fn();
        await expect(engine().call("POST", "/images/create", { onLine })).rejects.toThrow("no");
        expect(onLine).not.toHaveBeenCalled();
        pieces([Buffer.from("no JSON\n"), Buffer.from("more\n")]);
        await expect(pull(engine(), "registry:3")).rejects.toThrow(/JSON/);
    });
});

describe("a pull", () => {
    test.each([
        ["registry", "registry", "latest"],
        ["r.example.com:5000/a/b:1", "r.example.com:5000/a/b", "1"],
        ["a/b@sha256:00", "a/b", "sha256:00"],
    ])("of %s asks for one image", async (image, fromImage, tag) => {
        reply(200, '{"status":"Pull complete"}\n');
        await pull(engine(), image, { platform: "linux/arm64" });
        const { searchParams } = new URL(requests[0]?.url ?? "", "http://docker");
        expect(Object.fromEntries(searchParams)).toEqual({ fromImage, tag, platform: "linux/arm64" });
    });

    test("that fails after the Engine began fails in its words, and tells its progress before", async () => {
        const lines = [
            { status: "Downloading", id: "1", progressDetail: { current: 1, total: 2 } },
            { error: "unauthorized: authentication required", errorDetail: {} },
        ];
        reply(200, lines.map((line) => `${JSON.stringify(line)}\r\n`).join(""));
        const onProgress = jest.fn();
        await expect(pull(engine(), "a/b", { onProgress })).rejects.toThrow(
            /^unauthorized: authentication required$/,
        );
        expect(onProgress).toHaveBeenCalledWith(lines[0]);
    });
});

describe("behind TLS", () => {
    const openssl = (...args: string[]) => execFileSync("openssl", args, { stdio: "pipe", cwd: folder });
    const tls = createTlsServer(listen);
    let url: string;
    beforeAll(async () => {
        const key = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "2"];
        openssl("req", "-x509", ...key, "-subj", "/CN=ca", "-keyout", "ca-key.pem", "-out", "ca.pem");
        const signed = ["-CA", "ca.pem", "-CAkey", "ca-key.pem", "-addext", "subjectAltName=IP:127.0.0.1"];
        openssl(
            "req",
            "-x509",
            ...key,
            ...signed,
            "-subj",
            "/CN=e",
            "-keyout",
            "key.pem",
            "-out",
            "cert.pem",
        );
        const read = (name: string) => readFileSync(join(folder, name));
        tls.setSecureContext({ ca: read("ca.pem"), cert: read("cert.pem"), key: read("key.pem") });
        Object.assign(tls, { requestCert: true, rejectUnauthorized: true });
        await new Promise<void>((done) => tls.listen(0, "127.0.0.1", done));
        url = `tcp://127.0.0.1:${(tls.address() as AddressInfo).port}`;
    });
    afterAll(() => new Promise((done) => tls.close(done)));

    test("the Engine's certificate is checked, unless that was said", async () => {
        reply(200, { Version: "1" });
        const certPath = folder;
        const known = await connectTo({ url, source: "test", certPath });
        expect(await known.json("GET", "/version")).toEqual({ Version: "1" });
        const other = { url: url.replace("127.0.0.1", "localhost"), source: "test", certPath };
        await expect(connectTo(other)).rejects.toThrow(/^Cannot connect to the Docker daemon at .*altnames/);
        await expect(connectTo({ ...other, insecure: true })).resolves.toBeInstanceOf(Engine);
    });
});
