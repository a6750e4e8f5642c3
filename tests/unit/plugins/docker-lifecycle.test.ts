import { container } from "../../../plugins/docker/container";
import type { Engine } from "../../../engine/client";
import { EngineError } from "../../../engine/errors";
import { remoteImage } from "../../../plugins/docker/remote-image";
import { network } from "../../../plugins/docker/network";
import { volume } from "../../../plugins/docker/volume";
import { check } from "../../../plugins/framework/check";
import { InitializationError } from "../../../plugins/framework/resource";

import { ended, INSPECTED } from "./docker-inspect";

/** An answer of the Engine that is none. */
const refuse = (status: number, message: string) => async () => {
    throw new EngineError(status, message);
};

const ID = INSPECTED.Id;
const notThere = refuse(404, "No such container: registry");

/** An Engine that has the image, and a container that does what it is told; `parts` behave otherwise. */
function fakeEngine(parts: Record<string, () => unknown> = {}, inspected = INSPECTED) {
    const calls: unknown[][] = [];
    const call =
        (name: string, result: () => unknown = () => undefined) =>
        async (...args: unknown[]) => {
            calls.push([name, ...args]);
            return (parts[name] ?? result)();
        };
    const handle = {
        inspect: call("inspect", () => inspected),
        start: call("start"),
        stop: call("stop"),
        remove: call("remove"),
        wait: call("wait"),
        update: call("update"),
        putArchive: call("putArchive"),
    };
    const engine = {
        createContainer: call("create", () => ({ id: ID })),
        createNetwork: call("create", () => ({ id: ID })),
        createVolume: call("create"),
        listContainers: call("listContainers", () => []),
        getContainer: () => handle,
        call: call("pull"),
        getImage: () => ({ inspect: call("image", () => ({ Id: INSPECTED.Image, RepoDigests: [] })) }),
        getNetwork: () => ({ ...handle, connect: call("connect"), disconnect: call("disconnect") }),
        getVolume: () => handle,
    } as unknown as Engine;
    return { engine, calls, names: () => calls.map(([name]) => name) };
}

const inputs = {
    name: "registry",
    image: INSPECTED.Image,
    start: true,
    mustRun: true,
    networkMode: "bridge",
    ports: [{ internal: 5000, external: 15998, ip: "0.0.0.0", protocol: "tcp" }],
    uploads: [{ file: "/a", content: "secret" }],
    networksAdvanced: [{ name: "registry" }],
};

async function failure(work: Promise<unknown>): Promise<Error> {
    try {
        await work;
    } catch (error) {
        return error as Error;
    }
    throw new Error("It did not fail.");
}

describe("creation of a container", () => {
    test("joins networks, uploads, starts", async () => {
        const { engine, names } = fakeEngine();
        const { id, outs } = await container.create(inputs, engine);
        expect(id).toBe(ID);
        expect(outs).toMatchObject({ name: "registry", exitCode: null, mustRun: true });
        expect(names()).toEqual([
            "image",
            "create",
            "disconnect",
            "connect",
            "putArchive",
            "start",
            "inspect",
        ]);
    });

    test("waits for the end of one that is attached, and keeps its exit code", async () => {
        const { engine, names } = fakeEngine({}, ended(3));
        const attached = { ...inputs, attach: true, mustRun: false };
        const { outs } = await container.create(attached, engine);
        expect(names()).toContain("wait");
        expect(outs).toMatchObject({ exitCode: 3, mustRun: false });
    });

    test("that cannot start is kept in state, in the Engine's words", async () => {
        const taken = "Bind for 0.0.0.0:15998 failed: port is already allocated";
        const { engine } = fakeEngine({ start: refuse(500, taken) });
        const error = await failure(container.create(inputs, engine));
        expect(error).toBeInstanceOf(InitializationError);
        expect(error).toMatchObject({ id: ID, reasons: [expect.stringContaining(taken)] });
        expect((error as InitializationError).outs).toMatchObject({ name: "registry", start: true });
    });

    test("that does not become healthy is kept in state, in words that tell", async () => {
        const { engine } = fakeEngine({}, ended(2));
        const error = await failure(container.create({ ...inputs, wait: true, waitTimeout: 0 }, engine));
        expect(error).toBeInstanceOf(InitializationError);
        expect(error.message).toMatch(/failed to be in healthy state/);
    });

    test("that the Engine starts over and over is given up long before its time, though the Engine says that it runs", async () => {
        const info = ended(1);
        const restarting = {
            ...info,
            RestartCount: 7,
            State: { ...info.State, Running: true, Restarting: true, Health: { Status: "healthy" } },
            HostConfig: { ...info.HostConfig, RestartPolicy: { Name: "unless-stopped" } },
        };
        const { engine } = fakeEngine({}, restarting as never);
        const error = await failure(container.create({ ...inputs, wait: true, waitTimeout: 600 }, engine));
        expect(error.message).toContain("did not become healthy, it ended with exit code 1");
    });

    test("that cannot be prepared is taken away again", async () => {
        const { engine, names } = fakeEngine({ putArchive: refuse(500, "no space left on device") });
        const error = await failure(container.create(inputs, engine));
        expect(error).not.toBeInstanceOf(InitializationError);
        expect(error.message).toMatch(/upload files into container registry: no space left on device/);
        expect(names()).toContain("remove");
    });

    test("under a taken name gives the Engine's words, which recovery knows", async () => {
        const message = 'Conflict. The container name "/registry" is already in use by container "1"';
        const { engine } = fakeEngine({ create: refuse(409, message) });
        const error = await failure(container.create(inputs, engine));
        expect(error.message).toBe(`Unable to create container registry: ${message}`);
    });

    test("never repeats an upload in an error", async () => {
        for (const step of ["create", "putArchive", "start"]) {
            const { engine } = fakeEngine({ [step]: refuse(500, "no") });
            expect((await failure(container.create(inputs, engine))).message).not.toContain("secret");
        }
    });
});

describe("a container that is gone", () => {
    test("is not found by a refresh", async () => {
        const { engine } = fakeEngine({ inspect: notThere });
        expect(await container.read(ID, { name: "registry" }, inputs, engine)).toBeUndefined();
    });

    test("is deleted without an error", async () => {
        const { engine } = fakeEngine({ stop: notThere, remove: notThere, inspect: notThere });
        await expect(container.delete?.(ID, { name: "registry" }, engine)).resolves.toBeUndefined();
    });
});

test("an import gives the inputs that a program would write", async () => {
    const { engine } = fakeEngine();
    const found = await container.read(ID, {}, {}, engine);
    expect(found?.inputs).toMatchObject({
        name: "registry",
        capabilities: { drops: ["ALL"] },
        volumes: [
            { volumeName: "registry-config", containerPath: "/etc/distribution", readOnly: true },
            { volumeName: "registry-data", containerPath: "/var/lib/registry" },
        ],
        memory: 512,
    });
    expect(JSON.stringify(found?.inputs)).not.toMatch(/hostPath|selinuxRelabel|gpus/);
    expect(check(container, "urn::registry", {}, found?.inputs ?? {}).failures).toEqual([]);
});

describe("deletion of a container", () => {
    test("gives it its time to end, and takes its anonymous volumes", async () => {
        const { engine, calls } = fakeEngine({ inspect: notThere });
        await container.delete?.(ID, { name: "registry", destroyGraceSeconds: 35 }, engine);
        expect(calls).toContainEqual(["stop", { t: 35 }]);
        expect(calls).toContainEqual(["remove", { v: true, force: true }]);
    });

    test("does not stop one that ends by itself", async () => {
        const attached = fakeEngine({ inspect: notThere });
        await container.delete?.(ID, { name: "registry", attach: true }, attached.engine);
        expect(attached.names()).not.toContain("stop");
    });
});

describe("update of a container", () => {
    const olds = { ...inputs, memory: 64, memorySwap: 64, uploads: [{ file: "/a", content: "secret" }] };

    test("changes limits in place", async () => {
        const { engine, calls } = fakeEngine();
        await container.update?.(ID, olds, { ...inputs, memory: 96, memorySwap: 96 }, engine);
        const [, limits] = calls.find(([name]) => name === "update") ?? [];
        expect(limits).toMatchObject({ Memory: 96 * 1024 * 1024, MemorySwap: 96 * 1024 * 1024 });
    });

    test("starts one that should run", async () => {
        const { engine, names } = fakeEngine({}, ended(1));
        await container.update?.(ID, { ...olds, mustRun: false }, olds, engine);
        expect(names()).toContain("start");
        expect(names()).not.toContain("update");
    });
});

describe("other objects", () => {
    test("an image that is there is not pulled", async () => {
        const { engine, names } = fakeEngine();
        const { id, outs } = await remoteImage.create({ name: "registry:3", keepLocally: true }, engine);
        expect(id).toBe(`${INSPECTED.Image}registry:3`);
        expect(outs).toMatchObject({ imageId: INSPECTED.Image, repoDigest: "", build: null, triggers: null });
        expect(names()).toEqual(["image"]);
    });

    test("an image that cannot be pulled gives one sentence with the fix", async () => {
        const { engine } = fakeEngine({ image: refuse(404, "no such image"), pull: refuse(500, "no route") });
        const error = await failure(remoteImage.create({ name: "registry:3" }, engine));
        expect(error.message).toBe(
            "Unable to pull image registry:3: no route. Check its name and the network, or put the image on the " +
                "Docker host with `docker load`.",
        );
    });

    test("a network and a volume that are gone are deleted without an error", async () => {
        const { engine } = fakeEngine({ remove: notThere });
        await expect(network.delete?.(ID, { name: "n" }, engine)).resolves.toBeUndefined();
        await expect(volume.delete?.("v", {}, engine)).resolves.toBeUndefined();
    });

    test("a network asks the Engine to refuse a second one of its name", async () => {
        const { engine, calls } = fakeEngine({ inspect: () => ({ Name: "n", Id: ID, IPAM: {} }) });
        await network.create({ name: "n" }, engine);
        expect(calls[0]).toMatchObject(["create", { Name: "n", CheckDuplicate: true }]);
    });
});
