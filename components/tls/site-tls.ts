/** The registry's certificate, in the three ways in which a deployment gets it. */
import * as pulumi from "@pulumi/pulumi";

import type { TlsFiles } from "../registry/registry";

import type { KeyAlgorithm } from "./algorithm";
import {
    CertificateAuthority,
    type CertificateAuthorityArgs,
    type SubjectArgs,
} from "./certificate-authority";
import { serverChain, trustAnchor } from "./chain";
import { type Bundle, type Inspected, inspectSite } from "./inspect";
import { SiteCertificate } from "./site-certificate";

/** A CA of the deployment's own, or one that the user brings (`ca.given`), signs the site certificate. */
export interface OwnCaTls {
    mode: "own-ca";
    /** @default a CA of its own, ECDSA P-384, 10 years */
    ca?: CertificateAuthorityArgs | undefined;
    /** Further DNS names and IP addresses of the site certificate. @default [] */
    names?: string[] | undefined;
    /** localhost and 127.0.0.1 are valid names too. @default true */
    localNames?: boolean | undefined;
    /** Subject of the registry's own certificate. @default the domain as common name */
    subject?: SubjectArgs | undefined;
    /** @default "ECDSA-P256" */
    keyAlgorithm?: KeyAlgorithm | undefined;
    /** Days. @default 397 */
    validityDays?: number | undefined;
    /** Days before the end from which an `up` renews. @default 30 */
    earlyRenewalDays?: number | undefined;
}

/** A certificate that the user brings. */
export interface FilesTls {
    mode: "files";
    /** PEM. */
    certPem: pulumi.Input<string>;
    /** PEM. Kept as a secret. */
    privateKeyPem: pulumi.Input<string>;
    /** PEM of the issuers, root last. @default none */
    chainPem?: pulumi.Input<string> | undefined;
}

/** Plain HTTP, for a closed network. */
export interface NoTls {
    mode: "off";
}

export type TlsArgs = OwnCaTls | FilesTls | NoTls;

/** The registry's certificate, what clients must trust, and more certificates of the same CA where that is ours. */
export interface SiteTls {
    files: TlsFiles;
    caPem: pulumi.Output<string>;
    sign?: (resource: string, names: string[]) => TlsFiles;
}

/** @throws RunError with everything that is wrong with a certificate */
export function right({ problems, bundle }: Inspected): Bundle {
    if (bundle !== undefined) return bundle;
    const names = { cert: "certPem", key: "privateKeyPem", chain: "chainPem" };
    const lines = problems.map(({ part, problem }) => `  ${names[part]} ${problem}`);
    throw new pulumi.RunError(`The certificate of the registry cannot be used:\n${lines.join("\n")}`);
}

/**
 * Makes or takes the certificate of a deployment; nothing for plain HTTP.
 *
 * @param name start of the names of the resources
 * @param domain name that clients use
 */
export function siteTls(
    name: string,
    domain: string,
    tls: TlsArgs,
    parent: { parent: pulumi.Resource },
): SiteTls | undefined {
    if (tls.mode === "off") return undefined;
    if (tls.mode === "files") {
        const bundle = pulumi
            .secret(pulumi.all([tls.certPem, tls.privateKeyPem, tls.chainPem ?? ""]))
            .apply(([cert, key, chain]) => right(inspectSite(cert, key, chain, [domain])));
        const shown = pulumi.unsecret(bundle.apply(({ certPem, chainPem }) => ({ certPem, chainPem })));
        return {
            files: {
                chainPem: shown.apply(({ certPem, chainPem }) => serverChain(certPem, chainPem)),
                privateKeyPem: bundle.apply(({ keyPem }) => keyPem),
            },
            caPem: shown.apply(({ chainPem }) => trustAnchor(chainPem)),
        };
    }
    const ca = new CertificateAuthority(`${name}-ca`, tls.ca ?? {}, parent);
    const sign = (resource: string, names: string[], subject?: SubjectArgs) =>
        new SiteCertificate(
            resource,
            {
                caCertPem: ca.certPem,
                caPrivateKeyPem: ca.privateKeyPem,
                names,
                subject,
                keyAlgorithm: tls.keyAlgorithm,
                validityDays: tls.validityDays,
                earlyRenewalDays: tls.earlyRenewalDays,
            },
            parent,
        );
    const local = (tls.localNames ?? true) ? ["localhost", "127.0.0.1"] : [];
    const files = sign(`${name}-site`, [...new Set([domain, ...(tls.names ?? []), ...local])], tls.subject);
    return { files, caPem: ca.certPem.apply(trustAnchor), sign };
}
