/**
 * What a controller makes of a route, for tests: nginx in a pod, told by the objects alone. No controller of an Ingress or a Gateway can
 * be built of what the tests may fetch.
 */
import { connect } from "node:net";

import { FRONT_IMAGE } from "../images";
import { until } from "../run";

import type { Cluster } from "./cluster";
import { NAMESPACE, type Namespace } from "./support";

/** Where clients come: a port of the node that it runs on, which keeps their address. */
export const ROUTE_PORT = 31444;

const NAME = "controller";
const LISTEN = 8443;

/** A Secret with `tls.crt` and `tls.key`, of what clients see. */
export interface Route {
    hosts: readonly string[];
    secretName: string;
    /** Service and port to which it leads. */
    service: string;
    port: number | string;
    /** The name for which the pods must have a certificate, and where the CA is that must have signed it: kind, and name. */
    checked: { name: string; kind: "secret" | "configMap"; from: string };
}

interface Ingress {
    metadata: { annotations: Record<string, string> };
    spec: {
        tls: [{ secretName: string }];
        rules: {
            host: string;
            http: { paths: [{ backend: { service: { name: string; port: { name: string } } } }] };
        }[];
    };
}

/** The route that the only Ingress of a namespace is. */
export async function ingressRoute(there: Namespace): Promise<Route> {
    const { items } = await there.json<{ items: [Ingress] }>("get", "ingresses");
    const { metadata, spec } = items[0];
    const word = (name: string) => metadata.annotations[`nginx.ingress.kubernetes.io/${name}`] ?? "";
    expect([word("backend-protocol"), word("proxy-ssl-verify"), word("proxy-ssl-server-name")]).toEqual([
        ...["HTTPS", "on", "on"],
    ]);
    const [namespace, from = ""] = word("proxy-ssl-secret").split("/");
    expect(namespace).toBe(there.name);
    const service = spec.rules[0]?.http.paths[0].backend.service;
    return {
        hosts: spec.rules.map(({ host }) => host),
        secretName: spec.tls[0].secretName,
        service: service?.name ?? "",
        port: service?.port.name ?? "",
        checked: { name: word("proxy-ssl-name"), kind: "secret", from },
    };
}

interface HttpRoute {
    spec: {
        hostnames: string[];
        parentRefs: [{ name: string; namespace?: string }];
        rules: [{ backendRefs: [{ name: string; port: number }] }];
    };
}
interface BackendPolicy {
    spec: {
        targetRefs: [{ kind: string; name: string }];
        validation: { hostname: string; caCertificateRefs: [{ kind: string; name: string }] };
    };
}

/** The route that the only HTTPRoute of a namespace is. @param secretName of what the Gateway's listener shows */
export async function gatewayRoute(there: Namespace, secretName: string): Promise<Route> {
    const { items: routes } = await there.json<{ items: [HttpRoute] }>("get", "httproutes");
    const { items: policies } = await there.json<{ items: [BackendPolicy] }>("get", "backendtlspolicies");
    const [backend] = routes[0].spec.rules[0].backendRefs;
    const { targetRefs, validation } = policies[0].spec;
    expect(targetRefs).toEqual([{ group: "", kind: "Service", name: backend.name }]);
    expect(validation.caCertificateRefs[0].kind).toBe("ConfigMap");
    return {
        hosts: routes[0].spec.hostnames,
        secretName,
        service: backend.name,
        port: backend.port,
        checked: {
            name: validation.hostname,
            kind: "configMap",
            from: validation.caCertificateRefs[0].name,
        },
    };
}

const conf = ({ hosts, checked }: Route, address: string): string => `pid /tmp/nginx.pid;
error_log /dev/stderr warn;
events { }
http {
    access_log off;
    client_body_temp_path /tmp/body; proxy_temp_path /tmp/proxy; fastcgi_temp_path /tmp/f; uwsgi_temp_path /tmp/u; scgi_temp_path /tmp/s;
    server {
        listen ${LISTEN} ssl;
        server_name ${hosts.join(" ")};
        ssl_certificate /run/shown/tls.crt;
        ssl_certificate_key /run/shown/tls.key;
        client_max_body_size 0;
        proxy_request_buffering off;
        proxy_http_version 1.1;
        proxy_ssl_verify on;
        proxy_ssl_trusted_certificate /run/checked/ca.crt;
        proxy_ssl_name ${checked.name};
        proxy_ssl_server_name on;
        proxy_set_header Host $http_host;
        proxy_set_header X-Forwarded-For $proxy_add_x_forwarded_for;
        add_header X-Seen $remote_addr always;
        location / { proxy_pass https://${address}; }
    }
}
`;

/** Whether a port takes a connection. */
const connects = (host: string, port: number): Promise<boolean> =>
    new Promise((done) => {
        const socket = connect({ host, port, timeout: 2000 })
            .once("connect", () => done(true))
            .once("timeout", () => done(false))
            .once("error", () => done(false));
        for (const end of ["connect", "timeout"]) socket.once(end, () => socket.destroy());
    });

/** Has it follow a route. @returns the address at which clients find it, at ROUTE_PORT */
export async function follow(cluster: Cluster, there: Namespace, route: Route): Promise<string> {
    const { spec } = await there.json<{
        spec: { clusterIP: string; ports: { name: string; port: number }[] };
    }>("get", "service", route.service);
    const port = spec.ports.find(({ name, port }) => name === route.port || port === route.port)?.port;
    const metadata = { name: NAME, namespace: NAMESPACE };
    const labels = { app: NAME };
    await there.kubectl("delete", "pod", NAME, "--ignore-not-found", "--wait");
    const mounts = { conf: "/run/conf", shown: "/run/shown", checked: "/run/checked", tmp: "/tmp" };
    const { kind, from } = route.checked;
    await cluster.apply(
        {
            ...{ apiVersion: "v1", kind: "ConfigMap", metadata },
            data: { "nginx.conf": conf(route, `${spec.clusterIP}:${port}`) },
        },
        {
            ...{ apiVersion: "v1", kind: "Service", metadata },
            spec: {
                ...{ type: "NodePort", externalTrafficPolicy: "Local", selector: labels },
                ports: [{ port: 443, targetPort: LISTEN, nodePort: ROUTE_PORT }],
            },
        },
        {
            ...{ apiVersion: "v1", kind: "Pod", metadata: { ...metadata, labels } },
            spec: {
                automountServiceAccountToken: false,
                securityContext: {
                    ...{ runAsNonRoot: true, runAsUser: 101, fsGroup: 101 },
                    seccompProfile: { type: "RuntimeDefault" },
                },
                containers: [
                    {
                        ...{ name: NAME, image: FRONT_IMAGE, imagePullPolicy: "Never" },
                        command: ["nginx", "-c", "/run/conf/nginx.conf", "-g", "daemon off;"],
                        readinessProbe: { tcpSocket: { port: LISTEN }, periodSeconds: 1 },
                        securityContext: { allowPrivilegeEscalation: false, capabilities: { drop: ["ALL"] } },
                        volumeMounts: Object.entries(mounts).map(([name, mountPath]) => ({
                            name,
                            mountPath,
                        })),
                    },
                ],
                volumes: [
                    { name: "conf", configMap: { name: NAME } },
                    { name: "shown", secret: { secretName: route.secretName, defaultMode: 0o440 } },
                    {
                        name: "checked",
                        ...(kind === "secret"
                            ? { secret: { secretName: from } }
                            : { configMap: { name: from } }),
                    },
                    { name: "tmp", emptyDir: {} },
                ],
            },
        },
    );
    await there.kubectl("wait", "pod", NAME, "--for=condition=Ready", "--timeout=60s");
    const { status } = await there.json<{ status: { hostIP: string } }>("get", "pod", NAME);
    // The node's kube-proxy learns later than the API of the pod that took the former's place.
    await until(
        "the controller's port",
        async () => (await connects(status.hostIP, ROUTE_PORT)) || undefined,
    );
    return status.hostIP;
}
