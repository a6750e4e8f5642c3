/** A client of Nexus's REST API: waits for a server that starts, logs in as admin, says what went wrong. */
import { isMissing, isSilent, NexusError, refused, unreachable } from "./errors";
import type { FirstRunPassword } from "./first-run";

export interface Connection {
    /** `http://127.0.0.1:8081`, without a path. */
    url: string;
    /** Password of the user admin that is to be in force. */
    password: string;
    /** Seconds to wait for a server that starts. */
    timeout: number;
    firstRun: FirstRunPassword;
}

interface Request {
    method: "GET" | "POST" | "PUT" | "DELETE";
    /** Under /service/rest, `/v1/status`. */
    path: string;
    body?: unknown;
    /** Sends the body as it is. @default JSON */
    text?: string;
}

/** What a server that starts or stops may do to a request, so that the same one is worth another try. */
const PASSING = [502, 503];
/** Milliseconds between two tries. */
const PAUSE = 500;
/** Milliseconds that one request may take. */
const LIMIT = 60_000;

const pause = () => new Promise((resolve) => setTimeout(resolve, PAUSE));

interface Answer {
    status: number;
    body: string;
}

export class Nexus {
    /** The password that Nexus takes, once that is known. */
    private password: string | undefined;
    private entry: Promise<void> | undefined;

    constructor(readonly connection: Connection) {}

    get firstRun(): FirstRunPassword {
        return this.connection.firstRun;
    }

    private url(path: string): string {
        return `${this.connection.url}/service/rest${path}`;
    }

    private async once({ method, path, body, text }: Request, password?: string): Promise<Answer> {
        const what = `${method} ${this.url(path)}`;
        const type = text === undefined ? "application/json" : "text/plain";
        const content = text ?? (body === undefined ? undefined : JSON.stringify(body));
        const login = Buffer.from(`admin:${password ?? ""}`).toString("base64");
        try {
            const response = await fetch(this.url(path), {
                method,
                redirect: "error",
                signal: AbortSignal.timeout(LIMIT),
                headers: {
                    Accept: "application/json",
                    ...(content === undefined ? {} : { "Content-Type": type }),
                    ...(password === undefined ? {} : { Authorization: `Basic ${login}` }),
                },
                ...(content === undefined ? {} : { body: content }),
            });
            return { status: response.status, body: await response.text() };
        } catch (error) {
            const { message, cause } = error as Error & { cause?: { code?: string; message?: string } };
            throw new NexusError(0, `${what}: ${cause?.code ?? cause?.message ?? message}`);
        }
    }

    /** Tries again while the server starts. @throws NexusError of status 0 after the time-out */
    private async patiently(request: Request, password?: string): Promise<Answer> {
        const end = Date.now() + this.connection.timeout * 1000;
        for (;;) {
            let last: string;
            try {
                const answer = await this.once(request, password);
                if (!PASSING.includes(answer.status)) return answer;
                last = `the last answer was ${answer.status}`;
            } catch (error) {
                last = (error as Error).message.replace(/^\S+ \S+: /, "");
            }
            if (Date.now() > end) {
                const what = `${request.method} ${this.url(request.path)}`;
                throw unreachable(what, this.connection.timeout, last);
            }
            await pause();
        }
    }

    /** Waits until Nexus can write. */
    async ready(): Promise<void> {
        const request: Request = { method: "GET", path: "/v1/status/writable" };
        const { status, body } = await this.patiently(request);
        if (status !== 200) throw refused(`GET ${this.url(request.path)}`, status, body);
    }

    /** Whether Nexus takes a password, by a request that needs administrator's rights. */
    async takes(password: string): Promise<boolean> {
        const { status, body } = await this.patiently({ method: "GET", path: "/v1/system/eula" }, password);
        if (status === 401) return false;
        // Nexus Pro has no such endpoint, and tells it only to one who is logged in.
        if (status === 200 || status === 404) return true;
        throw refused(`GET ${this.url("/v1/system/eula")}`, status, body);
    }

    /**
     * Finds the password in force: the configured one, another one that may still be, the one of the first start.
     *
     * @throws NexusError of status 401 where Nexus takes none of them
     */
    async login(...others: string[]): Promise<string> {
        await this.ready();
        for (const password of [this.connection.password, ...others]) {
            if (await this.takes(password)) return (this.password = password);
        }
        const first = await this.firstRun.read();
        if (first !== undefined && (await this.takes(first))) return (this.password = first);
        throw refused(`GET ${this.url("/v1/system/eula")}`, 401, "");
    }

    /** Uses a password from now on. */
    use(password: string): void {
        this.password = password;
    }

    private async loggedIn(): Promise<string> {
        if (this.password === undefined) {
            this.entry ??= this.login().then(() => undefined);
            try {
                await this.entry;
            } finally {
                this.entry = undefined;
            }
        }
        return this.password ?? this.connection.password;
    }

    /** @throws NexusError for every status that is not 2xx */
    async request<T = undefined>(request: Request): Promise<T> {
        const { status, body } = await this.patiently(request, await this.loggedIn());
        if (status < 200 || status > 299)
            throw refused(`${request.method} ${this.url(request.path)}`, status, body);
        return (body === "" ? undefined : JSON.parse(body)) as T;
    }

    /** What is at a path, or nothing where Nexus says that there is none. */
    async find<T>(path: string): Promise<T | undefined> {
        try {
            return await this.request<T>({ method: "GET", path });
        } catch (error) {
            if (isMissing(error)) return undefined;
            throw error;
        }
    }

    /** Takes away what is at a path, if anything is. */
    async remove(path: string): Promise<void> {
        try {
            await this.request({ method: "DELETE", path });
        } catch (error) {
            if (!isMissing(error)) throw error;
        }
    }

    /**
     * Reads for a refresh. A Nexus that is not there at all (its container was removed by hand) says nothing about
     * what is in its volume, so what is known stays; the `up` after it starts the container again.
     *
     * @param known what to give back then
     */
    async reading<T>(known: T, work: () => Promise<T>): Promise<T> {
        try {
            await this.once({ method: "GET", path: "/v1/status" });
        } catch (error) {
            if (isSilent(error)) return known;
            throw error;
        }
        return work();
    }
}
