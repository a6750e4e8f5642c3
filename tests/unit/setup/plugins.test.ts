import {
    type PluginEffects,
    PLUGIN_NAMES,
    choosePlugins,
    pluginEnv,
    withoutOurs,
} from "../../../setup/plugins";
import { machineIn } from "./fixture";

const OURS = "/other/node_modules/.cache/private-registry/plugins";

function effects(over: Partial<PluginEffects> = {}): jest.Mocked<PluginEffects> {
    return {
        onPath: jest.fn(() => false),
        installed: jest.fn(() => false),
        closed: jest.fn(() => false),
        rememberClosed: jest.fn(),
        download: jest.fn(() => Promise.resolve(false)),
        embed: jest.fn(() => Promise.resolve("/embedded")),
        ...over,
    } as jest.Mocked<PluginEffects>;
}

describe("choosePlugins", () => {
    test("takes the official set where it is installed, and asks no site", async () => {
        const fake = effects({ installed: (name) => name !== "tls", onPath: (name) => name === "tls" });
        expect(await choosePlugins({ PATH: "/bin" }, fake)).toEqual({
            kind: "official",
            reason: "installed",
            path: "/bin",
        });
        expect(fake.download).not.toHaveBeenCalled();
    });

    test("downloads only what is missing", async () => {
        const fake = effects({
            installed: (name) => name === "docker",
            download: jest.fn(() => Promise.resolve(true)),
        });
        expect((await choosePlugins({ PATH: "/bin" }, fake)).kind).toBe("official");
        expect(fake.download).toHaveBeenCalledWith(PLUGIN_NAMES.filter((name) => name !== "docker"));
    });

    test("falls back to all three embedded ones, and remembers that the download is closed", async () => {
        const fake = effects({ onPath: (name) => name === "docker" });
        const set = await choosePlugins({ PATH: "/bin" }, fake);
        expect(set).toMatchObject({ kind: "embedded", path: "/embedded:/bin" });
        expect(fake.rememberClosed).toHaveBeenCalledTimes(1);
    });

    test("does not try again while it remembers", async () => {
        const fake = effects({ closed: () => true });
        expect((await choosePlugins({ PATH: "/bin" }, fake)).kind).toBe("embedded");
        expect(fake.download).not.toHaveBeenCalled();
    });

    test("embedded ones that an earlier shell has on PATH do not pass for official", async () => {
        const fake = effects({ onPath: (_name, path) => path.includes(OURS) });
        const set = await choosePlugins({ PATH: `${OURS}:/bin` }, fake);
        expect(set).toMatchObject({ kind: "embedded", path: "/embedded:/bin" });
        expect(withoutOurs(`/a:${OURS}:/b`)).toBe("/a:/b");
    });

    test("PRIVATE_REGISTRY_PLUGINS forces a set", async () => {
        const have = effects({ installed: () => true });
        expect((await choosePlugins({ PRIVATE_REGISTRY_PLUGINS: "embedded" }, have)).kind).toBe("embedded");
        const none = effects({ closed: () => true });
        await expect(choosePlugins({ PRIVATE_REGISTRY_PLUGINS: "official" }, none)).rejects.toThrow(
            /docker, random, tls.*PRIVATE_REGISTRY_PLUGINS=official/s,
        );
        expect(none.download).toHaveBeenCalled();
        await expect(choosePlugins({ PRIVATE_REGISTRY_PLUGINS: "mine" }, none)).rejects.toThrow(
            /"mine"; allowed/,
        );
    });
});

test("pluginEnv puts the CLI's folder on PATH once and keeps Pulumi from downloading over the embedded set", () => {
    const machine = machineIn("/home/me", { env: { PULUMI_IGNORE_AMBIENT_PLUGINS: "true" } });
    const set = { kind: "embedded" as const, reason: "", path: "/embedded:/usr/bin" };
    expect(pluginEnv(machine, set, "/usr/bin/pulumi")).toEqual({
        PATH: "/embedded:/usr/bin",
        PULUMI_DISABLE_AUTOMATIC_PLUGIN_ACQUISITION: "true",
        PULUMI_IGNORE_AMBIENT_PLUGINS: "false",
    });
    expect(pluginEnv(machine, { ...set, kind: "official" }, "/cli/pulumi")).toEqual({
        PATH: "/cli:/embedded:/usr/bin",
    });
});
