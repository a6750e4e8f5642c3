/** The docker command line as a client, and a look into the Engine. */
import { randomBytes } from "node:crypto";
import { mkdtempSync, rmSync } from "node:fs";
import { networkInterfaces, tmpdir } from "node:os";
import { join } from "node:path";

import { OWNER_LABEL } from "../../components/deployment/hardening";
import { REGISTRY_IMAGE } from "./images";
import { tar } from "../../engine/tar";

import { must, type Result, run } from "./run";

/** What `docker inspect` says of a container, as far as the tests read it. */
export interface Container {
    Id: string;
    State: {
        Status: string;
        Running: boolean;
        StartedAt: string;
        ExitCode: number;
        Health?: { Status: string };
    };
    RestartCount: number;
    Mounts: { Type: string; Name?: string; Source: string }[];
    HostConfig: Record<string, unknown>;
    NetworkSettings: { Networks: Record<string, { IPAddress: string }> };
}

/** A docker client with logins of its own. */
export class DockerClient {
    private readonly folder = mkdtempSync(join(tmpdir(), "private-registry-e2e-docker-"));
    private readonly images: string[] = [];
    readonly env: NodeJS.ProcessEnv = { ...process.env, DOCKER_CONFIG: this.folder };

    run(args: string[], input?: string): Promise<Result> {
        return run("docker", args, { env: this.env, input });
    }

    must(args: string[], input?: string | Buffer): Promise<string> {
        return must("docker", args, { env: this.env, input });
    }

    login(address: string, user: string, password: string): Promise<Result> {
        return this.run(["login", "--username", user, "--password-stdin", address], password);
    }

    /** Makes an image of one random file under a name that a registry takes. */
    async image(reference: string, bytes = 200_000): Promise<string> {
        const archive = await tar([{ path: "file", mode: 0o644, content: randomBytes(bytes) }]);
        this.images.push(reference);
        return (await this.must(["import", "-", reference], archive)).trim();
    }

    /** Removes the local image, so that the next pull must fetch it. */
    async forget(reference: string): Promise<void> {
        await this.must(["rmi", "--force", reference]);
    }

    async dispose(): Promise<void> {
        for (const image of this.images) await this.run(["rmi", "--force", image]);
        rmSync(this.folder, { recursive: true, force: true });
    }
}

export const docker = (...args: string[]): Promise<string> => must("docker", args);

const lines = (text: string): string[] => text.split("\n").filter((line) => line !== "");

/** Names of what a deployment has in the Engine, such as `volume private-registry-x-data`. */
export async function objectsOf(prefix: string): Promise<string[]> {
    const filter = ["--filter", `label=${OWNER_LABEL}=${prefix}`];
    const [containers, networks, volumes] = await Promise.all([
        docker("ps", "--all", ...filter, "--format", "container {{.Names}}"),
        docker("network", "ls", ...filter, "--format", "network {{.Name}}"),
        docker("volume", "ls", ...filter, "--format", "volume {{.Name}}"),
    ]);
    return [...lines(containers), ...lines(networks), ...lines(volumes)].sort();
}

/** Lines of the access log of a stack's front, and what nginx itself says. @param prefix of the stack */
export async function frontLog(prefix: string): Promise<{ requests: string[]; errors: string }> {
    const script = "cd /var/log/front && { zcat 2*.gz; cat 2*.jsonl; cat current.jsonl; } 2> /dev/null";
    const requests = await docker("exec", `${prefix}-front`, "sh", "-c", script);
    return {
        requests: requests.split("\n").filter(Boolean),
        errors: (await run("docker", ["logs", `${prefix}-front`])).screen,
    };
}

/** Removes a deployment's objects, whatever state they are in. */
export async function removeObjects(objects: readonly string[]): Promise<void> {
    for (const kind of ["container", "network", "volume"]) {
        const names = objects.filter((o) => o.startsWith(`${kind} `)).map((o) => o.slice(kind.length + 1));
        if (names.length > 0) await docker(kind, "rm", ...(kind === "network" ? [] : ["--force"]), ...names);
    }
}

export async function inspect(name: string): Promise<Container> {
    const [container] = JSON.parse(await docker("container", "inspect", name)) as Container[];
    if (container === undefined) throw new Error(`docker inspect ${name} says nothing`);
    return container;
}

/** Ends a container by its process, as a fault does: what `docker kill` ends, the Engine takes for stopped by hand, and leaves. */
export async function crash(name: string): Promise<void> {
    const pid = Number(await docker("inspect", "--format", "{{.State.Pid}}", name));
    if (pid > 0) process.kill(pid, "SIGKILL");
}

/** Volumes without a name of their own that a container made beside its named ones. */
export async function anonymousVolumes(prefix: string): Promise<string[]> {
    const containers = (await objectsOf(prefix)).filter((o) => o.startsWith("container "));
    const found = await Promise.all(containers.map((o) => inspect(o.slice("container ".length))));
    return found
        .flatMap(({ Mounts }) => Mounts.map(({ Name }) => Name ?? ""))
        .filter((name) => /^[0-9a-f]{64}$/.test(name));
}

/**
 * What happened to a container since a time: `die 0` is an end with exit code 0, `kill 15` the signal SIGTERM.
 *
 * @param since seconds since 1970
 */
export async function eventsOf(name: string, since: number): Promise<string[]> {
    const attribute = (key: string) => `{{index .Actor.Attributes "${key}"}}`;
    const text = await docker(
        "events",
        ...["--since", since.toFixed(3), "--until", (Date.now() / 1000).toFixed(3)],
        ...["--filter", "type=container", "--filter", `container=${name}`],
        ...["--format", `${attribute("name")} {{.Action}} ${attribute("exitCode")}${attribute("signal")}`],
    );
    // The Engine's own filter takes longer names that begin alike, too.
    return lines(text)
        .map((line) => line.trim().split(" "))
        .filter(([of]) => of === name)
        .map(([, ...event]) => event.join(" "))
        .filter((event) => /^(create|start|kill|die|destroy)\b/.test(event));
}

/**
 * The address at which containers of every network reach this machine: the default bridge's. Asked of the Engine, since
 * the system lists no address of a bridge that has no container.
 */
export async function bridgeAddress(): Promise<string> {
    const text = await docker("network", "inspect", "bridge", "--format", "{{json .IPAM.Config}}");
    const [config] = JSON.parse(text) as { Subnet: string; Gateway?: string }[];
    if (config === undefined) throw new Error("The Engine has no default bridge: these tests need one.");
    // Engines before 28 name the gateway only where somebody chose it; else it is the subnet's first address.
    return config.Gateway ?? config.Subnet.replace(/\d+\/\d+$/, "1");
}

/** An address of this machine at which Docker asks for a certificate: not one of 127.0.0.0/8. */
export function outerAddress(): string {
    const addresses = Object.values(networkInterfaces()).flatMap((list) => list ?? []);
    const outer = addresses.find(({ family, internal }) => family === "IPv4" && !internal);
    if (outer === undefined) throw new Error("This machine has no address but the loopback's.");
    return outer.address;
}

/** Runs a shell script as root on the Engine's machine, in its /etc. */
const inEtc = (script: string, input = ""): Promise<string> =>
    must(
        "docker",
        [
            ...["run", "--rm", "--interactive", "--network", "none", "--volume", "/etc/docker:/etc/docker"],
            ...["--entrypoint", "/bin/sh", REGISTRY_IMAGE, "-ec", script],
        ],
        { input },
    );

/** Has the Engine trust a CA for one registry, as the README says; by a container, since a user may not be root. */
export async function trustCa(address: string, caPem: string): Promise<void> {
    const folder = `/etc/docker/certs.d/${address}`;
    await inEtc(`mkdir -p ${folder}; cat > ${folder}/ca.crt`, caPem);
}

export async function distrustCa(address: string): Promise<void> {
    // The folder above it goes too where it is empty: then the test made it.
    await inEtc(`cd /etc/docker; rm -rf certs.d/${address}; rmdir certs.d 2>/dev/null || true`);
}
