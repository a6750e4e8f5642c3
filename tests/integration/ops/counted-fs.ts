/** node:fs for a test that is killed at any step. Import this before what it is to reach. */
import type * as fs from "node:fs";

/** Calls that change the disk; the one that is `fatal` is the last, and a write then comes half. */
export const mockSteps = { count: 0, fatal: Infinity };

jest.mock("node:fs", () => {
    const real = jest.requireActual<typeof fs>("node:fs");
    const names = [
        ...["chmodSync", "chownSync", "copyFileSync", "ftruncateSync", "linkSync", "mkdirSync", "renameSync"],
        ...["rmSync", "rmdirSync", "utimesSync", "writeFileSync", "writeSync"],
    ];
    const counted =
        (name: string) =>
        (...args: unknown[]) => {
            mockSteps.count++;
            if (mockSteps.count === mockSteps.fatal) {
                if (name === "writeFileSync")
                    real.writeFileSync(String(args[0]), String(args[1]).slice(0, String(args[1]).length / 2));
                throw new Error("killed");
            }
            return (real as unknown as Record<string, (...all: unknown[]) => unknown>)[name]?.(...args);
        };
    return { ...real, ...Object.fromEntries(names.map((name) => [name, counted(name)])) };
});
