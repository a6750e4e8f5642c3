// The types of start.cjs, which is plain JavaScript because it runs before TypeScript can.

/** Takes the lock file, waiting for its holder; returns the function that releases it. */
export function acquireLock(file: string, waitingFor: string): () => void;
/** Tells a process from a later one of the same number; "" where the system does not say. */
export function birthOf(pid: number): string;
/** Path of a bundle of TypeScript, built anew when a source changed; `external` packages stay outside. */
export function bundle(root: string, what: Bundle): string;
/** How one is built, by esbuild. */
export function bundleOptions(root: string, what: Bundle, outfile: string): object;
export interface Bundle {
    name: string;
    entry: string;
    sources: string[];
    external?: string[];
}
/** Every bundle by its name. */
export const BUNDLES: Readonly<Record<"setup" | "program" | "package", Bundle>>;
/** Makes node_modules what package-lock.json says. */
export function ensurePackages(root: string): void;
/** Changes whenever a file under `paths` (relative to `root`) is added, removed or edited. */
export function fingerprint(root: string, paths: string[]): string;
/** Whether npm's record of what is installed matches the lock file; both as JSON text. */
export function installedMatches(lockText: string, installedText: string | undefined): boolean;
/** Whether a process of this machine is running. */
export function isAlive(pid: number): boolean;
/** Makes a folder and those above it; throws where the file system takes none. */
export function makeFolder(folder: string, mode?: number): void;
/** A file's text, or undefined when there is none. */
export function readText(file: string): string | undefined;
/** Writes a file through a temporary name; mode defaults to 0644. */
export function writeAtomically(file: string, text: string, mode?: number): void;
