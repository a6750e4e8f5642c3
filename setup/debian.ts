import { SetupError } from "./errors";
import { withProgress } from "./progress";
import { type RunOptions, lastLines, run } from "./run";
import { readText } from "./start.cjs";

export function readOsRelease(): string {
    return readText("/etc/os-release") ?? "";
}

/** Debian, Ubuntu and what is made of them. */
export function isDebian(osRelease: string): boolean {
    return /^ID(_LIKE)?=.*\b(debian|ubuntu)\b/m.test(osRelease);
}

// LC_ALL keeps messages in English for those who search for them; the frontend setting keeps apt-get from asking.
const options = (update: (detail: string) => void): RunOptions => ({
    env: { ...process.env, DEBIAN_FRONTEND: "noninteractive", LC_ALL: "C" },
    onLine: (line) => update(line.slice(0, 60)),
});

/** Runs apt-get; when it fails for want of package lists, fetches those and tries once more. */
export async function aptGet(label: string, args: string[], cwd?: string): Promise<void> {
    await withProgress(label, async (update) => {
        const call = () =>
            run("apt-get", ["-o", "DPkg::Lock::Timeout=120", ...args], { ...options(update), cwd });
        const first = await call();
        if (first.code === 0) return;
        const lists = await run("apt-get", ["update"], options(update));
        const second = lists.code === 0 ? await call() : lists;
        if (second.code !== 0) {
            const command = `apt-get ${lists.code === 0 ? args.join(" ") : "update"}`;
            throw new SetupError(
                `\`${command}\` failed; mend what it says, then try again:\n${lastLines(second)}`,
            );
        }
    });
}

/** Installs Debian packages; needs root. */
export async function aptInstall(packages: string[], label: string): Promise<void> {
    await aptGet(label, ["install", "-y", "--no-install-recommends", ...packages]);
}
