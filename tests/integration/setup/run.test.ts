import { run } from "../../../setup/run";

const node = (script: string, options: Parameters<typeof run>[2]) =>
    run(process.execPath, ["-e", script], options);

test("a line is told when it is whole, whatever the parts in which it comes", async () => {
    const lines: string[] = [];
    const script = `
        const parts = ["on", "e\\ntw", "o\\r\\n", "\\nthree"];
        const next = () => parts.length && process.stdout.write(parts.shift(), () => setTimeout(next, 60));
        next();`;
    const { stdout } = await node(script, { onLine: (line) => lines.push(line) });
    expect(lines).toEqual(["one", "two", "three"]);
    expect(stdout).toBe("one\ntwo\r\n\nthree");
});

test("each line has its stream, and a signal ends the program", async () => {
    const lines: string[] = [];
    const controller = new AbortController();
    const { code } = await node(
        "console.log('out'); console.error('err'); setTimeout(() => undefined, 60_000)",
        {
            signal: controller.signal,
            onLine: (line, stream) => {
                lines.push(`${stream} ${line}`);
                if (lines.length === 2) controller.abort();
            },
        },
    );
    expect(lines.sort()).toEqual(["stderr err", "stdout out"]);
    expect(code).not.toBe(0);
});
