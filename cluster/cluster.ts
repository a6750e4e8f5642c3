/** A namespace of a Kubernetes cluster, through the operator's own kubectl: its login, its plugins for logins, its proxy. */
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { clusterSentence } from "../setup/cluster-errors";
import { SetupError } from "../setup/errors";
import { run, type RunOptions, type RunResult, which } from "../setup/run";

/** Which cluster, and what of it. */
export interface ClusterAccess {
    /** Of the kubeconfig. @default the current one */
    context?: string | undefined;
    /** Text of a kubeconfig. Secret. @default KUBECONFIG, or ~/.kube/config, as kubectl has it */
    kubeconfig?: string | undefined;
    namespace: string;
}

/** What every object has, as far as the kit looks at it. */
export interface ClusterObject {
    apiVersion: string;
    kind: string;
    metadata: {
        name: string;
        namespace?: string;
        uid?: string;
        resourceVersion?: string;
        creationTimestamp?: string;
        deletionTimestamp?: string;
        labels?: Record<string, string>;
        annotations?: Record<string, string>;
        ownerReferences?: { apiVersion: string; kind: string; name: string; uid: string }[];
    };
}

/**
 * A command that gets something on its standard input. On a busy node that has come to nothing once in a while, and the command took it for
 * its end: so an empty line comes first, without which it does not begin.
 */
const WITH_INPUT = 'read -r begin || exit 97; exec "$@"';
const LOST = /^command terminated with exit code 97$/m;
const TRIES = 5;

const SIGNALS: readonly NodeJS.Signals[] = ["SIGINT", "SIGTERM", "SIGHUP"];

/** A cluster that does not answer ends a command within this time. */
const ANSWER_SECONDS = 15;

/** What kubectl could not do. Its message is one sentence. */
export class ClusterRefused extends SetupError {
    /**
     * @param reason as the API server names it (apimachinery, pkg/apis/meta/v1/types.go, StatusReason): "AlreadyExists", "Conflict",
     * "Forbidden"; nothing where no server answered
     */
    constructor(
        message: string,
        readonly reason: string | undefined,
    ) {
        super(message);
    }
}

/** @param said by kubectl, on its standard error */
function refused(verb: string, said: string): ClusterRefused {
    const reason = /^Error from server \((\w+)\)/m.exec(said)?.[1];
    const last = said.trim().split("\n").at(-1) ?? "";
    return new ClusterRefused(
        clusterSentence(said) ?? `kubectl ${verb} failed: ${last.trim() || "it says nothing"}`,
        reason,
    );
}

/** Path of kubectl; nothing where there is none. */
export const kubectlOf = (env: NodeJS.ProcessEnv): string | undefined => which("kubectl", env);

export class Cluster {
    private constructor(
        private readonly program: string,
        private readonly access: ClusterAccess,
        private readonly env: NodeJS.ProcessEnv,
        private readonly login: readonly string[],
    ) {}

    /**
     * Does something with a cluster. A kubeconfig that is given is in a file of the user's alone meanwhile.
     *
     * @throws SetupError where there is no kubectl
     */
    static async with<T>(
        access: ClusterAccess,
        env: NodeJS.ProcessEnv,
        work: (cluster: Cluster) => Promise<T>,
    ): Promise<T> {
        const program = kubectlOf(env);
        if (program === undefined)
            throw new SetupError(
                "There is no kubectl on PATH, by which the kit speaks with the cluster: kubernetes.io/docs/tasks/tools tells how to install it.",
            );
        const { context, kubeconfig, namespace } = access;
        const folder =
            kubeconfig === undefined
                ? undefined
                : mkdtempSync(join(tmpdir(), "private-registry-kubeconfig-"));
        const remove = () => folder !== undefined && rmSync(folder, { recursive: true, force: true });
        // Whoever handles a signal needs the file until he is done.
        const end = (signal: NodeJS.Signals) => {
            if (process.listenerCount(signal) > 1) return;
            remove();
            process.off(signal, end);
            process.kill(process.pid, signal);
        };
        if (folder !== undefined) {
            process.on("exit", remove);
            for (const signal of SIGNALS) process.on(signal, end);
        }
        try {
            const file = folder === undefined ? undefined : join(folder, "config");
            if (file !== undefined) writeFileSync(file, kubeconfig ?? "", { mode: 0o600 });
            return await work(
                new Cluster(program, access, env, [
                    ...(file === undefined ? [] : ["--kubeconfig", file]),
                    ...(context === undefined ? [] : ["--context", context]),
                    ...["--namespace", namespace],
                ]),
            );
        } finally {
            process.off("exit", remove);
            for (const signal of SIGNALS) process.off(signal, end);
            remove();
        }
    }

    get namespace(): string {
        return this.access.namespace;
    }

    /** kubectl, whatever comes of it. @param args without a secret: every user of the machine may read them */
    try(
        args: readonly string[],
        options: Pick<RunOptions, "input" | "onLine" | "signal"> = {},
    ): Promise<RunResult> {
        return run(this.program, [...this.login, ...args], { env: this.env, ...options });
    }

    /** kubectl that must succeed. @returns its output */
    private async must(
        args: readonly string[],
        options: Pick<RunOptions, "input" | "onLine" | "signal"> = {},
    ): Promise<string> {
        const { code, stdout, stderr } = await this.try(args, options);
        options.signal?.throwIfAborted();
        if (code !== 0) throw refused(args[0] ?? "", stderr);
        return stdout;
    }

    private readonly brief = `--request-timeout=${ANSWER_SECONDS}s`;

    /** Version of the API server, such as v1.34.4. */
    async version(): Promise<string> {
        const text = await this.must(["get", "--raw", "/version", this.brief]);
        return (JSON.parse(text) as { gitVersion: string }).gitVersion;
    }

    /** @param kind with its group where another one has the name: "deployment.apps" */
    async get<T extends ClusterObject>(kind: string, name: string): Promise<T | undefined> {
        const text = await this.must(["get", kind, name, "--output=json", "--ignore-not-found", this.brief]);
        return text.trim() === "" ? undefined : (JSON.parse(text) as T);
    }

    /** @param labels that all of them have */
    async list<T extends ClusterObject>(
        kind: string,
        labels: Readonly<Record<string, string>>,
    ): Promise<T[]> {
        const selector = Object.entries(labels).map(([name, value]) => `${name}=${value}`);
        const of = selector.length === 0 ? [] : ["--selector", selector.join(",")];
        const text = await this.must(["get", kind, ...of, "--output=json", this.brief]);
        return (JSON.parse(text) as { items: T[] }).items;
    }

    /**
     * The warnings that a cluster has of an object. Of the events of others in the namespace, of which there may be thousands, none are sent.
     */
    async warningsOf<T extends ClusterObject>(
        kind: string,
        name: string,
        signal?: AbortSignal,
    ): Promise<T[]> {
        const fields = `involvedObject.kind=${kind},involvedObject.name=${name},type=Warning`;
        const args = ["get", "events", "--field-selector", fields, "--output=json", this.brief];
        const text = await this.must(args, signal === undefined ? {} : { signal });
        return (JSON.parse(text) as { items: T[] }).items;
    }

    /**
     * Makes an object.
     *
     * @param options.dryRun makes none, and is refused all the same where one could not be made. @default false
     * @throws ClusterRefused with the reason "AlreadyExists" where there is one of the name
     */
    async create(object: ClusterObject, { dryRun = false } = {}): Promise<void> {
        const dry = dryRun ? ["--dry-run=server"] : [];
        await this.must(["create", "--filename=-", ...dry, this.brief], { input: JSON.stringify(object) });
    }

    /** Name that the cluster has for this login; nothing where it does not tell (before Kubernetes 1.28). */
    async user(): Promise<string | undefined> {
        const { code, stdout } = await this.try([
            ...["auth", "whoami", "--output=jsonpath={.status.userInfo.username}", this.brief],
        ]);
        return code === 0 && stdout !== "" ? stdout : undefined;
    }

    /** Puts annotations on an object, and takes those away that are undefined. */
    async annotate(
        kind: string,
        name: string,
        annotations: Readonly<Record<string, string | undefined>>,
        /** Fails with the reason "Conflict" where the object is of another one by now. */
        resourceVersion?: string,
    ): Promise<void> {
        const patch = {
            metadata: {
                ...(resourceVersion === undefined ? {} : { resourceVersion }),
                annotations: Object.fromEntries(
                    Object.entries(annotations).map(([key, value]) => [key, value ?? null]),
                ),
            },
        };
        await this.must([
            "patch",
            kind,
            name,
            "--type=merge",
            `--patch=${JSON.stringify(patch)}`,
            this.brief,
        ]);
    }

    /** Removes an object, and waits until it is gone; one that is not there is fine. @param seconds that its containers get */
    async remove(kind: string, name: string, seconds?: number): Promise<void> {
        await this.must([
            ...["delete", kind, name, "--ignore-not-found", "--timeout=120s"],
            ...(seconds === undefined ? [] : [`--grace-period=${seconds}`]),
        ]);
    }

    /**
     * Waits until something is so.
     *
     * @param condition of `kubectl wait --for`: "condition=Ready", "delete", "jsonpath={.status.phase}=Running"
     * @returns whether it came to be so in time
     */
    async waitFor(kind: string, name: string, condition: string, seconds: number): Promise<boolean> {
        const { code, stderr } = await this.try([
            "wait",
            kind,
            name,
            `--for=${condition}`,
            `--timeout=${seconds}s`,
        ]);
        if (code === 0) return true;
        if (/timed out waiting/.test(stderr)) return false;
        // What is gone already is no failure of a wait for that.
        if (condition === "delete" && /not found|no matching resources/i.test(stderr)) return true;
        throw refused("wait", stderr);
    }

    /**
     * Runs a command in a container of a pod.
     *
     * @param options.input what it gets on its standard input, to which its container must have a shell. @default nothing
     * @param options.onLine called with each line that it prints, as it comes
     * @returns its exit code, and what it prints
     * @throws ClusterRefused where it could not be run
     */
    async exec(
        pod: string,
        container: string,
        command: readonly string[],
        { input, signal, onLine }: Pick<RunOptions, "input" | "signal" | "onLine"> = {},
    ): Promise<RunResult> {
        const begun =
            input === undefined
                ? ["--", ...command]
                : ["--stdin", "--", "/bin/sh", "-c", WITH_INPUT, "sh", ...command];
        const sent = input === undefined ? undefined : Buffer.concat([Buffer.from("\n"), Buffer.from(input)]);
        const run = () =>
            this.try(["exec", pod, "--container", container, ...begun], {
                input: sent,
                signal,
                ...(onLine && { onLine }),
            });
        let result = await run();
        for (let tries = 1; sent !== undefined && LOST.test(result.stderr); tries++) {
            if (tries === TRIES)
                throw new SetupError(`The pod ${pod} takes no input: run the same command again.`);
            result = await run();
        }
        signal?.throwIfAborted();
        const ended = /^command terminated with exit code \d+$/m.test(result.stderr);
        if (result.code !== 0 && !ended) throw refused("exec", result.stderr);
        return result;
    }

    /**
     * What a container wrote.
     *
     * @param onLine called with each line as it comes, to the container's end. @default what is there by now
     * @param options.since seconds since 1970. @default all that the node still has
     */
    async logs(
        pod: string,
        container: string,
        {
            onLine,
            signal,
            since,
        }: { onLine?: (line: string) => void; signal?: AbortSignal; since?: number | undefined } = {},
    ): Promise<string> {
        return this.must(
            [
                ...["logs", pod, "--container", container],
                ...(onLine === undefined ? [] : ["--follow"]),
                ...(since === undefined ? [] : [`--since-time=${new Date(since * 1000).toISOString()}`]),
            ],
            {
                ...(onLine && {
                    onLine: (line: string, stream: "stdout" | "stderr") =>
                        void (stream === "stdout" && onLine(line)),
                }),
                ...(signal && { signal }),
            },
        );
    }

    /** Which of some rights this login has not. @param rights in this namespace */
    async lacking(rights: readonly Right[]): Promise<Right[]> {
        const rules = await this.rules();
        // An authorizer that cannot list its rules, such as a cloud's own, is asked for each of them.
        const unsure = rights.filter((right) => !rules.some((rule) => allows(rule, right)));
        if (unsure.length === 0) return [];
        const review = ({ group, resource, subresource, verb }: Right) => ({
            apiVersion: REVIEWS,
            kind: "SelfSubjectAccessReview",
            spec: {
                resourceAttributes: {
                    ...{ namespace: this.namespace, group, resource, verb },
                    ...(subresource === undefined ? {} : { subresource }),
                },
            },
        });
        const list = { apiVersion: "v1", kind: "List", items: unsure.map(review) };
        const text = await this.must(
            ["create", "--filename=-", '--output=jsonpath={.status.allowed}{"\\n"}', this.brief],
            { input: JSON.stringify(list) },
        );
        const answers = text.trim().split("\n");
        return unsure.filter((_, i) => answers[i] !== "true");
    }

    /** What this login may do in the namespace, as far as the cluster lists it: one request, where each right by itself takes one. */
    private async rules(): Promise<ResourceRule[]> {
        const review = {
            apiVersion: REVIEWS,
            kind: "SelfSubjectRulesReview",
            spec: { namespace: this.namespace },
        };
        // As it is: kubectl would look at CustomResourceDefinitions to validate it, which a login of one namespace may not.
        const raw = ["create", "--raw", `/apis/${REVIEWS}/selfsubjectrulesreviews`, "--filename=-"];
        const { code, stdout } = await this.try([...raw, this.brief], { input: JSON.stringify(review) });
        if (code !== 0) return [];
        const { status } = JSON.parse(stdout) as { status?: { resourceRules?: ResourceRule[] } };
        return status?.resourceRules ?? [];
    }
}

const REVIEWS = "authorization.k8s.io/v1";

/** As a SelfSubjectRulesReview lists it; "*" is all (kubernetes.io/docs/reference/kubernetes-api/authorization-resources). */
interface ResourceRule {
    verbs: string[];
    apiGroups?: string[];
    resources?: string[];
    /** What it is limited to; nothing for all. */
    resourceNames?: string[];
}

/** Whether a rule gives a right, for objects of any name. */
function allows(
    { verbs, apiGroups = [], resources = [], resourceNames = [] }: ResourceRule,
    { group, resource, subresource, verb }: Right,
): boolean {
    const has = (all: readonly string[], ...names: string[]) =>
        ["*", ...names].some((one) => all.includes(one));
    const names = subresource === undefined ? [resource] : [`${resource}/${subresource}`, `*/${subresource}`];
    return (
        resourceNames.length === 0 && has(verbs, verb) && has(apiGroups, group) && has(resources, ...names)
    );
}

/** Something that may be done in a namespace. */
export interface Right {
    /** "" is the core. */
    group: string;
    resource: string;
    subresource?: string | undefined;
    verb: string;
}
