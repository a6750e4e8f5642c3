/** What a client must do to use the registry, as text to read and paste. Pure. */
import { stringify } from "yaml";

import { needsName, pathWord } from "../address/address";
import { type Change, clientPlan, type Plan, type PlanFacts } from "./plan";

export interface ClientFacts {
    /** `docker.example.com` or `docker.example.com:8443`, as in image names. */
    address: string;
    /** The name alone. */
    domain: string;
    tls: boolean;
    /** Clients trust the certificate already. @default false */
    trusted?: boolean | undefined;
}

/** Name of the certificate's file in the snippets; `npm run up` and the README say how to get it. */
const CA = "ca.crt";

const folderOf = (path: string) => path.replace(/[/\\][^/\\]*$/, "");

/** The commands or the text for one change, for a reader who makes it by hand. */
export function changeLines(change: Change, caPem: string): string[] {
    switch (change.kind) {
        case "file": {
            const { path, content } = change;
            if (path.includes("\\")) return [`md -Force ${folderOf(path)}`, `cp ${CA} ${path}`];
            const make = `mkdir -p ${pathWord(folderOf(path))}`;
            if (content === caPem) return [make, `cp ${CA} ${pathWord(path)}`];
            return [make, `cat > ${pathWord(path)} <<'END'\n${content}END`];
        }
        case "list":
            return [`# add to ${change.path}:`, JSON.stringify({ [change.key]: change.values })];
        case "option":
            return [
                `# add to DOCKER_OPTS in ${change.path}:`,
                `DOCKER_OPTS="--${change.option} ${change.value}"`,
            ];
        case "block":
            return [
                `mkdir -p ${pathWord(folderOf(change.path))}`,
                `cat >> ${pathWord(change.path)} <<'END'\n${change.block}END`,
            ];
        case "yaml": {
            const value = change.at.reduceRight<unknown>((below, key) => ({ [key]: below }), change.value);
            return [`# add to ${change.path}:`, stringify(value).trimEnd()];
        }
        case "host":
            return [`echo '${change.address} ${change.name}' >> ${change.path}`];
    }
}

/** A whole plan by hand. */
export function planText(plan: Plan, caPem: string): string {
    const commands = plan.after.map(({ command }) => command.map(pathWord).join(" "));
    return [...plan.changes.flatMap((change) => changeLines(change, caPem)), ...commands].join("\n");
}

/** Stands for the certificate, whose text the snippets do not need. */
const SOME_CA = CA;

/**
 * Snippets by client.
 *
 * With TLS: how to trust the CA (docs.docker.com/engine/security/certificates, containerd docs/hosts.md,
 * containers-certs.d(5)). Without: how to allow plain HTTP. With a certificate that everyone trusts: that there is nothing to do.
 */
export function clientSetup({ address, domain, tls, trusted = false }: ClientFacts): Record<string, string> {
    const facts: PlanFacts = { address, tls, caPem: tls ? SOME_CA : "" };
    const text = (...args: Parameters<typeof clientPlan>) => planText(clientPlan(...args), facts.caPem);
    const line = `echo 'IP_OF_THE_REGISTRY ${domain}' >> /etc/hosts   # only where DNS does not know ${domain}`;
    const hosts: Record<string, string> = needsName(domain) ? { hosts: line } : {};
    if (tls && trusted)
        return {
            ...hosts,
            anyClient: `# nothing to install: every client trusts the certificate of ${address}`,
        };
    const daemons = {
        containerd: text("containerd", "linux", facts),
        podman: text("podman", "linux", facts),
        dockerRootless: text("docker-rootless", "linux", facts),
        buildkit: text("buildkit", "linux", facts),
        helm: text("helm", "linux", facts),
        k3s: text("k3s", "linux", facts),
        rke2: text("rke2", "linux", facts),
    };
    if (!tls) {
        return {
            ...hosts,
            systemd: text("docker", "linux", facts),
            upstart: text("docker", "linux", facts, { upstart: true }),
            dockerDesktop: text("docker-desktop", "macos", facts),
            ...daemons,
        };
    }
    return {
        ...hosts,
        docker: text("docker", "linux", facts),
        ...daemons,
        debian: text("system", "linux", facts),
        redhat: text("system", "linux", facts, { store: "redhat" }),
        macos: `${text("system", "macos", facts)}   # as root; then restart Docker Desktop`,
        windows: `${text("system", "windows", facts)}   # as administrator; then restart Docker Desktop`,
    };
}
