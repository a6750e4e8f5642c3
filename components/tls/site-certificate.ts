import { isIP } from "node:net";

import * as pulumi from "@pulumi/pulumi";
import * as tls from "@pulumi/tls";

import type { SiteCertificateArgs } from "../args";
import { generationName } from "../definition/generation";
import { settle } from "../definition/inputs";

import { hours, keyArgs } from "./algorithm";
import { certificates, serverChain } from "./chain";
import { SITE_CERTIFICATE } from "./options";

/** The certificate that the registry shows, signed by the CA and renewed by `up` before it ends. */
export class SiteCertificate extends pulumi.ComponentResource {
    /** PEM of the certificate and of the CAs between it and the root, in the order that TLS sends them. */
    readonly chainPem: pulumi.Output<string>;
    /** PEM. Secret. */
    readonly privateKeyPem: pulumi.Output<string>;

    /**
     * @param definition of the options; with another one the kit leaves out the look at a CA that it has looked at
     * @throws pulumi.RunError with everything that is wrong with the options
     */
    constructor(
        name: string,
        args: SiteCertificateArgs,
        opts?: pulumi.ComponentResourceOptions,
        definition = SITE_CERTIFICATE,
    ) {
        super("private-registry:index:SiteCertificate", name, {}, opts);
        const parent = { parent: this };
        const { options } = settle(definition, args);
        const algorithm = pulumi.output(options.keyAlgorithm);
        const names = pulumi.output(options.names);
        const key = new tls.PrivateKey(
            generationName(`${name}-key`, options.generation),
            keyArgs(algorithm),
            parent,
        );
        const request = new tls.CertRequest(
            `${name}-request`,
            {
                privateKeyPem: key.privateKeyPem,
                // A common name has at most 64 characters (RFC 5280 appendix A.1); clients read the SAN alone.
                subject: {
                    ...options.subject,
                    commonName:
                        options.subject.commonName ?? names.apply(([first = ""]) => first.slice(0, 64)),
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
                    .output(options.caCertPem)
                    .apply((pem) => certificates(pem)[0]?.toString() ?? pem),
                caPrivateKeyPem: options.caPrivateKeyPem,
                validityPeriodHours: pulumi.output(options.validityDays).apply(hours),
                earlyRenewalHours: pulumi.output(options.earlyRenewalDays).apply(hours),
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
            .all([certificate.certPem, options.caCertPem])
            .apply(([leaf, ca]) => serverChain(leaf, ca));
        this.privateKeyPem = key.privateKeyPem;
        this.registerOutputs({ chainPem: this.chainPem, privateKeyPem: this.privateKeyPem });
    }
}
