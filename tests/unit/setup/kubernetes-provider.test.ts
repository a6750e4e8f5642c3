import { chooseProvider, type ProviderEffects } from "../../../setup/kubernetes-provider";
import { machineIn } from "./fixture";

const machine = machineIn("/home/me");
const BUILT = `${machine.dirs.cache}/kubernetes-provider/`;

function effects(over: Partial<ProviderEffects> = {}): jest.Mocked<ProviderEffects> {
    return {
        onPath: jest.fn(() => false),
        installed: jest.fn(() => false),
        closed: jest.fn(() => false),
        rememberClosed: jest.fn(),
        download: jest.fn(() => Promise.resolve(false)),
        built: jest.fn(() => false),
        build: jest.fn(() => Promise.resolve()),
        ...over,
    } as jest.Mocked<ProviderEffects>;
}

describe("the Kubernetes provider", () => {
    test.each([["onPath"], ["installed"]] as const)(
        "is the official one where it is there (%s)",
        async (where) => {
            const fake = effects({ [where]: () => true });
            expect(await chooseProvider(machine, "/bin", fake)).toBe("/bin");
            expect(fake.download).not.toHaveBeenCalled();
            expect(fake.build).not.toHaveBeenCalled();
        },
    );

    test("is downloaded where it can be", async () => {
        const fake = effects({ download: jest.fn(() => Promise.resolve(true)) });
        expect(await chooseProvider(machine, "/bin", fake)).toBe("/bin");
        expect(fake.build).not.toHaveBeenCalled();
    });

    test("else it is built, and that the download is closed is remembered", async () => {
        const fake = effects();
        const path = await chooseProvider(machine, "/bin", fake);
        expect(path).toMatch(new RegExp(`^${BUILT}[^:]+:/bin$`));
        expect(fake.rememberClosed).toHaveBeenCalledTimes(1);
        expect(fake.build).toHaveBeenCalledTimes(1);

        const next = effects({ closed: () => true });
        await chooseProvider(machine, "/bin", next);
        expect(next.download).not.toHaveBeenCalled();
        expect(next.build).toHaveBeenCalledTimes(1);
    });

    test("once built it is used without a look at the network", async () => {
        const fake = effects({ built: () => true });
        expect(await chooseProvider(machine, "/bin", fake)).toMatch(BUILT);
        expect(fake.download).not.toHaveBeenCalled();
        expect(fake.build).not.toHaveBeenCalled();
    });

    test("a built one of an earlier version on PATH does not pass for official", async () => {
        const fake = effects({ onPath: (path) => path.includes(BUILT), built: () => true });
        const path = await chooseProvider(machine, `${BUILT}4.0.0-linux-x64:/bin`, fake);
        expect(path).toMatch(new RegExp(`^${BUILT}[^:]+:/bin$`));
        expect(path).not.toContain("4.0.0-");
    });

    test("PRIVATE_REGISTRY_PLUGINS=official builds none, and says what to do", async () => {
        const forced = machineIn("/home/me", { env: { PRIVATE_REGISTRY_PLUGINS: "official" } });
        const fake = effects({ built: () => true, closed: () => true });
        await expect(chooseProvider(forced, "/bin", fake)).rejects.toThrow(
            /official Kubernetes provider .* open get\.pulumi\.com to this machine, or unset it/,
        );
        expect(fake.download).toHaveBeenCalledTimes(1);
        expect(fake.build).not.toHaveBeenCalled();
    });
});
