/** The registry's certificate, in the four ways in which a deployment gets it. */
import * as pulumi from "@pulumi/pulumi";

import { generationName } from "../definition/generation";
import type { Given, Settled } from "../definition/inputs";
import type { TlsFiles } from "../registry/registry";

import { CertificateAuthority } from "./certificate-authority";
import { certificates, serverChain, trustAnchor, trustAnchors } from "./chain";
import type { AcmeOptions } from "./acme-options";
import { inspectSite, right, trusted } from "./inspect";
import { DEFAULT_OWN_CA, type OwnCa, SIGNED_BY_OURS, type Tls } from "./options";
import { SiteCertificate } from "./site-certificate";

/** The registry's certificate, what clients must trust, and more certificates of the same CA where that is ours. */
export interface SiteTls {
    files: TlsFiles;
    /** Of every CA that is trusted, in the order of their generations: what clients get is the same, whoever of them signs. */
    caPem: pulumi.Output<string>;
    /** The same one by one, that of the site certificate first. */
    cas: pulumi.Output<string>[];
    /** Start of the SHA-256 of the CA that signs, in lower case; nothing where there was never a second one to tell it from. */
    signer?: pulumi.Output<string> | undefined;
    sign?: (resource: string, names: Given<Given<string>[]>) => TlsFiles;
    /** The directory that issues the certificate; `files` are shown until it has. */
    acme?: Settled<AcmeOptions> | undefined;
    /** Name of the Secret of a cluster in which it lies and is renewed; `files` are what is there while `up` runs. */
    secret?: string | undefined;
}

/** Whether it changes without an `up`: then the front has it from the folder of what is served. */
export const changesAlone = ({ acme, secret }: SiteTls): boolean =>
    acme !== undefined || secret !== undefined;

const shortFingerprint = (pem: string): string =>
    (certificates(trustAnchor(pem))[0]?.fingerprint256 ?? "").replaceAll(":", "").slice(0, 8).toLowerCase();

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
 * Makes or takes the certificate of a deployment; nothing for plain HTTP, and where a cluster keeps it (tls.secret).
 *
 * @param name start of the names of the resources
 */
export function siteTls(
    name: string,
    { domain, dnsNames, ipAddresses }: SiteNames,
    tls: Settled<Tls>,
    parent: { parent: pulumi.Resource },
): SiteTls | undefined {
    if (tls.off || tls.secret !== undefined) return undefined;
    if (tls.files !== undefined) {
        const brought = broughtFiles(tls.files, [domain]);
        return { ...brought, cas: [brought.caPem] };
    }
    const own: Settled<OwnCa> = tls.ownCa ?? DEFAULT_OWN_CA;
    const { site, generation, next } = own;
    const authority = (of: number, { cert, key }: Pick<Settled<OwnCa>, "cert" | "key">) => {
        const { subject, keyAlgorithm, validityDays, pathLength } = own;
        // So that a person can tell them apart in a list.
        const commonName = subject.commonName ?? (of === 1 ? undefined : `Private Registry CA ${of}`);
        return new CertificateAuthority(
            generationName(`${name}-ca`, of),
            { subject: { ...subject, commonName }, keyAlgorithm, validityDays, pathLength, cert, key },
            parent,
        );
    };
    const former = authority(generation, own);
    const following = next && authority(generation + 1, next);
    const ca = (next?.signs && following) || former;
    const all = [former, ...(following ? [following] : [])];
    const sign = (resource: string, names: Given<string[]>, subject?: typeof site.subject) =>
        new SiteCertificate(
            resource,
            {
                caCertPem: ca.certPem,
                caPrivateKeyPem: ca.privateKeyPem,
                names,
                subject,
                generation: site.generation,
                keyAlgorithm: site.keyAlgorithm,
                validityDays: site.validityDays,
                earlyRenewalDays: site.earlyRenewalDays,
            },
            parent,
            SIGNED_BY_OURS,
        );
    const names = pulumi
        .all([domain, dnsNames, ipAddresses, site.localNames])
        .apply(([first, dns, ips, local]) => [
            ...new Set([first, ...dns, ...ips, ...(local ? ["localhost", "127.0.0.1"] : [])]),
        ]);
    const files = sign(`${name}-site`, names, site.subject);
    const signed: SiteTls["sign"] = (resource, of) =>
        sign(resource, pulumi.output(of) as pulumi.Output<string[]>);
    const { acme } = tls;
    if (acme !== undefined) {
        const caPem = acme.trust === undefined ? pulumi.output("") : pulumi.output(acme.trust).apply(trusted);
        return { files, caPem, cas: [caPem], sign: signed, acme };
    }
    return {
        files,
        caPem: pulumi.all(all.map(({ certPem }) => certPem)).apply(trustAnchors),
        cas: [ca, ...all.filter((one) => one !== ca)].map(({ certPem }) => certPem.apply(trustAnchor)),
        signer: generation > 1 || next ? ca.certPem.apply(shortFingerprint) : undefined,
        sign: signed,
    };
}
