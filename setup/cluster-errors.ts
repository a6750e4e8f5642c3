/** What Pulumi's Kubernetes provider and kubectl say when a cluster refuses something, in one sentence with the way out. Pure. */

/** Of what waited for pods in vain. @param name of the Deployment */
export const notReady = (name = ""): string =>
    `${name} did not become ready in time; what ran before goes on. \`kubectl get pods --selector app.kubernetes.io/name=private-registry\` and \`kubectl describe pod\` tell why.`;

/**
 * What they say → the sentence (provider 4.25.0, pkg/provider and pkg/await; kubectl 1.32, its pkg/cmd/util and client-go's
 * tools/clientcmd; apimachinery, pkg/api/errors).
 */
const SENTENCES: readonly (readonly [RegExp, (...found: string[]) => string])[] = [
    [
        /context "([^"]*)" does not exist|context was not found for specified context: (\S+)/,
        (context) =>
            `The kubeconfig has no context ${context}: \`kubectl config get-contexts\` lists what it has; then \`pulumi config set --path kubernetes.context NAME\`.`,
    ],
    [
        // Without a cluster of the kubeconfig's, kubectl asks this port.
        /unreachable: unable to load Kubernetes client configuration[\s\S]*?\n\s*(\S[^\n]*)$(?![\s\S])|(localhost:8080) was refused|^error: (?:error loading config file |stat )(.*)/m,
        (why) =>
            `There is no kubeconfig that names a cluster (${why}): \`kubectl cluster-info\` tells what kubectl finds; kubernetes.context and kubernetes.kubeconfig name another.`,
    ],
    [
        /unreachable: ([^\n]*)|^The connection to the server (\S+ was refused)|^Unable to connect to the server: (.*)/m,
        (why) =>
            `The cluster does not answer (${why}): once \`kubectl cluster-info\` works, run the same command again.`,
    ],
    [
        /no matches for kind "(ServiceMonitor|PrometheusRule)"/,
        (kind) =>
            `The cluster knows no ${kind}: the Prometheus Operator is not there. Install it, or run ${
                kind === "ServiceMonitor"
                    ? "`pulumi config rm --path kubernetes.serviceMonitor`"
                    : "`pulumi config rm --path kubernetes.prometheusRule`"
            }.`,
    ],
    [
        /no matches for kind "(HTTPRoute|BackendTLSPolicy)"/,
        (kind) =>
            `The cluster knows no ${kind}: the Gateway API, 1.4 or later, is not there. Install it, or run \`pulumi config set --path kubernetes.expose loadBalancer && pulumi config rm --path kubernetes.gateway\`.`,
    ],
    [
        // Nothing else is read by its name.
        /resource '([^'/]+)\/([^'/]+)' does not exist/,
        (namespace, secret) =>
            `The namespace ${namespace} has no Secret ${secret} (tls.secret): \`kubectl get certificates,secrets --namespace ${namespace}\` lists what it has.`,
    ],
    [
        /must be logged in to the server|\(Unauthorized\)/,
        () =>
            "The cluster does not know the login of the kubeconfig (Unauthorized): `kubectl auth whoami` tells whether it does; log in anew as the cluster's provider says.",
    ],
    [
        /namespaces "([^"]*)" not found/,
        (namespace) => `The cluster has no namespace ${namespace}: kubectl create namespace ${namespace}`,
    ],
    [
        /serviceaccount "([^"]*)" not found/,
        (account) =>
            `The namespace has no ServiceAccount ${account}: \`kubectl create serviceaccount ${account}\`, or \`pulumi config rm --path kubernetes.serviceAccount\`.`,
    ],
    [
        /forbidden: exceeded quota: ([^,]*), (requested: [^\n]*)/,
        (quota, numbers) =>
            `The quota ${quota} of the namespace does not allow it (${numbers}): raise it, or ask for less.`,
    ],
    [
        /forbidden: User "([^"]*)" cannot (\w+) resource "([^"]*)"[^\n]*? in the namespace "([^"]*)"/,
        (user, verb, resource, namespace) => lackingRights(user, [`${verb} ${resource}`], namespace),
    ],
    [
        /create new content in namespace (\S+) because it is being terminated/,
        (namespace) =>
            `The namespace ${namespace} is being removed: once \`kubectl get namespace ${namespace}\` finds none, \`kubectl create namespace ${namespace}\` and run the same command again.`,
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
        /Service was not allocated an IP address/,
        () =>
            "The cluster gave the Service no address: it has nobody who gives any. `pulumi config set --path kubernetes.expose nodePort`, with a port from 30000 to 32767, does without.",
    ],
    [/'([^']*)' timed out waiting to be Ready/, notReady],
];

/**
 * What a login lacks in a namespace.
 *
 * @param user as the cluster names it, where it does
 * @param rights "list pods", "watch pods"
 */
export function lackingRights(
    user: string | undefined,
    rights: readonly string[],
    namespace: string,
): string {
    const [few, more] = [rights.slice(0, 4), rights.length - 4];
    return `${user ?? "This login"} may not ${few.join(", ")}${more > 0 ? ` and ${more} things more` : ""} in the namespace ${namespace}: examples/kubernetes/role.yaml is the Role that it needs there.`;
}

/** The sentence for what the provider said; nothing where it is about something else. */
export function clusterSentence(error: string): string | undefined {
    for (const [pattern, sentence] of SENTENCES) {
        const found = pattern.exec(error);
        // Of what a pattern finds in one of several texts.
        const parts = found?.slice(1).filter((text) => text !== undefined);
        if (parts !== undefined) return sentence(...parts.map((text) => text.trim()));
    }
    return undefined;
}
