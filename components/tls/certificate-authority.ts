import * as pulumi from "@pulumi/pulumi";
import * as tls from "@pulumi/tls";

import type { CertificateAuthorityArgs } from "../args";
import { settle } from "../definition/inputs";

import { hours, keyArgs } from "./algorithm";
import { inspectCa, right } from "./inspect";
import { AUTHORITY } from "./options";

/** The CA that signs the site certificate and that clients trust: one of its own, or one that the user brings. */
export class CertificateAuthority extends pulumi.ComponentResource {
    /** PEM of the signing certificate, followed by its issuers where the user gave them. */
    readonly certPem: pulumi.Output<string>;
    /** PEM. Secret. */
    readonly privateKeyPem: pulumi.Output<string>;

    /** @throws pulumi.RunError with everything that is wrong with the options */
    constructor(name: string, args: CertificateAuthorityArgs = {}, opts?: pulumi.ComponentResourceOptions) {
        super("private-registry:index:CertificateAuthority", name, {}, opts);
        const { options } = settle(AUTHORITY, args);
        const { cert, key, subject } = options;
        if (cert !== undefined && key !== undefined) {
            const given = pulumi
                .secret(pulumi.all([cert, key]))
                .apply(([cert, key]) => right(inspectCa(cert, key)));
            this.certPem = pulumi.unsecret(given.apply(({ certPem }) => certPem));
            this.privateKeyPem = given.apply(({ keyPem }) => keyPem);
        } else {
            const parent = { parent: this };
            // A resource of its own: a changed subject or validity makes a new certificate for the same key.
            const ownKey = new tls.PrivateKey(`${name}-key`, keyArgs(options.keyAlgorithm), parent);
            const certificate = new tls.SelfSignedCert(
                `${name}-cert`,
                {
                    privateKeyPem: ownKey.privateKeyPem,
                    subject: {
                        ...subject,
                        commonName: subject.commonName ?? "Private Registry CA",
                    },
                    validityPeriodHours: pulumi.output(options.validityDays).apply(hours),
                    isCaCertificate: true,
                    maxPathLength: options.pathLength,
                    setSubjectKeyId: true,
                    setAuthorityKeyId: true,
                    // content_commitment is the newer name of nonRepudiation (RFC 5280 section 4.2.1.3).
                    allowedUses: ["cert_signing", "crl_signing", "content_commitment"],
                },
                parent,
            );
            this.certPem = certificate.certPem;
            this.privateKeyPem = ownKey.privateKeyPem;
        }
        this.registerOutputs({ certPem: this.certPem, privateKeyPem: this.privateKeyPem });
    }
}
