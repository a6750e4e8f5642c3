/** The routes by which what stands before a cluster's Services leads clients to the pods: an Ingress, or one of a Gateway. */
import * as pulumi from "@pulumi/pulumi";

import type { Settled } from "../definition/inputs";
import type { SiteTls } from "../tls/site-tls";

import { base64, contentName } from "./files";
import { KubernetesObject } from "./object";
import type { KubernetesOptions } from "./options";
import type { Place } from "./place";

/** Name of the Service's port, which is TLS behind a route too. */
export const HTTPS = "https";

/** What a route leads to. */
export interface Behind {
    /** The registry's names, of which the first is its own. */
    names: pulumi.Output<string[]>;
    /** What the front serves. */
    certificate: SiteTls;
    /** Secret of the cluster with it, where the cluster keeps it. */
    secret: string | undefined;
}

/**
 * Words of ingress-nginx, which Traefik's provider of that name knows too: TLS to the pods, checked; bodies of any size, as they come.
 * kubernetes.github.io/ingress-nginx/user-guide/nginx-configuration/annotations
 */
const nginxWords = (domain: string, secret: string, ca: string): Record<string, string> =>
    Object.fromEntries(
        Object.entries({
            "backend-protocol": "HTTPS",
            "proxy-ssl-server-name": "on",
            "proxy-ssl-name": domain,
            // Without a CA of its own the certificate is one that everyone trusts, which this controller cannot check.
            ...(ca === "" ? {} : { "proxy-ssl-secret": secret, "proxy-ssl-verify": "on" }),
            "proxy-body-size": "0",
            "proxy-request-buffering": "off",
            "proxy-read-timeout": "900",
            "proxy-send-timeout": "900",
        }).map(([word, value]) => [`nginx.ingress.kubernetes.io/${word}`, value]),
    );

/** An Ingress (networking.k8s.io/v1) that shows clients the front's own certificate. */
export function ingressOf(
    place: Place,
    { ingressClass, annotations, namespace }: Settled<KubernetesOptions>,
    { names, certificate, secret }: Behind,
): void {
    const { program, own, metadata, opts } = place;
    const { chainPem, privateKeyPem } = certificate.files;
    const secretName =
        secret ??
        new KubernetesObject(
            "Secret",
            `${program}-ingress-certificate`,
            {
                metadata: {
                    ...metadata,
                    name: contentName(own, "ingress", pulumi.all([chainPem, privateKeyPem])),
                },
                type: "kubernetes.io/tls",
                immutable: true,
                data: pulumi.secret(
                    pulumi.all([chainPem, privateKeyPem, certificate.caPem]).apply(([chain, key, ca]) => ({
                        ...{ "tls.crt": base64(chain), "tls.key": base64(key) },
                        "ca.crt": base64(ca),
                    })),
                ),
            },
            { ...opts, additionalSecretOutputs: ["data"] },
        ).metadata.name;
    const service = { name: own, port: { name: HTTPS } };
    const paths = [{ path: "/", pathType: "Prefix", backend: { service } }];
    new KubernetesObject(
        "Ingress",
        `${program}-ingress`,
        {
            metadata: {
                ...metadata,
                name: own,
                annotations: pulumi
                    .all([names, secretName, namespace, certificate.caPem, annotations])
                    .apply(([[name = ""], tls, where, ca, given]) => ({
                        ...nginxWords(name, `${where}/${tls}`, ca),
                        ...given,
                        // Not every controller tells an address.
                        "pulumi.com/skipAwait": "true",
                    })),
            },
            spec: {
                ingressClassName: ingressClass,
                tls: [{ hosts: names, secretName }],
                rules: names.apply((hosts) => hosts.map((host) => ({ host, http: { paths } }))),
            },
        },
        opts,
    );
}

/**
 * An HTTPRoute of a Gateway that there is, and a BackendTLSPolicy: clients see the Gateway's certificate, and the Gateway checks the
 * front's (gateway.networking.k8s.io/v1 as of 1.4).
 */
export function gatewayRoute(
    place: Place,
    gateway: NonNullable<Settled<KubernetesOptions>["gateway"]>,
    { names, certificate }: Behind,
): void {
    const { program, own, metadata, opts } = place;
    const named = { ...metadata, name: own };
    new KubernetesObject(
        "HTTPRoute",
        `${program}-route`,
        {
            metadata: named,
            spec: {
                hostnames: names,
                parentRefs: [
                    { name: gateway.name, namespace: gateway.namespace, sectionName: gateway.listener },
                ],
                rules: [
                    {
                        matches: [{ path: { type: "PathPrefix", value: "/" } }],
                        backendRefs: [{ name: own, port: 443 }],
                    },
                ],
            },
        },
        opts,
    );
    const ca = new KubernetesObject(
        "ConfigMap",
        `${program}-route-ca`,
        {
            metadata: { ...metadata, name: contentName(own, "route", certificate.caPem) },
            immutable: true,
            data: { "ca.crt": certificate.caPem },
        },
        opts,
    ).metadata;
    new KubernetesObject(
        "BackendTLSPolicy",
        `${program}-route-tls`,
        {
            metadata: named,
            spec: {
                targetRefs: [{ group: "", kind: "Service", name: own }],
                validation: pulumi
                    .all([certificate.caPem, ca.name, names])
                    .apply(([pem, name, [hostname]]) => ({
                        hostname,
                        ...(pem === ""
                            ? { wellKnownCACertificates: "System" }
                            : { caCertificateRefs: [{ group: "", kind: "ConfigMap", name }] }),
                    })),
            },
        },
        opts,
    );
}
