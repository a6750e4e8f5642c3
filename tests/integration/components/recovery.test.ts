/** Recovery from what an interrupted `up` left, against the real Docker Engine. */
import { execFileSync } from "node:child_process";
import { randomBytes } from "node:crypto";

import * as pulumi from "@pulumi/pulumi";

import { speak } from "../../../components/definition/mend";
import type { Deployment } from "../../../components/deployment/deployment";
import { connect } from "../../../engine/client";
import { resolveEndpoint } from "../../../engine/endpoint";
import {
    freeContainerName,
    freeNetworkName,
    type IsOwn,
    lastLogLines,
} from "../../../components/deployment/leftovers";
import { IDENTITY_LABEL, OWNER_LABEL } from "../../../components/deployment/hardening";
import { recover } from "../../../components/deployment/recovery";
import { commands } from "../../../config/print";

// As the kit's own program says it.
speak(commands);

const IDENTITY = randomBytes(16).toString("hex");
const OWNER = `pu-${randomBytes(4).toString("hex")}`;
const IMAGE = `${OWNER}:1`;
const docker = (...args: string[]) =>
    execFileSync("docker", args, { encoding: "utf8", stdio: "pipe" }).trim();
const lines = (text: string) => text.split("\n").filter(Boolean);
const exists = (name: string) => lines(docker("ps", "-aq", "--filter", `name=^${name}$`)).length > 0;

const isOwn: IsOwn = ({ labels }) => labels[IDENTITY_LABEL] === IDENTITY;
const deployment = {
    prefix: OWNER,
    engine: () => Promise.resolve(resolveEndpoint()),
    portKey: () => Promise.resolve(["port"]),
    ownership: () => Promise.resolve(isOwn),
    kept: () => Promise.resolve(new Map()),
} as unknown as Deployment;

const LOG = ["sh", "-c", "echo one; echo two >&2; echo three"];

/**
 * A container, by default one that ends at once after it wrote three lines.
 *
 * @param options of `docker run`
 */
function container(
    name: string,
    identity?: string,
    { options = [], command = LOG }: { options?: string[]; command?: string[] } = {},
): string {
    const label =
        identity === undefined
            ? []
            : ["--label", `${OWNER_LABEL}=${OWNER}`, "--label", `${IDENTITY_LABEL}=${identity}`];
    docker("run", "--network=none", "--name", name, ...label, ...options, IMAGE, "/bin/busybox", ...command);
    return name;
}

beforeAll(() => {
    const busybox = execFileSync("readlink", ["-f", "/bin/busybox"], { encoding: "utf8" }).trim();
    execFileSync("sh", [
        "-c",
        `tar -C / -c --transform 's,.*,bin/busybox,' '${busybox}' | docker import - ${IMAGE}`,
    ]);
}, 60_000);

/** A sentence is logged with the URN of what failed. */
const OF_RESOURCE = expect.objectContaining({ urn: expect.anything() as unknown }) as unknown;
let log: jest.SpyInstance;
beforeEach(() => (log = jest.spyOn(pulumi.log, "error").mockResolvedValue(undefined)));

afterEach(() => {
    log.mockRestore();
    const left = lines(docker("ps", "-aq", "--filter", `name=^${OWNER}`));
    if (left.length > 0) docker("rm", "-f", ...left);
    const networks = lines(docker("network", "ls", "-q", "--filter", `name=^${OWNER}`));
    if (networks.length > 0) docker("network", "rm", ...networks);
});

afterAll(() => {
    docker("rmi", IMAGE);
});

/** What the error hook answers for a creation that failed with this message. */
const failure = (message: string, newInputs: Record<string, unknown> = {}, failedOperation = "create") =>
    ({
        urn: "urn",
        id: "",
        name: "name",
        type: "docker:index/container:Container",
        newInputs,
        failedOperation,
        errors: [message],
    }) as unknown as pulumi.ErrorHookArgs;
const answer = (...what: Parameters<typeof failure>) => recover(deployment)(failure(...what));
const conflict = (name: string) =>
    `Unable to create container: Error response from daemon: Conflict. The container name "/${name}" is already in use by container "0a1b".`;

describe("a container's name is taken", () => {
    test("by a leftover of the deployment: it is removed, and the creation tried again", async () => {
        const name = container(`${OWNER}-left`, IDENTITY);
        await expect(answer(conflict(name))).resolves.toBe(true);
        expect(exists(name)).toBe(false);
        expect(log).not.toHaveBeenCalled();
    });

    test("by a leftover that runs: the same", async () => {
        const running = { options: ["--detach"], command: ["sleep", "600"] };
        const name = container(`${OWNER}-runs`, IDENTITY, running);
        await expect(answer(conflict(name))).resolves.toBe(true);
        expect(exists(name)).toBe(false);
    });

    test.each([
        ["without a label", undefined],
        ["of another deployment of the same name", "another identity"],
    ])("by a container %s: it is left alone, and the sentence says what to do", async (_name, identity) => {
        const name = container(`${OWNER}-foreign`, identity);
        await expect(answer(conflict(name))).resolves.toBe(false);
        expect(exists(name)).toBe(true);
        expect(log).toHaveBeenCalledTimes(1);
        expect(log).toHaveBeenCalledWith(
            expect.stringMatching(new RegExp(`docker rm -f ${name}.*config set`)),
            OF_RESOURCE,
        );
    });

    test("by a leftover with a nameless volume: that goes too", async () => {
        const name = container(`${OWNER}-volume`, IDENTITY, { options: ["--volume", "/data"] });
        const [volume = ""] = lines(docker("inspect", "--format", "{{(index .Mounts 0).Name}}", name));
        expect(volume).toMatch(/^[0-9a-f]{64}$/);
        await expect(answer(conflict(name))).resolves.toBe(true);
        expect(lines(docker("volume", "ls", "--quiet"))).not.toContain(volume);
    });

    test("where nothing is known of the Engine: nothing is removed, wherever such a name is", async () => {
        const name = container(`${OWNER}-left`, IDENTITY);
        const unknown = { ...deployment, engine: () => Promise.resolve(undefined) } as unknown as Deployment;
        await expect(recover(unknown)({ ...failure(conflict(name)) })).resolves.toBe(false);
        expect(exists(name)).toBe(true);
    });

    test("by one that is gone in the meantime: the creation is tried again", async () => {
        await expect(answer(conflict(`${OWNER}-gone`))).resolves.toBe(true);
        await expect(freeContainerName(await connect(), `${OWNER}-gone`, isOwn)).resolves.toBe(true);
    });

    test("but in an update nothing is removed", async () => {
        const name = container(`${OWNER}-left`, IDENTITY);
        await expect(answer(conflict(name), {}, "update")).resolves.toBe(false);
        expect(exists(name)).toBe(true);
    });
});

describe("a network's name is taken", () => {
    const network = (...args: string[]) => docker("network", "create", ...args, `${OWNER}-net`);
    const message = `Unable to create network: Error response from daemon: network with name ${OWNER}-net already exists`;
    const left = () => lines(docker("network", "ls", "-q", "--filter", `name=^${OWNER}-net$`)).length;

    test("by a leftover of the deployment: it alone is removed, and the creation tried again", async () => {
        docker("network", "create", "--label", `${IDENTITY_LABEL}=${IDENTITY}`, `${OWNER}-other`);
        network("--label", `${IDENTITY_LABEL}=${IDENTITY}`);
        await expect(answer(message)).resolves.toBe(true);
        expect(left()).toBe(0);
        expect(docker("network", "inspect", "--format", "{{.Name}}", `${OWNER}-other`)).toBe(
            `${OWNER}-other`,
        );
    });

    test("by a leftover that a running container is still in: it is removed all the same", async () => {
        network("--label", `${IDENTITY_LABEL}=${IDENTITY}`);
        const inside = [
            `--network=${OWNER}-net`,
            "--name",
            `${OWNER}-inside`,
            IMAGE,
            "/bin/busybox",
            "sleep",
            "60",
        ];
        docker("run", "-d", ...inside);
        await expect(answer(message)).resolves.toBe(true);
        expect(left()).toBe(0);
    });

    test.each([
        ["a foreign one", []],
        ["one of another deployment of the same name", ["--label", `${OWNER_LABEL}=${OWNER}`]],
    ])("by %s: it is left alone", async (_name, labels) => {
        network(...labels);
        await expect(answer(message)).resolves.toBe(false);
        await expect(freeNetworkName(await connect(), `${OWNER}-net`, isOwn)).resolves.toBe(false);
        expect(left()).toBe(1);
        expect(log).toHaveBeenCalledWith(expect.stringContaining(`${OWNER}-net`), OF_RESOURCE);
    });
});

test("a port is taken: one sentence, no second try", async () => {
    const message = "Error response from daemon: Bind for 127.0.0.1:443 failed: port is already allocated";
    await expect(answer(message, { ports: [{ external: 443, ip: "127.0.0.1" }] })).resolves.toBe(false);
    expect(log).toHaveBeenCalledWith(
        expect.stringMatching(/^Port 443 of 127\.0\.0\.1 is taken/),
        OF_RESOURCE,
    );
});

test("a registry does not become healthy: its own last lines", async () => {
    const name = container(`${OWNER}-sick`, IDENTITY);
    await expect(answer("container failed to be in healthy state in time", { name })).resolves.toBe(false);
    const [[text]] = log.mock.calls as [[string]];
    expect(text).toContain(`${name} did not become healthy. Its last log lines:\n`);
    expect(text.split("\n").slice(1).sort()).toEqual(["one", "three", "two"]);
    expect(exists(name)).toBe(true);
});

test("lastLogLines gives no more than it is asked for", async () => {
    const name = container(`${OWNER}-logs`);
    expect(lines(await lastLogLines(await connect(), name, 1))).toHaveLength(1);
});

test("any other error is none of its business", async () => {
    await expect(answer("Error response from daemon: No such image: registry:3")).resolves.toBe(false);
    expect(log).not.toHaveBeenCalled();
});
