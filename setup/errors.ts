import { join, sep } from "node:path";

export { messageOf } from "../engine/errors";

/** A mistake or a lack that the user can mend: its message is one clear sentence with the fix, shown without a stack. */
export class SetupError extends Error {
    override name = "SetupError";
}

/** What a file system says, in words. */
const FILE_PROBLEMS: Readonly<Record<string, string>> = {
    EACCES: "this user may not",
    EPERM: "this user may not",
    EROFS: "the file system is read-only",
    ENOSPC: "the disk is full",
    EDQUOT: "the quota is used up",
    ENOENT: "it, or the folder that it is to be in, does not exist",
    ENOTDIR: "a part of its path is no folder",
    EISDIR: "it is a folder",
    EMFILE: "too many files are open",
    ELOOP: "its links lead in a circle",
};

/**
 * One sentence for what the user's own files and folders are the cause of; undefined for every other error.
 *
 * @param root folder of the project
 */
export function fileProblem(error: unknown, root?: string): string | undefined {
    const { code = "", path, syscall = "" } = (error ?? {}) as NodeJS.ErrnoException;
    const why =
        code === "ENOENT" && syscall === "mkdir"
            ? "its file system takes no new folders"
            : FILE_PROBLEMS[code];
    if (why === undefined || path === undefined) return undefined;
    const what =
        /^(open|read|scandir|stat|lstat|access)$/.test(syscall) && code !== "EROFS" ? "opened" : "written";
    const mend =
        root !== undefined && path.startsWith(join(root, sep))
            ? "or work in a copy of the project in a folder of your own."
            : "or have the kit use other folders: HOME, or XDG_CACHE_HOME, XDG_DATA_HOME and XDG_CONFIG_HOME.";
    return `${path} cannot be ${what}: ${why}. Mend that, ${mend}`;
}
