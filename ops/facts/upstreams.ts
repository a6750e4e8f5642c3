/** Whether the mirrors reach what they mirror. A client is told "manifest unknown" where they do not. */
import { hostAndPort } from "../../address/address";
import type { MirrorAccess } from "../../components/mirror/mirror";
import type { Endpoint } from "../../engine/endpoint";
import { messageOf } from "../../setup/errors";

import { type Answer, RegistryApi, type RegistryTarget } from "../shared/registry-api";

import { holderOf, listContainers } from "./published";
import { engineAddress } from "./stack-facts";

type Mirrors = Readonly<Record<string, MirrorAccess>>;
/** Name of a mirror that does not reach its upstream → why. */
type Problems = Record<string, string>;

/** No blob has this digest: a mirror that lacks one asks its upstream, and of a failure it gives the reason (3.1.2). */
const NO_BLOB = `/v2/private-registry-doctor/blobs/sha256:${"0".repeat(64)}`;

/** Milliseconds. Packets that a firewall drops would be waited for much longer. */
const LIMIT = 8_000;

/** What to do where a mirror does not reach its upstream. @param onCluster its pods ask the cluster's own name server */
export const upstreamFix = (onCluster: boolean): string =>
    `images that it has are served on; for others open the way, or set \`proxy.https\`, \`extraHosts\`${onCluster ? "" : ", `dnsServers`"} or the mirror's \`ca\` (docs/mirrors.md)`;

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

/** What a registry says of a blob that nobody has, or why it says nothing. */
async function asked(target: RegistryTarget): Promise<Pick<Answer, "status" | "body"> | string> {
    const api = new RegistryApi(target);
    let timer: NodeJS.Timeout | undefined;
    const late = new Promise<string>((done) => {
        timer = setTimeout(() => done(`no answer of it in ${LIMIT / 1000} s`), LIMIT);
    });
    const answer = api
        .ask(NO_BLOB)
        .catch((error: unknown) => `the mirror itself does not answer: ${messageOf(error)}`);
    try {
        return await Promise.race([answer, late]);
    } finally {
        clearTimeout(timer);
        api.close();
    }
}

/** Why a mirror does not reach its upstream; undefined where it does. */
async function upstreamProblem(target: RegistryTarget): Promise<string | undefined> {
    const answer = await asked(target);
    if (typeof answer === "string") return answer;
    // The upstream knows no such blob, or wants a login: either way it answered.
    return answer.status >= 500 ? reasonIn(answer.body.toString("utf8")) : undefined;
}

/** @param addressOf where a mirror is reached from here; nothing for one that cannot be asked */
async function problemsOf(
    mirrors: Mirrors,
    caPem: string,
    addressOf: (endpoint: URL) => string | undefined,
): Promise<Problems> {
    const found = await Promise.all(
        Object.entries(mirrors).map(async ([name, access]) => {
            const endpoint = new URL(access.endpoint);
            const address = addressOf(endpoint);
            if (address === undefined) return [];
            const problem = await upstreamProblem({ endpoint, address, caPem });
            return problem === undefined ? [] : [[name, problem] as const];
        }),
    );
    return Object.fromEntries(found.flat());
}

/** Of the mirrors on an Engine. One that is reached on the deployment's network alone cannot be asked from here. */
export async function upstreamProblems(engine: Endpoint, mirrors: Mirrors, caPem: string): Promise<Problems> {
    if (Object.keys(mirrors).length === 0) return {};
    const containers = await listContainers(engine);
    return problemsOf(mirrors, caPem, (endpoint) => {
        const holder = holderOf(containers, hostAndPort(endpoint).port);
        return holder && engineAddress(engine, holder.ip);
    });
}

/**
 * Of the mirrors of a cluster, all of which the front shows: they are asked at its address, since whether a mirror's own name leads
 * there is the clients' name servers' matter.
 *
 * @param front the registry, where it is looked for from here
 * @returns nothing where they cannot be asked: no registry of this certificate answers there
 */
export async function upstreamProblemsBehind(
    front: RegistryTarget,
    mirrors: Mirrors,
): Promise<Problems | undefined> {
    if (Object.keys(mirrors).length === 0) return {};
    if (typeof (await asked(front)) === "string") return undefined;
    return problemsOf(mirrors, front.caPem, () => front.address);
}

/** A sentence for each mirror that does not reach its upstream. */
export const upstreamSentences = (
    problems: Readonly<Problems>,
    mirrors: Mirrors,
    onCluster: boolean,
): string[] =>
    Object.entries(problems).map(
        ([name, why]) =>
            `The mirror ${name} does not reach ${mirrors[name]?.upstream}: ${why}. Docker says "manifest unknown" then: ${upstreamFix(onCluster)}.`,
    );
