import { createPublicKey } from "node:crypto";

import type { ResourceType } from "../framework/resource";

import { certify, commonRules, readCertificate, renewal, updateCertificate } from "./certificate";
import { algorithmOf, readPrivateKey } from "./keys";

/** tls:index/locallySignedCert:LocallySignedCert: a request, signed by a CA. */
export const locallySignedCert: ResourceType = {
    token: "tls:index/locallySignedCert:LocallySignedCert",
    inputs: {
        ...commonRules,
        caCertPem: { type: "string", required: true, replace: true },
        caPrivateKeyPem: { type: "string", required: true, replace: true },
        certRequestPem: { type: "string", required: true, replace: true },
    },
    diff: renewal,
    async create(inputs) {
        const { x509 } = await import("./x509");
        const key = readPrivateKey(inputs.caPrivateKeyPem as string, "caPrivateKeyPem");
        const ca = new x509.X509Certificate(inputs.caCertPem as string);
        const request = new x509.Pkcs10CertificateRequest(inputs.certRequestPem as string);
        if (!(await request.verify())) throw new Error("certRequestPem is not signed by its own key.");
        const caKeyId = ca.getExtension(x509.SubjectKeyIdentifierExtension)?.keyId;
        const publicKey = createPublicKey({
            key: Buffer.from(request.publicKey.rawData),
            format: "der",
            type: "spki",
        });
        const names = request.extensions.find(
            (extension) => extension instanceof x509.SubjectAlternativeNameExtension,
        );
        const outs = await certify(
            inputs,
            {
                publicKey,
                name: request.subjectName,
                names:
                    names &&
                    new x509.SubjectAlternativeNameExtension(names.names.toJSON(), request.subject === ""),
            },
            {
                key,
                name: ca.subjectName,
                keyId: caKeyId === undefined ? undefined : Buffer.from(caKeyId, "hex"),
            },
        );
        return {
            id: outs.id as string,
            outs: {
                ...outs,
                caCertPem: inputs.caCertPem,
                caKeyAlgorithm: algorithmOf(key),
                caPrivateKeyPem: inputs.caPrivateKeyPem,
                certRequestPem: inputs.certRequestPem,
            },
        };
    },
    read: readCertificate,
    update: updateCertificate,
};
