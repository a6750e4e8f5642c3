/** What the Kubernetes provider 4.25.0 was seen to say, and what the kit makes of it. */
import { clusterSentence } from "../../../setup/cluster-errors";

const REFUSED = 'resource "registry/a" was not successfully created by the Kubernetes API server: ';

test.each([
    [
        "wrong context, kubectl with --context",
        'error: context "nope" does not exist\n',
        /^The kubeconfig has no context nope: /,
    ],
    [
        "a Service without an address, of which the provider says three things",
        "3 errors occurred:\n\t* resource \"urn\" was successfully created, but the Kubernetes API server reported that it failed to fully initialize or become live: 'x' timed out waiting to be Ready\n\t* Service does not target any Pods.\n\t* Service was not allocated an IP address; does your cloud provider support this?\n",
        /^The cluster gave the Service no address: /,
    ],
    [
        "a namespace that is on its way out",
        'Error from server (Forbidden): error when creating "STDIN": configmaps "x" is forbidden: unable to create new content in namespace registry because it is being terminated\n',
        /^The namespace registry is being removed: once `kubectl get namespace registry` finds none/,
    ],
    [
        "no ServiceAccount",
        'pods "x-" is forbidden: error looking up service account registry/s3: serviceaccount "s3" not found',
        /^The namespace has no ServiceAccount s3: /,
    ],
    [
        "wrong context",
        'configured Kubernetes cluster is unreachable: unable to load Kubernetes client configuration from kubeconfig file. Make sure you have: \n\n \t • set up the provider as per https://www.pulumi.com/registry/packages/kubernetes/installation-configuration/ \n\n context "prod" does not exist',
        /^The kubeconfig has no context prod: /,
    ],
    [
        "wrong context, kubectl",
        "Error in configuration: context was not found for specified context: prod\n",
        /^The kubeconfig has no context prod: /,
    ],
    [
        "no kubeconfig, kubectl",
        'E1127 17:51:47.003739   21370 memcache.go:265] "Unhandled Error" err="couldn\'t get current server API group list"\nThe connection to the server localhost:8080 was refused - did you specify the right host or port?\n',
        /^There is no kubeconfig that names a cluster \(localhost:8080\)/,
    ],
    [
        "no kubeconfig at its path, kubectl",
        "error: stat /home/you/none: no such file or directory\n",
        /^There is no kubeconfig that names a cluster \(\/home\/you\/none: no such file or directory\)/,
    ],
    [
        "refused, kubectl",
        "The connection to the server 198.18.0.2:6443 was refused - did you specify the right host or port?\n",
        /^The cluster does not answer \(198\.18\.0\.2:6443 was refused\): once/,
    ],
    [
        "no answer, kubectl",
        'E1127 17:51:46.851294 memcache.go:265] "Unhandled Error"\nUnable to connect to the server: net/http: request canceled while waiting for connection\n',
        /^The cluster does not answer \(net\/http: request canceled while waiting for connection\): once/,
    ],
    [
        "login over, kubectl",
        "error: You must be logged in to the server (Unauthorized)\n",
        /^The cluster does not know the login/,
    ],
    [
        "no right, kubectl",
        'Error from server (Forbidden): deployments.apps "x" is forbidden: User "system:serviceaccount:a:b" cannot get resource "deployments" in API group "apps" in the namespace "registry"\n',
        /^system:serviceaccount:a:b may not get deployments in the namespace registry: /,
    ],
    [
        "no kubeconfig",
        "configured Kubernetes cluster is unreachable: unable to load Kubernetes client configuration from kubeconfig file. Make sure you have: \n\n \t • set up the provider as per https://www.pulumi.com/registry/packages/kubernetes/installation-configuration/ \n\n invalid configuration: no configuration has been provided",
        /^There is no kubeconfig that names a cluster \(invalid configuration: no configuration has been provided\)/,
    ],
    [
        "no answer",
        "configured Kubernetes cluster is unreachable: unable to load schema information from the API server: dial tcp 198.18.0.2:6443: connect: connection refused",
        /^The cluster does not answer \(unable to load schema .* connection refused\): once/,
    ],
    [
        "no namespace",
        `${REFUSED}namespaces "registry" not found`,
        /^The cluster has no namespace registry: kubectl create namespace registry$/,
    ],
    [
        "no Prometheus Operator",
        'creation of resource registry/a failed because the Kubernetes API server reported that the apiVersion for this resource does not exist. Verify that any required CRDs have been created: no matches for kind "PrometheusRule" in version "monitoring.coreos.com/v1"',
        /^The cluster knows no PrometheusRule: .*`pulumi config rm --path kubernetes\.prometheusRule`\.$/,
    ],
    [
        "no Gateway API",
        'creation of resource registry/a failed because the Kubernetes API server reported that the apiVersion for this resource does not exist. Verify that any required CRDs have been created: no matches for kind "BackendTLSPolicy" in version "gateway.networking.k8s.io/v1"',
        /^The cluster knows no BackendTLSPolicy: .*`pulumi config set --path kubernetes\.expose loadBalancer && pulumi config rm --path kubernetes\.gateway`\.$/,
    ],
    [
        "no Secret with the certificate",
        "resource 'registry/site' does not exist",
        /^The namespace registry has no Secret site \(tls\.secret\): `kubectl get certificates,secrets --namespace registry` lists/,
    ],
    [
        "no right",
        `${REFUSED}secrets "x" is forbidden: User "deployer" cannot patch resource "secrets" in API group "" in the namespace "registry"`,
        /^deployer may not patch secrets in the namespace registry: examples\/kubernetes\/role\.yaml/,
    ],
    [
        "quota",
        `${REFUSED}services "x" is forbidden: exceeded quota: small, requested: services=1, used: services=1, limited: services=1`,
        /^The quota small of the namespace does not allow it \(requested: services=1, used: services=1, limited: services=1\)/,
    ],
    [
        "set by hand",
        'Server-Side Apply field conflict detected. See https://www.pulumi.com/registry/packages/kubernetes/how-to-guides/managing-resources-with-server-side-apply/#handle-field-conflicts-on-existing-resources for troubleshooting help.\nThe resource managed by field manager "pulumi-kubernetes-0a1b2c3d" had an apply conflict: Apply failed with 1 conflict: conflict with "kubectl" using apps/v1: .spec.replicas',
        /^kubectl has set \.spec\.replicas by hand, and nothing was changed there: /,
    ],
    [
        "not ready",
        `resource "registry/a" was successfully created, but the Kubernetes API server reported that it failed to fully initialize or become live: 'a' timed out waiting to be Ready`,
        /^a did not become ready in time; what ran before goes on\./,
    ],
    [
        "no address",
        "Service was not allocated an IP address; does your cloud provider support this?",
        /nodePort/,
    ],
])("%s", (_what, said, sentence) => {
    expect(clusterSentence(said)).toMatch(sentence);
    expect(clusterSentence(said)).not.toContain("\n");
});

test("what is about something else stays as it is", () => {
    expect(clusterSentence("incorrect passphrase")).toBeUndefined();
    expect(clusterSentence("Error response from daemon: Conflict")).toBeUndefined();
});
