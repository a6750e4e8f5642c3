/** An embedded plugin as the engine starts it. */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";

test("a plugin prints its port alone, and ends with the engine", async () => {
    const root = join(__dirname, "../../..");
    const plugin = spawn(process.execPath, ["-r", "tsx/cjs", "plugins/random/main.ts"], { cwd: root });
    try {
        const [line] = (await once(plugin.stdout, "data")) as [Buffer];
        expect(line.toString()).toMatch(/^\d+\n$/);
        plugin.stdin.end();
        expect(await once(plugin, "exit")).toEqual([0, null]);
    } finally {
        plugin.kill("SIGKILL");
    }
}, 30_000);
