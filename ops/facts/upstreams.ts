/** Whether the mirrors reach what they mirror. A client is told "manifest unknown" where they do not. */
import { hostAndPort } from "../../address/address";
import type { MirrorAccess } from "../../components/mirror/mirror";
import type { Endpoint } from "../../engine/endpoint";
import { messageOf } from "../../setup/errors";

import { RegistryApi, type RegistryTarget } from "../shared/registry-api";

import { holderOf, listContainers } from "./published";
import { engineAddress } from "./stack-facts";

/** No blob has this digest: a mirror that lacks one asks its upstream, and of a failure it gives the reason (3.1.2). */
const NO_BLOB = `/v2/private-registry-doctor/blobs/sha256:${"0".repeat(64)}`;

/** Milliseconds. Packets that a firewall drops would be waited for much longer. */
const LIMIT = 8_000;

/** What to do where a mirror does not reach its upstream. */
export const UPSTREAM_FIX =
    "images that it has are served on; for others open the way, or set `proxy.https`, `extraHosts`, `dnsServers` or the mirror's `ca` (docs/mirrors.md)";

/** The reason out of a mirror's answer, without the request that it made and a login in its URL. */
export function reasonIn(body: string): string {
    let detail: unknown;
    try {
        const { errors } = JSON.parse(body) as { errors?: { detail?: unknown; message?: string }[] };
        detail = errors?.[0]?.detail ?? errors?.[0]?.message;
    } catch {
        // Not the registry's own form: the text itself.
    }
    const text = typeof detail === "string" && detail !== "" ? detail : body.trim().slice(0, 200);
    return text.replace(/^Get "[^"]*": /, "").replace(/\/\/[^/@\s"]*@/g, "//");
}

/** Why a mirror does not reach its upstream; undefined where it does. */
export async function upstreamProblem(target: RegistryTarget): Promise<string | undefined> {
    const api = new RegistryApi(target);
    let timer: NodeJS.Timeout | undefined;
    const late = new Promise<string>((done) => {
        timer = setTimeout(() => done(`no answer of it in ${LIMIT / 1000} s`), LIMIT);
    });
    const asked = api.ask(NO_BLOB).then(
        // The upstream knows no such blob, or wants a login: either way it answered.
        ({ status, body }) => (status >= 500 ? reasonIn(body.toString("utf8")) : undefined),
        (error: unknown) => `the mirror itself does not answer: ${messageOf(error)}`,
    );
    try {
        return await Promise.race([asked, late]);
    } finally {
        clearTimeout(timer);
        api.close();
    }
}

/** @returns name of a mirror that does not reach its upstream → why */
export async function upstreamProblems(
    engine: Endpoint,
    mirrors: Readonly<Record<string, MirrorAccess>>,
    caPem: string,
): Promise<Record<string, string>> {
    const all = Object.entries(mirrors);
    if (all.length === 0) return {};
    const containers = await listContainers(engine);
    const found = await Promise.all(
        all.map(async ([name, access]) => {
            const endpoint = new URL(access.endpoint);
            const holder = holderOf(containers, hostAndPort(endpoint).port);
            // One that is reached on the deployment's network alone cannot be asked from here.
            if (holder === undefined) return [];
            const address = engineAddress(engine, holder.ip);
            const problem = await upstreamProblem({ endpoint, address, caPem });
            return problem === undefined ? [] : [[name, problem] as const];
        }),
    );
    return Object.fromEntries(found.flat());
}

/** A sentence for each mirror that does not reach its upstream. */
export const upstreamSentences = (
    problems: Readonly<Record<string, string>>,
    mirrors: Readonly<Record<string, MirrorAccess>>,
): string[] =>
    Object.entries(problems).map(
        ([name, why]) =>
            `The mirror ${name} does not reach ${mirrors[name]?.upstream}: ${why}. Docker says "manifest unknown" then: ${UPSTREAM_FIX}.`,
    );
