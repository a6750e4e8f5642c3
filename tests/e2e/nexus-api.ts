/** Nexus as a test sees it, past the kit. */
export class NexusApi {
    /** @param url `http://127.0.0.1:PORT` */
    constructor(
        readonly url: string,
        readonly password: string,
    ) {}

    /** @param path under /service/rest, or a whole one that begins with /repository */
    async ask(
        method: string,
        path: string,
        body?: unknown,
        login = `admin:${this.password}`,
    ): Promise<Response> {
        const base = path.startsWith("/repository/") ? "" : "/service/rest";
        return fetch(`${this.url}${base}${path}`, {
            method,
            headers: {
                ...(login === "" ? {} : { Authorization: `Basic ${Buffer.from(login).toString("base64")}` }),
                ...(body === undefined ? {} : { "Content-Type": "application/json" }),
            },
            ...(body === undefined ? {} : { body: JSON.stringify(body) }),
        });
    }

    async get<T>(path: string): Promise<T> {
        const response = await this.ask("GET", path);
        if (!response.ok)
            throw new Error(`GET ${path} answered ${response.status}: ${await response.text()}`);
        return (await response.json()) as T;
    }

    async must(method: string, path: string, body?: unknown): Promise<void> {
        const response = await this.ask(method, path, body);
        if (!response.ok)
            throw new Error(`${method} ${path} answered ${response.status}: ${await response.text()}`);
    }

    /** `docker hosted docker-hosted`, sorted. */
    async repositories(): Promise<string[]> {
        const all = await this.get<{ name: string; format: string; type: string }[]>("/v1/repositories");
        return all.map(({ name, format, type }) => `${format} ${type} ${name}`).sort();
    }

    /** What a Maven client does: puts a file where its coordinates say. */
    async uploadPom(repository: string, artifact: string): Promise<void> {
        const pom = `<project><modelVersion>4.0.0</modelVersion><groupId>test</groupId><artifactId>${artifact}</artifactId><version>1.0</version></project>`;
        const response = await fetch(
            `${this.url}/repository/${repository}/test/${artifact}/1.0/${artifact}-1.0.pom`,
            {
                method: "PUT",
                headers: {
                    Authorization: `Basic ${Buffer.from(`admin:${this.password}`).toString("base64")}`,
                    "Content-Type": "application/xml",
                },
                body: pom,
            },
        );
        if (!response.ok) throw new Error(`The upload answered ${response.status}: ${await response.text()}`);
    }
}
