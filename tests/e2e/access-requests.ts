/** Who asks for what, in every way to write it (front-access.test.ts). */
import type { Who } from "./access-oracle";
import { DOMAIN } from "./stack";

export const secretOf = (name: string) => `the password of ${name}`;

export const PEOPLE: Record<string, Who> = {
    admin: { name: "admin", role: "push" },
    reader: { name: "reader", role: "pull" },
    team: { name: "team", role: "push", repositories: ["team-a/*", "shared/base"] },
    watcher: { name: "watcher", role: "pull", repositories: ["team-a/*"] },
    nobody: { role: "none" },
};
const METHODS = ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"];
export const REPOSITORIES = ["team-a/app", "team-ab/app", "secret/repo", "shared/base", "shared/base/more"];
const ABSENT = `sha256:${"0".repeat(64)}`;

export interface Request {
    method: string;
    target: string;
    who: string;
}

/** Every way to write a path of one end-point of a repository. */
const paths = (repository: string, endpoint: string, reference: string): string[] => {
    const path = `/v2/${repository}/${endpoint}${reference}`;
    const [above = "", below = ""] = repository.split("/");
    return [
        path,
        path.replace(":", "%3A"),
        path.replace(`${above}/`, `${above}%2F`),
        path.replace(above, `%${above.charCodeAt(0).toString(16)}${above.slice(1)}`),
        path.replace("/v2/", "/v2//"),
        path.replace("/v2/", "/v2/./"),
        path.replace("/v2/", "/v2/team-a/../"),
        path.replace("/v2/", "/v2/team-a/%2e%2e/"),
        path.replace("/v2/", "/v2/team-a/blobs/uploads/"),
        path.replace("/v2/", "/v2/team-a/manifests/"),
        path.replace(below, below.toUpperCase()),
        path.replace("/v2/", "/V2/"),
        `${path}/`,
        `${path}#`,
        `${path}#/../../../team-a/app/manifests/1`,
        `${path};from=team-a/app`,
        `${path}\\`,
        `${path}%00`,
        `${path}%0a`,
        `${path}\u00e9`,
        `http://${DOMAIN}${path}`,
    ];
};

/** Every way to write a query that mounts a blob of one repository. */
const queries = (from: string, digest: string): string[] => {
    const mount = `mount=${digest}`;
    const encoded = from.replace("/", "%2F");
    return [
        "",
        "?",
        "?#",
        "?n=5&last=a%2Fb",
        `?${mount}&from=${from}`,
        `?from=${from}&${mount}`,
        `?from=${encoded}&${mount.replace(":", "%3A")}`,
        `?ns=docker.io&${mount}&from=${encoded}&_state=x==`,
        `?#&${mount}&from=${from}`,
        `#?${mount}&from=${from}`,
        `?x=#&${mount}&from=${from}`,
        `?%23&${mount}&from=${from}`,
        `?from=team-a/app&${mount}&from=${from}`,
        `?from=${from}&${mount}&from=team-a/app`,
        `?from=team-a/app;x&from=${from}&${mount}`,
        `?from=team-a/app;from=${from}&${mount}`,
        `?From=team-a/app&from=${from}&${mount}`,
        `?FROM=${from}&MOUNT=${digest}`,
        `?%66rom=${from}&${mount}`,
        `?fro%6D=${encoded}&%6Dount=${digest}`,
        `?from=%73${from.slice(1)}&${mount}`,
        `?from=team-a/../${from}&${mount}`,
        `?from=team-a%2F..%2F${encoded}&${mount}`,
        `?from&from=${from}&${mount}`,
        `?from=&from=${from}&${mount}`,
        `?from=+&from=${from}&${mount}`,
        `?&&${mount}&&from=${from}&&`,
        `?from[]=team-a/app&from=${from}&${mount}`,
        `?from%00=team-a/app&from=${from}&${mount}`,
        `?from%20=team-a/app&from=${from}&${mount}`,
        `?%zz=1&from=${from}&${mount}`,
        `?a=%&from=${from}&${mount}`,
        `?${mount}&from=${from}?from=team-a/app`,
        `?${mount}&from=${from}\\`,
        `?${mount}&from=${from}\u00ff`,
    ];
};

/** @param blobs repository → a blob in it */
export const requests = (blobs: ReadonlyMap<string, string>): Request[] => {
    const all: Request[] = [];
    const people = Object.keys(PEOPLE);
    const add = (method: string, target: string) => {
        for (const who of people) all.push({ method, target, who });
    };
    for (const method of METHODS) {
        for (const target of ["/v2/", "/v2/_catalog", "/v2/?x=1", "/v2/_catalog?n=1", "/v2/_Catalog"])
            add(method, target);
        for (const repository of REPOSITORIES)
            for (const end of [
                "tags/list",
                "manifests/none",
                `blobs/${ABSENT}`,
                `referrers/${ABSENT}`,
                "blobs/uploads/",
                "blobs/uploads/none",
                "nothing",
            ])
                add(method, `/v2/${repository}/${end}`);
    }
    for (const repository of ["team-a/app", "secret/repo"]) {
        const digest = blobs.get(repository) ?? "";
        for (const [method, end, reference] of [
            ["GET", "tags/list", ""],
            ["GET", "blobs/", digest],
            ["HEAD", "blobs/", digest],
            ["POST", "blobs/uploads/", ""],
            ["DELETE", "manifests/", "none"],
        ] as const)
            for (const path of paths(repository, end, reference)) add(method, path);
        for (const query of queries(repository, digest))
            for (const [method, path] of [
                ["POST", "/v2/team-a/taken/blobs/uploads/"],
                ["POST", "/v2/secret/taken/blobs/uploads/"],
                ["POST", "/v2/team-a/taken/blobs/uploads/none"],
                ["GET", "/v2/secret/repo/tags/list"],
                ["PUT", "/v2/team-a/taken/blobs/uploads/"],
            ] as const)
                add(method, path + query);
    }
    return all;
};

export interface Answer {
    status: number;
    body: string;
}

/** Which of the verdicts an answer is. */
export function verdictOf({ status, body }: Answer, method: string): string {
    if (status === 401) return "login";
    if (status === 403) return "denied";
    if (method === "HEAD") return status === 400 ? "malformed" : status === 404 ? "unknown" : "registry";
    if (status === 400 && /no registry client sends|at most 255|<html>/.test(body)) return "malformed";
    if (status === 404 && body.includes("no end-point")) return "unknown";
    return "registry";
}
