import { homedir, userInfo } from "node:os";
import { join, posix, win32 } from "node:path";

/** The kit's own places in the user's home, shared by all clones. */
export interface UserDirs {
    /** Can be made again: the Pulumi CLI, the registry binary, remembered answers. */
    cache: string;
    /** Must not be lost: the state of the stacks. */
    data: string;
    /** Must not be lost: the passphrase of the secrets in that state. */
    config: string;
}

/** What the steps need to know of the machine; given as a value so that tests can make one up. */
export interface Machine {
    /** Folder of the project: Pulumi.yaml and the stacks' files. */
    root: string;
    /** Folder of the kit's own files: in a checkout the same one. */
    kit: string;
    platform: NodeJS.Platform;
    /** As Node names it: x64, arm64 … */
    arch: string;
    env: NodeJS.ProcessEnv;
    home: string;
    /** Home folder in the user database, which Pulumi goes by whatever HOME says. */
    accountHome: string;
    isRoot: boolean;
    dirs: UserDirs;
    /** Folder for what belongs to this clone: bundles, stamps. */
    localCache: string;
}

const NAME = "private-registry";

/** Per-user folders: XDG base directories on Linux, the systems' own elsewhere. */
export function userDirs(platform: NodeJS.Platform, env: NodeJS.ProcessEnv, home: string): UserDirs {
    if (platform === "win32") {
        const local = env.LOCALAPPDATA || win32.join(home, "AppData", "Local");
        const base = win32.join(local, NAME);
        return {
            cache: win32.join(base, "cache"),
            data: win32.join(base, "data"),
            config: win32.join(base, "config"),
        };
    }
    if (platform === "darwin") {
        const support = posix.join(home, "Library", "Application Support", NAME);
        return {
            cache: posix.join(home, "Library", "Caches", NAME),
            data: posix.join(support, "data"),
            config: posix.join(support, "config"),
        };
    }
    // The XDG specification has relative values ignored.
    const xdg = (value: string | undefined, fallback: string) =>
        posix.join(value && posix.isAbsolute(value) ? value : posix.join(home, fallback), NAME);
    return {
        cache: xdg(env.XDG_CACHE_HOME, ".cache"),
        data: xdg(env.XDG_DATA_HOME, ".local/share"),
        config: xdg(env.XDG_CONFIG_HOME, ".config"),
    };
}

function accountHome(): string {
    try {
        return userInfo().homedir;
    } catch {
        // A container's user may have no entry; then Pulumi goes by HOME as well.
        return homedir();
    }
}

/** @param kit folder of the kit's own files @default root */
export function thisMachine(root: string, kit = root): Machine {
    const home = homedir();
    return {
        root,
        kit,
        platform: process.platform,
        arch: process.arch,
        env: process.env,
        home,
        accountHome: accountHome(),
        isRoot: process.getuid?.() === 0,
        dirs: userDirs(process.platform, process.env, home),
        localCache: join(root, "node_modules", ".cache", NAME),
    };
}

/** Pulumi's own folder: plugins, credentials, selected stacks. */
export function pulumiHome(machine: Machine): string {
    return machine.env.PULUMI_HOME || join(machine.accountHome, ".pulumi");
}
