"use strict";
// The entry of every npm script. Plain JavaScript without dependencies, in syntax that an old Node still parses,
// because it runs before anything is installed and must be able to say so.
const fs = require("fs");
const path = require("path");
const os = require("os");
const crypto = require("crypto");
const { spawnSync } = require("child_process");

// The kit's own files: a checkout, or an installed npm package.
const ROOT = path.dirname(__dirname);
/** What every bundle is made of. */
const SHARED = ["components", "address", "clients", "engine", "host", "text"];
/** What is bundled of TypeScript: the commands, what Pulumi runs, and the package for other languages. */
const BUNDLES = {
    setup: {
        name: "setup",
        entry: path.join("ops", "main.ts"),
        sources: SHARED.concat("setup", "ops", "config"),
    },
    program: {
        name: "program",
        entry: "index.ts",
        sources: SHARED.concat("index.ts", "config", "setup"),
    },
    package: {
        name: "package",
        entry: path.join("plugins", "private-registry", "main.ts"),
        sources: SHARED.concat(path.join("plugins", "private-registry"), "package.json"),
    },
};
const MINIMUM_NODE = 20;

function say(text) {
    process.stderr.write(text + "\n");
}

function readText(file) {
    try {
        return fs.readFileSync(file, "utf8");
    } catch (error) {
        if (error.code === "ENOENT") return undefined;
        throw error;
    }
}

/**
 * Makes a folder and those above it. Node's own `recursive` never returns where a file system that takes no folders, such
 * as /proc, answers ENOENT, though the folder above is there.
 */
function makeFolder(folder, mode) {
    try {
        fs.mkdirSync(folder, { mode: mode || 0o777 });
    } catch (error) {
        if (error.code === "EEXIST" && fs.statSync(folder).isDirectory()) return;
        const above = path.dirname(folder);
        if (error.code !== "ENOENT" || above === folder || fs.existsSync(above)) throw error;
        makeFolder(above, mode);
        makeFolder(folder, mode);
    }
}

/** Writes through a temporary name, so that an interruption leaves the old file or the new one, never a half. */
function writeAtomically(file, text, mode) {
    makeFolder(path.dirname(file));
    const temporary = file + "." + process.pid + ".tmp";
    fs.writeFileSync(temporary, text, { mode: mode || 0o644 });
    fs.renameSync(temporary, file);
}

/** Changes whenever a source under `paths` is added, removed or edited; reads no file's content. */
function fingerprint(root, paths) {
    const hash = crypto.createHash("sha256");
    const visit = function (relative) {
        const stat = fs.statSync(path.join(root, relative), { throwIfNoEntry: false });
        if (!stat) return;
        if (stat.isDirectory()) {
            const names = fs.readdirSync(path.join(root, relative)).sort();
            for (const name of names) visit(path.join(relative, name));
        } else {
            hash.update(relative + "\0" + stat.size + "\0" + stat.mtimeMs + "\n");
        }
    };
    paths.forEach(visit);
    return hash.digest("hex").slice(0, 16);
}

function isAlive(pid) {
    try {
        process.kill(pid, 0);
        return true;
    } catch (error) {
        return error.code === "EPERM";
    }
}

/**
 * Tells a process from a later one of the same number: the boot, and clock ticks from there to its start (proc(5),
 * /proc/pid/stat, field 22). "" where the system does not say.
 */
function birthOf(pid) {
    let stat;
    try {
        stat = readText("/proc/" + pid + "/stat");
    } catch (error) {
        // It ended while it was looked at.
        if (error.code !== "ESRCH") throw error;
    }
    const boot = readText("/proc/sys/kernel/random/boot_id");
    const ticks =
        stat &&
        stat
            .replace(/^[^]*\)/, "")
            .trim()
            .split(" ")[19];
    return ticks && boot ? boot.trim() + "/" + ticks : "";
}

/**
 * The owner in a lock file: a process that runs, "gone" where it is none (any more), undefined where its owner may be
 * just writing it. A lock is for a plain file of the user's own: nothing else is opened, since a FIFO would never answer.
 */
function lockOwner(file) {
    const stat = fs.lstatSync(file, { throwIfNoEntry: false });
    if (!stat) return "gone";
    if (!stat.isFile())
        throw new Error(
            file +
                " is no plain file, and nothing of the kit's: take it away and run the same command again.",
        );
    const parts = /^(\d+)(?: (\S+))?$/.exec(stat.size < 200 ? readText(file) || "" : "?");
    // What is no lock of the kit's is no reason to wait, unless it is being written.
    if (!parts) return Date.now() - stat.mtimeMs > 10000 ? "gone" : undefined;
    const pid = Number(parts[1]);
    if (!isAlive(pid) || (parts[2] && parts[2] !== birthOf(pid))) return "gone";
    // Nobody can hold a lock in the name of another user's process.
    const holder = fs.statSync("/proc/" + pid, { throwIfNoEntry: false });
    return holder && holder.uid !== stat.uid ? "gone" : pid;
}

/** Longest time that a lock is waited for: nothing that is done under one takes as long. */
const LOCK_LIMIT_MS = 3600000;

/**
 * Waits until this process alone holds `file`, and returns the function that gives it back. The lock of a process
 * that died is taken over. It only saves double work: what it guards is put in place by an atomic rename.
 */
function acquireLock(file, waitingFor) {
    makeFolder(path.dirname(file));
    const begun = Date.now();
    let told = false;
    for (;;) {
        try {
            fs.writeFileSync(file, (process.pid + " " + birthOf(process.pid)).trim(), {
                flag: "wx",
                mode: 0o600,
            });
            return function () {
                fs.rmSync(file, { force: true });
            };
        } catch (error) {
            if (error.code !== "EEXIST") throw error;
        }
        const owner = lockOwner(file);
        if (owner === "gone") {
            fs.rmSync(file, { force: true });
            continue;
        }
        if (Date.now() - begun > LOCK_LIMIT_MS)
            throw new Error(
                "Process " +
                    owner +
                    " is at work on " +
                    waitingFor +
                    " for an hour: end it, or take " +
                    file +
                    " away.",
            );
        if (!told && owner)
            say("Waiting for process " + owner + ", which is at work on the same: " + waitingFor + ".");
        told = told || Boolean(owner);
        Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 250);
    }
}

/** npm writes node_modules/.package-lock.json as the last act of an install: equal entries mean a complete one. */
function installedMatches(lockText, installedText) {
    if (installedText === undefined) return false;
    const wanted = JSON.parse(lockText).packages;
    const installed = JSON.parse(installedText).packages || {};
    return Object.keys(wanted).every(function (name) {
        if (name === "") return true;
        const found = installed[name];
        // Optional packages are those of other platforms.
        if (!found) return Boolean(wanted[name].optional || wanted[name].devOptional);
        return found.version === wanted[name].version && found.integrity === wanted[name].integrity;
    });
}

function npm(args) {
    const viaNode = process.env.npm_execpath && /npm-cli\.js$/.test(process.env.npm_execpath);
    const command = viaNode ? process.execPath : "npm";
    const all = viaNode ? [process.env.npm_execpath].concat(args) : args;
    // npm's own output goes to stderr: stdout belongs to `npm run env`.
    return spawnSync(command, all, {
        cwd: ROOT,
        stdio: ["ignore", 2, 2],
        shell: !viaNode && os.platform() === "win32",
    });
}

/** Whether the kit's own files are a published package, and no checkout. */
function isPackage(root) {
    return !fs.existsSync(path.join(root, "index.ts"));
}

/** Makes node_modules what package-lock.json says. */
function ensurePackages(root) {
    // What npm installs as a package has what it needs.
    if (isPackage(root)) return;
    const lockText = readText(path.join(root, "package-lock.json"));
    if (lockText === undefined)
        throw new Error("package-lock.json is missing: restore it with `git checkout package-lock.json`.");
    const stamp = path.join(root, "node_modules", ".cache", "private-registry", "packages");
    const hash = crypto.createHash("sha256").update(lockText).digest("hex");
    if (readText(stamp) === hash) return;
    // Beside what it guards, and not in a folder for temporary files, where anyone could put one there before.
    const release = acquireLock(path.join(root, ".npm-packages.lock"), "npm packages");
    try {
        const installed = path.join(root, "node_modules", ".package-lock.json");
        if (!installedMatches(lockText, readText(installed))) {
            say("npm packages: installing what package-lock.json names (`npm ci`) …");
            fs.rmSync(stamp, { force: true });
            // Its warnings are for who makes the list of packages.
            const result = npm(["ci", "--no-audit", "--no-fund", "--loglevel=error"]);
            if (result.error)
                throw new Error(
                    "npm could not be started (" + result.error.message + "): install npm 9 or later.",
                );
            if (result.status !== 0) {
                throw new Error(
                    "`npm ci` failed; its reason is above. Once that is mended, run the same command again.",
                );
            }
        }
        writeAtomically(stamp, hash);
    } finally {
        release();
    }
}

/** How a bundle is built, by esbuild. */
function bundleOptions(root, what, outfile) {
    return {
        entryPoints: [path.join(root, what.entry)],
        outfile: outfile,
        bundle: true,
        platform: "node",
        target: "node" + MINIMUM_NODE,
        external: ["@pulumi/*", "esbuild"],
        minifySyntax: true,
        minifyWhitespace: true,
        logLevel: "error",
    };
}

/**
 * Bundles TypeScript when a source of it changed, and gives the file back: one file loads ten times as fast as many
 * through a loader that transpiles or type-checks.
 *
 * @param what name: of the bundle; entry: TypeScript file; sources: folders and files it is made of
 */
function bundle(root, what) {
    const built = path.join(root, "dist", what.name + ".cjs");
    // A published package has them built, and no sources.
    if (!fs.existsSync(path.join(root, what.entry)) && fs.existsSync(built)) return built;
    const folder = path.join(root, "node_modules", ".cache", "private-registry");
    const name = what.name + "-" + fingerprint(root, what.sources.concat("package-lock.json")) + ".cjs";
    const target = path.join(folder, name);
    if (fs.existsSync(target)) return target;
    const esbuild = require(path.join(root, "node_modules", "esbuild"));
    const temporary = target + "." + process.pid + ".tmp";
    esbuild.buildSync(bundleOptions(root, what, temporary));
    fs.renameSync(temporary, target);
    for (const other of fs.readdirSync(folder)) {
        if (other !== name && new RegExp("^" + what.name + "-[0-9a-f]{16}\\.cjs$").test(other))
            fs.rmSync(path.join(folder, other), { force: true });
    }
    return target;
}

/** One sentence for what keeps the kit from starting. */
function startProblem(error) {
    if (!error.path || !error.code) return error.message;
    return (
        error.path +
        " cannot be written or read (" +
        error.code +
        "): give this user the right to, or free the disk, and run the same command again."
    );
}

/** Runs a command. The project is the checkout, or the folder that one stands in. */
function start(command, args) {
    if (Number(process.versions.node.split(".")[0]) < MINIMUM_NODE) {
        say(
            "Node " +
                process.versions.node +
                " is too old: install Node " +
                MINIMUM_NODE +
                " or later from https://nodejs.org/ and run the same command again.",
        );
        process.exitCode = 1;
        return;
    }
    try {
        ensurePackages(ROOT);
        const project = isPackage(ROOT) ? process.cwd() : ROOT;
        // Kept compiled code saves the parse; Node before 22.1 has no such cache.
        const enable = require("module").enableCompileCache;
        if (enable) enable(path.join(project, "node_modules", ".cache", "private-registry", "v8"));
        require(bundle(ROOT, BUNDLES.setup))
            .main({ kit: ROOT, root: project }, command, args)
            .then(function (code) {
                process.exitCode = code;
            });
    } catch (error) {
        say(error.errors ? "The kit's own sources do not build; see above." : startProblem(error));
        process.exitCode = 1;
    }
}

module.exports = {
    BUNDLES,
    acquireLock,
    birthOf,
    bundle,
    bundleOptions,
    ensurePackages,
    fingerprint,
    installedMatches,
    isAlive,
    makeFolder,
    readText,
    start,
    writeAtomically,
};
if (require.main === module) start(process.argv[2], process.argv.slice(3));
