/** Where one is in the page: it stands behind the #, so that no request tells it and the back button works. */

export type Route =
    | { view: "repositories" }
    | { view: "client" }
    | { view: "tags"; repository: string }
    /** A tag or a digest. */
    | { view: "image"; repository: string; reference: string };

/** Names, tags and digests as the distribution specification has them: nothing else comes into a request. */
const PART = "[a-z0-9]+(?:(?:[.]|__?|-+)[a-z0-9]+)*";
const ROUTE = new RegExp(
    `^/(${PART}(?:/${PART})*)(?::(\\w[\\w.-]{0,127})|@([a-z0-9]+(?:[+._-][a-z0-9]+)*:[0-9a-zA-Z=_-]+))?$`,
);

/** @example parseRoute("#/team/app:1.0") // { view: "image", repository: "team/app", reference: "1.0" } */
export function parseRoute(hash: string): Route {
    const path = hash.replace(/^#/, "");
    if (path === "client") return { view: "client" };
    const [, repository = "", tag, digest] = ROUTE.exec(path) ?? [];
    const reference = tag ?? digest;
    if (repository === "") return { view: "repositories" };
    return reference === undefined ? { view: "tags", repository } : { view: "image", repository, reference };
}

/** @example nameOf("team/app", "sha256:…") // "team/app@sha256:…" */
export const nameOf = (repository: string, reference: string): string =>
    `${repository}${reference.includes(":") ? "@" : ":"}${reference}`;

export const linkTo = (repository: string, reference?: string): string =>
    `#/${reference === undefined ? repository : nameOf(repository, reference)}`;
