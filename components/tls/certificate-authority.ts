import * as pulumi from "@pulumi/pulumi";
import * as tls from "@pulumi/tls";

import { hours, type KeyAlgorithm, keyArgs } from "./algorithm";

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

/** A CA that the user brings. */
export interface GivenCaArgs {
    /** The CA certificate, PEM; issuers of it may follow, root last. */
    certPem: pulumi.Input<string>;
    /** Its private key, PEM. Kept as a secret. */
    privateKeyPem: pulumi.Input<string>;
}

export interface CertificateAuthorityArgs {
    /** Use this CA instead of making one; all other arguments are without effect then. */
    given?: GivenCaArgs | undefined;
    /** @default commonName "Private Registry CA" */
    subject?: SubjectArgs | undefined;
    /** @default "ECDSA-P384" */
    keyAlgorithm?: KeyAlgorithm | undefined;
    /** Days. @default 3650 */
    validityDays?: number | undefined;
    /** Certificates of CAs that may stand below this one (RFC 5280 section 4.2.1.9), at least 1. @default 1 */
    pathLength?: number | undefined;
}

/** The CA that signs the site certificate and that clients trust: one of its own, or one that the user brings. */
export class CertificateAuthority extends pulumi.ComponentResource {
    /** PEM of the signing certificate, followed by its issuers where the user gave them. */
    readonly certPem: pulumi.Output<string>;
    /** PEM. Secret. */
    readonly privateKeyPem: pulumi.Output<string>;

    constructor(name: string, args: CertificateAuthorityArgs, opts?: pulumi.ComponentResourceOptions) {
        super("private-registry:index:CertificateAuthority", name, {}, opts);
        if (args.given !== undefined) {
            this.certPem = pulumi.output(args.given.certPem);
            this.privateKeyPem = pulumi.secret(args.given.privateKeyPem);
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
                    validityPeriodHours: hours(args.validityDays ?? 3650),
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
