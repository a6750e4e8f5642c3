/** What Pulumi's Kubernetes provider says when a cluster refuses something, in one sentence with the way out. Pure. */

/** What it says (provider 4.25.0, pkg/provider and pkg/await; apimachinery, pkg/api/errors) → the sentence. */
const SENTENCES: readonly (readonly [RegExp, (...found: string[]) => string])[] = [
    [
        /unreachable: [\s\S]*context "([^"]*)" does not exist/,
        (context) =>
            `The kubeconfig has no context ${context}: \`kubectl config get-contexts\` lists what it has; then \`pulumi config set --path kubernetes.context NAME\`.`,
    ],
    [
        /unreachable: unable to load Kubernetes client configuration[\s\S]*?\n\s*(\S[^\n]*)$/,
        (why) =>
            `There is no kubeconfig that names a cluster (${why}): \`kubectl cluster-info\` tells what kubectl finds; kubernetes.context and kubernetes.kubeconfig name another.`,
    ],
    [
        /unreachable: ([^\n]*)/,
        (why) =>
            `The cluster does not answer (${why}): once \`kubectl cluster-info\` works, run the same command again.`,
    ],
    [
        /no matches for kind "(ServiceMonitor|PrometheusRule)"/,
        (kind) =>
            `The cluster knows no ${kind}: the Prometheus Operator is not there. Install it, or run \`pulumi config rm --path kubernetes.${kind.replace(/^./, (first) => first.toLowerCase())}\`.`,
    ],
    [
        // Nothing else is read by its name.
        /resource '([^'/]+)\/([^'/]+)' does not exist/,
        (namespace, secret) =>
            `The namespace ${namespace} has no Secret ${secret} (tls.secret): \`kubectl get certificates,secrets --namespace ${namespace}\` lists what it has.`,
    ],
    [
        /namespaces "([^"]*)" not found/,
        (namespace) => `The cluster has no namespace ${namespace}: kubectl create namespace ${namespace}`,
    ],
    [
        /forbidden: exceeded quota: ([^,]*), (requested: [^\n]*)/,
        (quota, numbers) =>
            `The quota ${quota} of the namespace does not allow it (${numbers}): raise it, or ask for less.`,
    ],
    [
        /forbidden: User "([^"]*)" cannot (\w+) resource "([^"]*)"[^\n]*? in the namespace "([^"]*)"/,
        (user, verb, resource, namespace) =>
            `${user} may not ${verb} ${resource} in the namespace ${namespace}: examples/kubernetes/role.yaml is the Role that it needs there.`,
    ],
    [
        /violates PodSecurity "([^"]*)"[^\n]*/,
        (level) =>
            `The namespace's Pod Security "${level.split(":")[0] ?? level}" does not take these pods: restricted is what they are made for.`,
    ],
    [
        /Server-Side Apply field conflict[\s\S]*?conflicts? with "([^"]*)"[^:]*: *(\S+)/,
        (manager, field) =>
            `${manager} has set ${field} by hand, and nothing was changed there: \`PULUMI_K8S_ENABLE_PATCH_FORCE=true npm run up\` puts back what the stack says.`,
    ],
    [
        /'([^']*)' timed out waiting to be Ready/,
        (name) =>
            `${name} did not become ready in time; what ran before goes on. \`kubectl get pods --selector app.kubernetes.io/name=private-registry\` and \`kubectl describe pod\` tell why.`,
    ],
    [
        /Service was not allocated an IP address/,
        () =>
            "The cluster gave the Service no address: it has nobody who gives any. `pulumi config set --path kubernetes.expose nodePort`, with a port from 30000 to 32767, does without.",
    ],
];

/** The sentence for what the provider said; nothing where it is about something else. */
export function clusterSentence(error: string): string | undefined {
    for (const [pattern, sentence] of SENTENCES) {
        const found = pattern.exec(error);
        if (found !== null) return sentence(...found.slice(1).map((text) => text.trim()));
    }
    return undefined;
}
