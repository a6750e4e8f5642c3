/** The registry's certificate, in the three ways in which a deployment gets it. */
import * as pulumi from "@pulumi/pulumi";

import type { Given, Settled } from "../definition/inputs";
import type { TlsFiles } from "../registry/registry";

import { CertificateAuthority } from "./certificate-authority";
import { serverChain, trustAnchor } from "./chain";
import { inspectSite, right } from "./inspect";
import { DEFAULT_OWN_CA, type OwnCa, SIGNED_BY_OURS, type Tls } from "./options";
import { SiteCertificate } from "./site-certificate";

/** The registry's certificate, what clients must trust, and more certificates of the same CA where that is ours. */
export interface SiteTls {
    files: TlsFiles;
    caPem: pulumi.Output<string>;
    sign?: (resource: string, names: Given<string>[]) => TlsFiles;
}

/** Names of a site certificate, each once. */
export interface SiteNames {
    domain: Given<string>;
    /** Further DNS names and IP addresses. */
    dnsNames: Given<string[]>;
    ipAddresses: Given<string[]>;
}

/** The certificate and key that a user brings, in the form that every program takes. */
export function broughtFiles(
    { cert, key, chain }: Settled<NonNullable<Tls["files"]>>,
    names: Given<string>[],
): { files: TlsFiles; caPem: pulumi.Output<string> } {
    const bundle = pulumi
        .secret(pulumi.all([cert ?? "", key ?? "", chain ?? "", pulumi.all(names)]))
        .apply(([cert, key, chain, names]) => right(inspectSite(cert, key, chain, names)));
    const shown = pulumi.unsecret(bundle.apply(({ certPem, chainPem }) => ({ certPem, chainPem })));
    return {
        files: {
            chainPem: shown.apply(({ certPem, chainPem }) => serverChain(certPem, chainPem)),
            privateKeyPem: bundle.apply(({ keyPem }) => keyPem),
        },
        caPem: shown.apply(({ chainPem }) => trustAnchor(chainPem)),
    };
}

/**
 * Makes or takes the certificate of a deployment; nothing for plain HTTP.
 *
 * @param name start of the names of the resources
 */
export function siteTls(
    name: string,
    { domain, dnsNames, ipAddresses }: SiteNames,
    tls: Settled<Tls>,
    parent: { parent: pulumi.Resource },
): SiteTls | undefined {
    if (tls.off) return undefined;
    if (tls.files !== undefined) return broughtFiles(tls.files, [domain]);
    const own: Settled<OwnCa> = tls.ownCa ?? DEFAULT_OWN_CA;
    const { site, ...ofCa } = own;
    const ca = new CertificateAuthority(`${name}-ca`, ofCa, parent);
    const sign = (resource: string, names: Given<string[]>, subject?: typeof site.subject) =>
        new SiteCertificate(
            resource,
            {
                caCertPem: ca.certPem,
                caPrivateKeyPem: ca.privateKeyPem,
                names,
                subject,
                keyAlgorithm: site.keyAlgorithm,
                validityDays: site.validityDays,
                earlyRenewalDays: site.earlyRenewalDays,
            },
            parent,
            SIGNED_BY_OURS,
        );
    const all = pulumi
        .all([domain, dnsNames, ipAddresses, site.localNames])
        .apply(([first, dns, ips, local]) => [
            ...new Set([first, ...dns, ...ips, ...(local ? ["localhost", "127.0.0.1"] : [])]),
        ]);
    const files = sign(`${name}-site`, all, site.subject);
    return {
        files,
        caPem: ca.certPem.apply(trustAnchor),
        sign: (resource, names) => sign(resource, pulumi.all(names)),
    };
}
