/** What commands find of a collection, on an Engine that the test makes up; tests/e2e/gc.test.ts has the real one. */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { hostname } from "node:os";

import { COMMAND_LABEL, GC_LABEL, PROCESS_LABEL, REGISTRY_LABEL } from "../../../ops/gc/containers";
import { AtWork } from "../../../ops/gc/mend";
import { mendFirst, noticeCollection } from "../../../ops/gc/notice";
import { isAtWork, processText, shown } from "../../../ops/shared/process";
import { findStack } from "../../../setup/stack";
import { machineIn, temporaryFolder } from "../../unit/setup/fixture";

const folder = temporaryFolder();
/** A process that is alive, and not this one. */
const PARENT = process.ppid;
let server: Server;
let containers: object[];
let calls: string[];
let screen: jest.SpyInstance;

beforeEach(async () => {
    [containers, calls] = [[], []];
    screen = jest.spyOn(process.stderr, "write").mockReturnValue(true);
    server = createServer(({ method = "", url = "" }, response) => {
        const path = url.split("?")[0] ?? "";
        calls.push(`${method} ${path}`);
        const removed = calls.includes(`DELETE ${path.replace("/json", "")}`);
        if (path === "/_ping") response.end("OK");
        else if (path === "/containers/json") response.end(JSON.stringify(containers));
        else if (method === "DELETE") response.writeHead(204).end();
        else response.writeHead(removed || path.includes("registry") ? 404 : 500).end('{"message":"broken"}');
    }).listen(0, "127.0.0.1");
    await once(server, "listening");
});
afterEach(() => {
    jest.restoreAllMocks();
    server.close();
});

const machine = () => machineIn(folder.path);
const endpoint = () => ({
    url: `tcp://127.0.0.1:${(server.address() as AddressInfo).port}`,
    source: "test",
});
const notice = () => noticeCollection(machine(), endpoint(), findStack(machine(), []));
const leftover = (process: string, state = "running", labels: Record<string, string> = {}) => ({
    Id: "reader",
    State: state,
    Labels: {
        [GC_LABEL]: "private-registry-dev",
        [REGISTRY_LABEL]: "registry",
        [PROCESS_LABEL]: process,
        ...labels,
    },
});
/** The text of a process that has ended. */
async function ended(): Promise<string> {
    const child = spawn("sleep", ["60"]);
    const text = processText(child.pid);
    child.kill("SIGKILL");
    await once(child, "exit");
    return text;
}

test("without one, the Engine is asked once and the client is not loaded", async () => {
    expect(await notice()).toEqual({ state: "none" });
    expect(calls).toEqual(["GET /containers/json"]);
    expect(screen).not.toHaveBeenCalled();
});

test("what reads goes on while one is at work; what changes is refused", async () => {
    containers = [leftover(processText(PARENT))];
    const process = `${hostname()}:${PARENT}`;
    const what = "garbage collection";
    expect(await notice()).toEqual({ state: "at work", process, registry: "registry", what });
    const refused = mendFirst(machine(), endpoint(), findStack(machine(), []));
    await expect(refused).rejects.toThrow(AtWork);
    await expect(refused).rejects.toThrow(`is at work (${process}). Wait for its end`);
    expect(calls.filter((call) => call.startsWith("DELETE"))).toEqual([]);
    // As `npm run gc -- --mend` has it.
    expect(await mendFirst(machine(), endpoint(), findStack(machine(), []), true)).toBe(true);
    expect(calls).toContain("DELETE /containers/reader");
});

test("of a process that is gone it is ended, which is told in one line", async () => {
    containers = [leftover(await ended())];
    expect(await notice()).toEqual({ state: "mended" });
    // The registry itself is gone, too: nothing is to be started.
    expect(calls).toContain("DELETE /containers/reader");
    expect(screen.mock.calls).toEqual([
        ["An earlier garbage collection had not ended; the registry is back in its normal mode.\n"],
    ]);
});

test("what it was is told: `npm run retain` and others read as a collection does", async () => {
    const labels = { [COMMAND_LABEL]: "retain" };
    containers = [leftover(processText(PARENT), "running", labels)];
    const refused = mendFirst(machine(), endpoint(), findStack(machine(), []));
    await expect(refused).rejects.toThrow("`npm run retain` of private-registry-dev is at work (");
    containers = [leftover(await ended(), "running", labels)];
    expect(await notice()).toEqual({ state: "mended" });
    expect(screen.mock.calls).toEqual([
        ["An earlier `npm run retain` had not ended; the registry is back in its normal mode.\n"],
    ]);
});

test("one that cannot be ended stops no command that reads", async () => {
    const one = leftover(await ended());
    containers = [{ ...one, Labels: { ...one.Labels, [REGISTRY_LABEL]: "faulty" } }];
    expect(await notice()).toMatchObject({ state: "unknown", problem: expect.any(String) as string });
    expect(screen.mock.calls).toEqual([[expect.stringContaining("cannot be ended: ")]]);
    const stack = findStack(machine(), []);
    await expect(mendFirst(machine(), endpoint(), stack)).rejects.toThrow("broken");
});

test("a process is known by its number and its birth, so that a later one of its number is not taken for it", async () => {
    expect(isAtWork(processText(), true)).toBe(false);
    expect(isAtWork(processText(PARENT), false)).toBe(true);
    expect(isAtWork(`${hostname()}:${PARENT}:another boot/1`, true)).toBe(false);
    expect(isAtWork(await ended(), true)).toBe(false);
    expect(shown(processText(PARENT))).toBe(`${hostname()}:${PARENT}`);
});

test("of a process on another machine only its containers tell", () => {
    const text = processText(PARENT, "elsewhere");
    expect(isAtWork(text, true)).toBe(true);
    expect(isAtWork(text, false)).toBe(false);
});
