/**
 * The registry's storage as it is, past its users and its network: a registry without users, on the loopback of a container of its
 * own, and where the images are elsewhere rclone beside it.
 */
import { randomBytes } from "node:crypto";

import { withProxy } from "../../components/outbound/proxy-file";
import { CHECK_CONFIG, CHECK_PORT, renderCheckConfig } from "../../components/storage/check";
import { type Remote, remoteOf } from "../../components/storage/rclone";
import { CONFIG_FOLDER } from "../../components/storage/folders";
import { SetupError } from "../../setup/errors";
import type { Beside, Ground } from "../gc/ground";
import { shell } from "../store/broom";
import { ANY_MANIFEST } from "../../address/media-types";

import { type Answer, answersIn } from "./answers";
import { EMPTY_FILES, LIST_FILES, type Listing, readListing, readObjects } from "./listing";

/** Requests on one connection: a command line has an end. */
const BATCH = 200;
/** Connections at once. */
const CONNECTIONS = 4;

/** Waits for the registry, and sends it one request after the other. Its answers are what is printed. */
const ASK = `n=0
until timeout 2 wget -q -O /dev/null http://127.0.0.1:${CHECK_PORT}/ 2> /dev/null; do
    n=$((n + 1))
    [ "$n" -lt 100 ] || exit 1
    sleep 0.1
done
pipe=$(mktemp -u -p /dev/shm)
mkfifo "$pipe"
nc 127.0.0.1 ${CHECK_PORT} < "$pipe" &
exec 3> "$pipe"
for one in "$@"; do
    printf '%s HTTP/1.1\\r\\nHost: localhost\\r\\nAccept: ${ANY_MANIFEST}\\r\\n\\r\\n' "$one" >&3
done
# The last answer closes the connection; until then it must stay open, or the registry would break off.
printf 'GET /v2/ HTTP/1.1\\r\\nHost: localhost\\r\\nConnection: close\\r\\n\\r\\n' >&3
wait $!
exec 3>&-
rm "$pipe"`;

export class Session {
    private constructor(
        private readonly beside: Beside,
        private readonly remote: Remote | undefined,
    ) {}

    /**
     * Runs something on the storage.
     *
     * @param write it may delete: nobody else may write then
     */
    static async with<T>(
        ground: Pick<Ground, "config" | "beside">,
        write: boolean,
        work: (session: Session) => Promise<T>,
    ): Promise<T> {
        const config = await ground.config();
        const remote = remoteOf(config.storage);
        // It signs nothing for others: their secret is none of its arguments.
        const own = renderCheckConfig({ ...config, http: { secret: randomBytes(16).toString("hex") } });
        const script =
            remote === undefined
                ? `printf '%s' '${own.replaceAll("'", `'\\''`)}' > /dev/shm/own.yml; exec /bin/registry serve /dev/shm/own.yml`
                : `${withProxy(CONFIG_FOLDER)}; exec /bin/registry serve ${CONFIG_FOLDER}/${CHECK_CONFIG}`;
        return ground.beside({ script, write, remote }, (beside) => work(new Session(beside, remote)));
    }

    /** Requests, such as `GET /v2/`, and their answers. @param connections 1: one request after the other */
    async ask(requests: readonly string[], connections = CONNECTIONS): Promise<Answer[]> {
        const batches: string[][] = [];
        for (let at = 0; at < requests.length; at += BATCH) batches.push(requests.slice(at, at + BATCH));
        const found: Answer[][] = batches.map(() => []);
        let next = 0;
        const worker = async () => {
            for (let i = next++; i < batches.length; i = next++) {
                const batch = batches[i] ?? [];
                const answers = answersIn(await this.beside.registry(shell(ASK, ...batch)));
                if (answers.length !== batch.length + 1)
                    throw new Error(
                        `the registry answered ${answers.length} of ${batch.length + 1} requests`,
                    );
                found[i] = answers.slice(0, -1);
            }
        };
        await Promise.all(Array.from({ length: connections }, worker));
        return found.flat();
    }

    /** What is there, and when it was written. */
    async list(): Promise<Listing> {
        if (this.remote === undefined)
            return readListing((await this.beside.registry(shell(LIST_FILES))).toString());
        const wanted = ["tags/*/current/link", "revisions/*/*/link"].map((path) => `_manifests/${path}`);
        const text = await this.rclone(
            ["lsjson", "--recursive", "--files-only", "--no-mimetype", "--use-server-modtime", "--fast-list"],
            [...wanted, "_uploads/**"].flatMap((path) => ["--include", `**/${path}`]),
            this.path("repositories"),
        );
        return readObjects(text, Date.now() / 1000);
    }

    /** Takes the folders of repositories away in which nothing is. */
    async removeEmpty(repositories: readonly string[]): Promise<void> {
        if (this.remote === undefined) {
            await this.beside.registry(shell(EMPTY_FILES, ...repositories));
            return;
        }
        for (const one of repositories)
            for (const part of ["_layers", "_uploads", "_manifests"])
                await this.rclone(["delete"], [], this.path(`repositories/${one}/${part}`));
    }

    private path(below: string): string {
        return `${this.remote?.root ?? ""}/docker/registry/v2/${below}`;
    }

    /** @returns what it prints; nothing where the folder is not there */
    private async rclone(command: string[], filters: string[], path: string): Promise<string> {
        const { rclone } = this.beside;
        if (rclone === undefined) throw new Error("the images are in files");
        const script =
            `${withProxy(CONFIG_FOLDER)}; rclone "$@" 2> /tmp/said; code=$?; ` +
            `[ "$code" = 0 ] || cat /tmp/said; echo "== $code"`;
        const common = [
            ...["--config", rclone.conf, "--retries", "3", "--contimeout", "20s"],
            ...(this.remote?.anyCertificate ? ["--no-check-certificate"] : []),
        ];
        const text = await rclone.run(shell(script, ...command, ...common, ...filters, path));
        const code = /== (\d+)\s*$/.exec(text)?.[1];
        // 3: directory not found.
        if (code === "0" || code === "3") return code === "3" ? "" : text.replace(/== \d+\s*$/, "");
        const said = text.trim().split("\n").at(-2) ?? "it says nothing";
        throw new SetupError(`The store cannot be read: ${said.trim().slice(0, 300)}`);
    }
}
