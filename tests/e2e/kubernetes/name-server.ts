/** A name server for the pods of a cluster: the address that kubelet names to them leads to this process. */
import { createSocket, type Socket } from "node:dgram";

import { bridgeAddress } from "../docker";

import type { Cluster } from "./cluster";
import { SERVICES } from "./machines";

/** A Service whose requests this machine takes. @param port of this machine, on every address */
export async function leadHere(
    cluster: Cluster,
    [namespace, name]: readonly [string, string],
    { port, protocol = "TCP", ...spec }: { port: number; protocol?: string; clusterIP?: string; at: number },
): Promise<string> {
    const { at, ...rest } = spec;
    const named = { name, namespace };
    await cluster.apply(
        {
            ...{ apiVersion: "v1", kind: "Service", metadata: named },
            spec: { ...rest, ports: [{ port: at, targetPort: port, protocol }] },
        },
        {
            ...{ apiVersion: "discovery.k8s.io/v1", kind: "EndpointSlice", addressType: "IPv4" },
            metadata: { ...named, labels: { "kubernetes.io/service-name": name } },
            endpoints: [{ addresses: [await bridgeAddress()] }],
            ports: [{ port, protocol }],
        },
    );
    const args = ["get", "service", name, "--namespace", namespace];
    return cluster.kubectl(...args, "--output=jsonpath={.spec.clusterIP}");
}

/** An answer to one question (RFC 1035 section 4.1): the address, or that there is no such name. */
function answer(question: Buffer, address: string | undefined): Buffer {
    // The name's labels, their end, type and class.
    const asked = question.subarray(12, question.indexOf(0, 12) + 5);
    const header = Buffer.alloc(12);
    question.copy(header, 0, 0, 2);
    header.writeUInt16BE(address === undefined ? 0x8183 : 0x8180, 2);
    header.writeUInt16BE(1, 4);
    header.writeUInt16BE(address === undefined ? 0 : 1, 6);
    const found = [0xc0, 12, 0, 1, 0, 1, 0, 0, 0, 5, 0, 4, ...(address ?? "").split(".").map(Number)];
    return Buffer.concat([header, asked, ...(address === undefined ? [] : [Buffer.from(found)])]);
}

const nameIn = (question: Buffer): string => {
    const labels: string[] = [];
    for (let at = 12; question[at]; at += (question[at] ?? 0) + 1)
        labels.push(question.toString("latin1", at + 1, at + 1 + (question[at] ?? 0)));
    return labels.join(".");
};

export class NameServer {
    private readonly socket: Socket = createSocket("udp4");

    /** @param names host name → IPv4 address */
    private constructor(names: ReadonlyMap<string, string>) {
        this.socket.on("message", (question, { address, port }) =>
            this.socket.send(answer(question, names.get(nameIn(question))), port, address),
        );
    }

    static async start(cluster: Cluster, names: ReadonlyMap<string, string>): Promise<NameServer> {
        const server = new NameServer(names);
        // At the one address that it is asked at: an answer from another one would be nobody's.
        const address = await bridgeAddress();
        await new Promise<void>((done) => server.socket.bind(0, address, done));
        const { port } = server.socket.address();
        await leadHere(cluster, ["kube-system", "kube-dns"], {
            ...{ port, protocol: "UDP", at: 53, clusterIP: SERVICES.dns },
        });
        return server;
    }

    dispose(): Promise<void> {
        return new Promise((done) => this.socket.close(done));
    }
}
