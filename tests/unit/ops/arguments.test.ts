/** `--help` of every command, and what is refused in its place. */
import { resolve } from "node:path";

import { COMMANDS, main } from "../../../ops/main";
import { temporaryFolder } from "../setup/fixture";

const KIT = resolve(__dirname, "..", "..", "..");
const folder = temporaryFolder();

// Each call of the command line listens to the errors of both streams.
beforeEach(() => {
    for (const stream of [process.stdout, process.stderr]) jest.spyOn(stream, "on").mockReturnThis();
});

const screen = (stream: "stdout" | "stderr") => jest.spyOn(process[stream], "write").mockReturnValue(true);
const textOf = (spy: jest.SpyInstance) => spy.mock.calls.map(([text]) => String(text)).join("");

afterEach(() => jest.restoreAllMocks());

describe.each(Object.keys(COMMANDS))("%s", (name) => {
    test.each(["--help", "-h"])("%s prints its flags and does nothing else", async (flag) => {
        const [out, err] = [screen("stdout"), screen("stderr")];
        await expect(main({ kit: KIT, root: KIT }, name, [flag])).resolves.toBe(0);
        const call = name === "init" ? "npx private-registry init" : `npm run ${name}`;
        expect(textOf(out)).toMatch(new RegExp(`^${call}: .*\\.\n(  .*\n)*  -h, --help +this\n`));
        expect(textOf(err)).toBe("");
    });

    // The others hand over to programs with flags of their own.
    if (["up", "destroy", "test", "bench"].includes(name)) return;
    test("refuses an unknown flag with the known ones", async () => {
        const err = screen("stderr");
        await expect(main({ kit: KIT, root: KIT }, name, ["--nope"])).resolves.toBe(1);
        expect(textOf(err)).toMatch(/: Unknown option '--nope'; there are: (--[a-z-]+, )*--help\./);
    });
});

test("a project asks for no Pulumi.yaml before it tells the flags", async () => {
    const out = screen("stdout");
    await expect(main({ kit: KIT, root: folder.path }, "gc", ["--help"])).resolves.toBe(0);
    expect(textOf(out)).toContain("--dry-run");
});
