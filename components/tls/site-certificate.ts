import { isIP } from "node:net";

import * as pulumi from "@pulumi/pulumi";
import * as tls from "@pulumi/tls";

import { hours, keyArgs } from "./algorithm";
import type { SubjectArgs } from "./certificate-authority";
import { certificates, serverChain } from "./chain";
import type { KeyAlgorithm } from "./options";

export interface SiteCertificateArgs {
    /** PEM of the signing CA certificate; issuers of it may follow. */
    caCertPem: pulumi.Input<string>;
    /** PEM of the CA's private key. */
    caPrivateKeyPem: pulumi.Input<string>;
    /** Host names and IP addresses for the SAN; the first is the common name too. */
    names: pulumi.Input<string[]>;
    /** Clients read the SAN alone. @default the first of `names` as common name */
    subject?: SubjectArgs | undefined;
    /** @default "ECDSA-P256" */
    keyAlgorithm?: pulumi.Input<KeyAlgorithm> | undefined;
    /** Days; browsers and Apple's clients refuse more than 397. @default 397 */
    validityDays?: pulumi.Input<number> | undefined;
    /** Days before the end from which an `up` renews. Less than `validityDays`. @default 30 */
    earlyRenewalDays?: pulumi.Input<number> | undefined;
}

/** The certificate that the registry shows, signed by the CA and renewed by `up` before it ends. */
export class SiteCertificate extends pulumi.ComponentResource {
    /** PEM of the certificate and of the CAs between it and the root, in the order that TLS sends them. */
    readonly chainPem: pulumi.Output<string>;
    /** PEM. Secret. */
    readonly privateKeyPem: pulumi.Output<string>;

    constructor(name: string, args: SiteCertificateArgs, opts?: pulumi.ComponentResourceOptions) {
        super("private-registry:index:SiteCertificate", name, {}, opts);
        const parent = { parent: this };
        const algorithm = pulumi.output(args.keyAlgorithm ?? "ECDSA-P256");
        const names = pulumi.output(args.names);
        const key = new tls.PrivateKey(`${name}-key`, keyArgs(algorithm), parent);
        const request = new tls.CertRequest(
            `${name}-request`,
            {
                privateKeyPem: key.privateKeyPem,
                // A common name has at most 64 characters (RFC 5280 appendix A.1); clients read the SAN alone.
                subject: {
                    ...args.subject,
                    commonName: args.subject?.commonName ?? names.apply(([first = ""]) => first.slice(0, 64)),
                },
                dnsNames: names.apply((all) => all.filter((host) => isIP(host) === 0)),
                ipAddresses: names.apply((all) => all.filter((host) => isIP(host) !== 0)),
            },
            parent,
        );
        const certificate = new tls.LocallySignedCert(
            `${name}-cert`,
            {
                certRequestPem: request.certRequestPem,
                caCertPem: pulumi
                    .output(args.caCertPem)
                    .apply((pem) => certificates(pem)[0]?.toString() ?? pem),
                caPrivateKeyPem: args.caPrivateKeyPem,
                validityPeriodHours: pulumi.output(args.validityDays ?? 397).apply(hours),
                earlyRenewalHours: pulumi.output(args.earlyRenewalDays ?? 30).apply(hours),
                setSubjectKeyId: true,
                // An ECDSA key encrypts nothing: key_encipherment is for RSA alone (RFC 8813 section 3).
                allowedUses: algorithm.apply((text) => [
                    "digital_signature",
                    ...(text.startsWith("RSA") ? ["key_encipherment"] : []),
                    "server_auth",
                ]),
            },
            parent,
        );
        this.chainPem = pulumi
            .all([certificate.certPem, args.caCertPem])
            .apply(([leaf, ca]) => serverChain(leaf, ca));
        this.privateKeyPem = key.privateKeyPem;
        this.registerOutputs({ chainPem: this.chainPem, privateKeyPem: this.privateKeyPem });
    }
}
