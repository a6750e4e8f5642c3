import * as pulumi from "@pulumi/pulumi";
import * as tls from "@pulumi/tls";

import { hours, keyArgs } from "./algorithm";
import { inspectCa, right } from "./inspect";
import type { KeyAlgorithm } from "./options";

/** A subject (RFC 5280 section 4.1.2.6). */
export interface SubjectArgs {
    commonName?: pulumi.Input<string> | undefined;
    organization?: pulumi.Input<string> | undefined;
    organizationalUnit?: pulumi.Input<string> | undefined;
    /** ISO 3166, two capital letters. */
    country?: pulumi.Input<string> | undefined;
    province?: pulumi.Input<string> | undefined;
    locality?: pulumi.Input<string> | undefined;
}

export interface CertificateAuthorityArgs {
    /** Certificate of a CA to use instead of making one, PEM; issuers of it may follow. @default one is made */
    cert?: pulumi.Input<string> | undefined;
    /** Its private key, PEM. Kept as a secret. */
    key?: pulumi.Input<string> | undefined;
    /** @default commonName "Private Registry CA" */
    subject?: SubjectArgs | undefined;
    /** @default "ECDSA-P384" */
    keyAlgorithm?: pulumi.Input<KeyAlgorithm> | undefined;
    /** Days. @default 3650 */
    validityDays?: pulumi.Input<number> | undefined;
    /** Certificates of CAs that may stand below this one (RFC 5280 section 4.2.1.9), at least 1. @default 1 */
    pathLength?: pulumi.Input<number> | undefined;
}

/** The CA that signs the site certificate and that clients trust: one of its own, or one that the user brings. */
export class CertificateAuthority extends pulumi.ComponentResource {
    /** PEM of the signing certificate, followed by its issuers where the user gave them. */
    readonly certPem: pulumi.Output<string>;
    /** PEM. Secret. */
    readonly privateKeyPem: pulumi.Output<string>;

    constructor(name: string, args: CertificateAuthorityArgs, opts?: pulumi.ComponentResourceOptions) {
        super("private-registry:index:CertificateAuthority", name, {}, opts);
        if (args.cert !== undefined && args.key !== undefined) {
            const given = pulumi
                .secret(pulumi.all([args.cert, args.key]))
                .apply(([cert, key]) => right(inspectCa(cert, key)));
            this.certPem = pulumi.unsecret(given.apply(({ certPem }) => certPem));
            this.privateKeyPem = given.apply(({ keyPem }) => keyPem);
        } else {
            const parent = { parent: this };
            // A resource of its own: a changed subject or validity makes a new certificate for the same key.
            const key = new tls.PrivateKey(`${name}-key`, keyArgs(args.keyAlgorithm ?? "ECDSA-P384"), parent);
            const certificate = new tls.SelfSignedCert(
                `${name}-cert`,
                {
                    privateKeyPem: key.privateKeyPem,
                    subject: {
                        ...args.subject,
                        commonName: args.subject?.commonName ?? "Private Registry CA",
                    },
                    validityPeriodHours: pulumi.output(args.validityDays ?? 3650).apply(hours),
                    isCaCertificate: true,
                    maxPathLength: args.pathLength ?? 1,
                    setSubjectKeyId: true,
                    setAuthorityKeyId: true,
                    // content_commitment is the newer name of nonRepudiation (RFC 5280 section 4.2.1.3).
                    allowedUses: ["cert_signing", "crl_signing", "content_commitment"],
                },
                parent,
            );
            this.certPem = certificate.certPem;
            this.privateKeyPem = key.privateKeyPem;
        }
        this.registerOutputs({ certPem: this.certPem, privateKeyPem: this.privateKeyPem });
    }
}
