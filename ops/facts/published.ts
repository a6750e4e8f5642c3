import { hostAndPort } from "../../address/address";
import { callEngine } from "../../engine/http";
import type { Endpoint } from "../../engine/endpoint";
import { engineAddress, type StackFacts } from "./stack-facts";

/** A container as the Engine lists it. */
export interface Listed {
    Names: string[];
    State: string;
    Status: string;
    Labels: Record<string, string>;
    Ports: { IP?: string; PublicPort?: number; Type: string }[];
}

export async function listContainers(engine: Endpoint): Promise<Listed[]> {
    const answer = await callEngine(engine, { path: "/containers/json?all=1" });
    return answer.status === 200 ? (JSON.parse(answer.body) as Listed[]) : [];
}

/** The container that has a port of the Engine's host, and the address it is bound to. */
export function holderOf(
    containers: readonly Listed[],
    port: number,
): { name: string; ip: string } | undefined {
    for (const { Names, Ports } of containers) {
        const found = Ports.find(({ PublicPort, Type }) => PublicPort === port && Type === "tcp");
        if (found) return { name: Names[0]?.replace(/^\//, "") ?? "", ip: found.IP ?? "0.0.0.0" };
    }
    return undefined;
}

/** Address at which this machine reaches the stack's registry. */
export async function publishedAddress(facts: StackFacts): Promise<string> {
    // A cluster's addresses are known to its clients alone, by the name that they have been given.
    if (facts.stack.settings.target === "kubernetes") return hostAndPort(facts.endpoint).host;
    const containers = facts.engineProblem === undefined ? await listContainers(facts.engine) : [];
    return engineAddress(facts.engine, holderOf(containers, hostAndPort(facts.endpoint).port)?.ip);
}
