import { createHash } from "node:crypto";
import { existsSync, mkdirSync, readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import { userDirs } from "../../../setup/machine";
import { findStack, flagValue, stateFolder, userBackend } from "../../../setup/stack";
import { ensurePassphrase, ensureState, isStackReady, wrongPassphrase } from "../../../setup/state";
import { machineIn, put, temporaryFolder } from "./fixture";

const folder = temporaryFolder();
beforeEach(() => jest.spyOn(process.stderr, "write").mockReturnValue(true));
afterEach(() => jest.restoreAllMocks());

describe("the backend", () => {
    test("is the one of the environment, then of the project, then of the login", () => {
        put(join(folder.path, ".pulumi/credentials.json"), { current: "https://login.example.test" });
        const machine = (env: NodeJS.ProcessEnv) => machineIn(folder.path, { env });
        expect(userBackend(machine({ PULUMI_BACKEND_URL: "s3://b" }), "file:///p")).toBe("s3://b");
        expect(userBackend(machine({}), "file:///p")).toBe("file:///p");
        expect(userBackend(machine({}), undefined)).toBe("https://login.example.test");
    });

    test("of the user is left alone: no variable is set and no passphrase made", () => {
        const machine = machineIn(folder.path, { env: { PULUMI_BACKEND_URL: "s3://bucket" } });
        expect(ensureState(machine, findStack(machine, []))).toEqual({ backend: "s3://bucket", env: {} });
    });

    test("is files in the data folder where there is none, with a passphrase file", () => {
        const machine = machineIn(folder.path);
        const state = ensureState(machine, findStack(machine, []));
        expect(state.backend).toBe(`file://${folder.path}/.local/share/private-registry/state?metadata=skip`);
        expect(state.env).toEqual({
            PULUMI_BACKEND_URL: state.backend,
            PULUMI_CONFIG_PASSPHRASE_FILE: `${folder.path}/.config/private-registry/passphrase`,
        });
    });

    test("a passphrase file that is gone is told, in a shell with the lines of `npm run env` too", () => {
        const file = join(folder.path, "passphrase");
        const inShell = (backend: string) => {
            const env = { PULUMI_CONFIG_PASSPHRASE_FILE: file, PULUMI_BACKEND_URL: backend };
            const machine = machineIn(folder.path, { env });
            return () => ensureState(machine, findStack(machine, []));
        };
        const missing =
            /^The passphrase is not in \S+passphrase, which .*: put your copy of that file back, or `unset /;
        expect(inShell("file:///state")).toThrow(missing);
        expect(inShell("s3://state")).toThrow(missing);
        expect(inShell("https://api.pulumi.com")).not.toThrow();
        put(file, "x");
        expect(inShell("file:///state")).not.toThrow();
    });

    test("keeps the user's own passphrase, an empty one too", () => {
        const machine = machineIn(folder.path, { env: { PULUMI_CONFIG_PASSPHRASE: "" } });
        const { env, passphraseFile } = ensureState(machine, findStack(machine, []));
        expect(Object.keys(env)).toEqual(["PULUMI_BACKEND_URL"]);
        expect(passphraseFile).toBeUndefined();
    });
});

describe("the passphrase", () => {
    test("is readable by its owner alone and never written over", () => {
        const config = join(folder.path, "config");
        const file = ensurePassphrase(config);
        expect(statSync(file).mode & 0o777).toBe(0o600);
        expect(statSync(config).mode & 0o777).toBe(0o700);
        const text = readFileSync(file, "utf8");
        expect(text).toMatch(/^[\w-]{43}$/);
        expect(ensurePassphrase(config)).toBe(file);
        expect(readFileSync(file, "utf8")).toBe(text);
    });

    test("that is empty is reported, not replaced", () => {
        put(join(folder.path, "passphrase"), "");
        expect(() => ensurePassphrase(folder.path)).toThrow(/is empty/);
    });

    test("that is a folder is reported, not replaced", () => {
        mkdirSync(join(folder.path, "passphrase"));
        expect(() => ensurePassphrase(folder.path)).toThrow(/passphrase is no file/);
    });

    describe("that is lost is not replaced by a new one", () => {
        const machine = () => machineIn(folder.path);
        const file = () => join(machine().dirs.config, "passphrase");
        const refused = () => {
            const made = machine();
            expect(() => ensureState(made, findStack(made, []))).toThrow(
                /The passphrase is not in .*passphrase, nor in PULUMI_CONFIG_PASSPHRASE.*docs\/state\.md/,
            );
            expect(existsSync(file())).toBe(false);
        };
        const state = (name: string) =>
            put(join(stateFolder(machine()), ".pulumi", "stacks", "private-registry", name), "{}");

        test("while a state is there", () => {
            state("dev.json");
            refused();
        });
        test("while the state of another stack is there, packed", () => {
            state("other.json.gz");
            refused();
        });
        test("while the stack's configuration is encrypted", () => {
            put(join(machine().root, "Pulumi.dev.yaml"), "encryptionsalt: v1:a:v1:b:c\n");
            refused();
        });
        test("and where nothing is encrypted the salt may be another checkout's, which is told", () => {
            const stack = join(machine().root, "Pulumi.dev.yaml");
            const told = () => ensureState(machine(), findStack(machine(), []));
            put(stack, "encryptionsalt: v1:a:v1:b:c\n");
            expect(told).toThrow("sed -i '/^encryptionsalt:/d' Pulumi.dev.yaml");
            put(stack, "config:\n  a:b:\n    secure: v1:x\nencryptionsalt: v1:a:v1:b:c\n");
            expect(told).not.toThrow("sed");
            expect(told).toThrow("put your copy of that file back");
            put(stack, "encryptionsalt: v1:a:v1:b:c\n");
            state("dev.json");
            expect(told).not.toThrow("sed");
        });
        test("and one that is given all the same is taken", () => {
            state("dev.json");
            const given = machineIn(folder.path, { env: { PULUMI_CONFIG_PASSPHRASE: "x" } });
            expect(ensureState(given, findStack(given, [])).passphraseFile).toBeUndefined();
        });
    });

    test("that is wrong is told with where it came from", () => {
        const given = machineIn(folder.path, { env: { PULUMI_CONFIG_PASSPHRASE: "x" } });
        put(join(given.dirs.config, "passphrase"), "right");
        expect(wrongPassphrase(given, findStack(given, []), {})).toMatch(
            /in the variable PULUMI_CONFIG_PASSPHRASE is not .* stack dev .*unset it to use .*\/passphrase/,
        );
        const own = machineIn(folder.path);
        expect(wrongPassphrase(own, findStack(own, []), { passphraseFile: "/p" })).toMatch(
            /in \/p is not the one .* put the right one there/,
        );
    });
});

describe("the stack", () => {
    const select = (machine: ReturnType<typeof machineIn>, content: object) => {
        const id = createHash("sha1").update(join(machine.root, "Pulumi.yaml")).digest("hex");
        put(join(folder.path, ".pulumi/workspaces", `private-registry-${id}-workspace.json`), content);
    };

    test("is --stack, then PULUMI_STACK, then the selected one of this backend, then dev", () => {
        const backend = "file:///somewhere";
        const machine = machineIn(folder.path, { env: { PULUMI_BACKEND_URL: backend } });
        expect(findStack(machine, [])).toMatchObject({ name: "dev", named: false });
        select(machine, {
            stacks: { [backend]: "organization/private-registry/prod", "s3://x": "o/p/other" },
        });
        expect(findStack(machine, [])).toMatchObject({ name: "prod", named: false });
        machine.env.PULUMI_STACK = "env";
        expect(findStack(machine, [])).toMatchObject({ name: "env", named: true });
        expect(findStack(machine, ["-s", "flag"])).toMatchObject({ name: "flag", named: true });
    });

    test("is ready when its state file is there and one is selected", () => {
        const backend = `file://${folder.path}/state`;
        const machine = machineIn(folder.path, { env: { PULUMI_BACKEND_URL: backend } });
        const ready = () => isStackReady(machine, findStack(machine, []));
        expect(ready()).toBe(false);
        put(join(folder.path, "state/.pulumi/stacks/private-registry/dev.json"), {});
        expect(ready()).toBe(false);
        select(machine, { stacks: { [backend]: "organization/private-registry/dev" } });
        expect(ready()).toBe(true);
    });

    test("tells its early settings, the stack's before the project's", () => {
        const machine = machineIn(folder.path);
        put(
            join(machine.root, "Pulumi.yaml"),
            'config:\n  imageMirror:\n    default: ""\n  image:\n    default: registry:3\n',
        );
        put(
            join(machine.root, "Pulumi.dev.yaml"),
            "config:\n  private-registry:image: registry:4\n  private-registry:imageTarball: a.tar\n",
        );
        expect(findStack(machine, []).settings).toEqual({
            dockerHost: undefined,
            image: "registry:4",
            imageMirror: undefined,
            imageTarball: join(machine.root, "a.tar"),
            nexus: false,
            front: true,
            cache: false,
            acme: false,
            kubernetes: {},
        });
    });

    test.each([
        ["    acceptEula: true\n    image: n:1\n", true],
        ['    acceptEula: "true"\n    image: n:1\n', true],
        [`    '{"acceptEula":true,"image":"n:1"}'\n`, true],
        ["    acceptEula: false\n    image: n:1\n", false],
        ["    image: n:1\n", false],
    ])("asks for the image of a Nexus that is to run, its licence accepted: %j", (nexus, wanted) => {
        const machine = machineIn(folder.path);
        put(join(machine.root, "Pulumi.dev.yaml"), `config:\n  private-registry:nexus:\n${nexus}`);
        expect(findStack(machine, []).settings).toMatchObject({ nexus: wanted, nexusImage: "n:1" });
    });

    test("leaves an object that is none to Pulumi's own check", () => {
        const machine = machineIn(folder.path);
        put(join(machine.root, "Pulumi.dev.yaml"), "config:\n  private-registry:nexus: maybe\n");
        expect(findStack(machine, []).settings).toMatchObject({ nexus: false, nexusImage: undefined });
    });

    test("knows which cluster a stack is for, as far as that stands there in clear", () => {
        const machine = machineIn(folder.path);
        const kubernetes = "    namespace: registry\n    context:\n      secure: v1:a:b\n";
        put(join(machine.root, "Pulumi.dev.yaml"), `config:\n  private-registry:kubernetes:\n${kubernetes}`);
        expect(findStack(machine, []).settings.kubernetes).toEqual({ namespace: "registry" });
    });

    test("knows that a stack needs no Docker", () => {
        const machine = machineIn(folder.path);
        put(join(machine.root, "Pulumi.dev.yaml"), "config:\n  private-registry:target: systemd\n");
        expect(findStack(machine, []).settings.target).toBe("systemd");
    });

    test("refuses a secret where a plain value is needed before Pulumi runs", () => {
        const machine = machineIn(folder.path);
        put(join(machine.root, "Pulumi.dev.yaml"), "config:\n  private-registry:image:\n    secure: v1:x\n");
        expect(() => findStack(machine, [])).toThrow(
            /must be plain text.*pulumi config set --plaintext image/,
        );
    });
});

test.each([
    [["--stack", "a"], "a"],
    [["--stack=a"], "a"],
    [["--diff", "-s", "a"], "a"],
    [["--diff"], undefined],
])("flagValue %j", (args, expected) => expect(flagValue(args, "stack", "s")).toBe(expected));

test("user folders follow each system's custom", () => {
    expect(userDirs("linux", { XDG_CACHE_HOME: "/c", XDG_DATA_HOME: "relative" }, "/h")).toEqual({
        cache: "/c/private-registry",
        data: "/h/.local/share/private-registry",
        config: "/h/.config/private-registry",
    });
    expect(userDirs("darwin", {}, "/h").cache).toBe("/h/Library/Caches/private-registry");
    expect(userDirs("win32", { LOCALAPPDATA: "C:\\L" }, "C:\\h").cache).toBe(
        "C:\\L\\private-registry\\cache",
    );
});
