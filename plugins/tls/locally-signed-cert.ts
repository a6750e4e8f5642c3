import { createPublicKey, X509Certificate } from "node:crypto";

import type { Props, ResourceType } from "../framework/resource";

import {
    certify,
    commonMistakes,
    commonRules,
    readCertificate,
    renewal,
    updateCertificate,
} from "./certificate";
import { algorithmOf, readPrivateKey } from "./keys";

/** Kinds of names that Go takes over from a request into a certificate, in its order (crypto/x509, marshalSANs). */
const KINDS = ["dns", "ip", "url"];

/** Parses PEM. @throws Error with one sentence where it holds nothing of that kind */
function parse<T>(property: string, what: string, read: () => T): T {
    try {
        return read();
    } catch {
        // The libraries' own texts tell of ASN.1, and not of the input.
        throw new Error(`${property} holds no ${what} in PEM.`);
    }
}

/** The CA, whose certificate and private key must belong together. */
async function authority(inputs: Props) {
    const { x509 } = await import("./x509");
    const [pem, key] = [
        inputs.caCertPem as string,
        readPrivateKey(inputs.caPrivateKeyPem as string, "caPrivateKeyPem"),
    ];
    const certificate = parse("caCertPem", "certificate", () => new X509Certificate(pem));
    if (!certificate.checkPrivateKey(key))
        throw new Error("caPrivateKeyPem is not the private key of the certificate in caCertPem.");
    const { subjectName, extensions } = new x509.X509Certificate(certificate.raw);
    const keyId = extensions.find((extension) => extension instanceof x509.SubjectKeyIdentifierExtension);
    return { key, name: subjectName, keyId: keyId && Buffer.from(keyId.keyId, "hex") };
}

/** What the request asks for. */
async function requested(inputs: Props) {
    const { x509 } = await import("./x509");
    const pem = inputs.certRequestPem as string;
    const request = parse(
        "certRequestPem",
        "certificate request",
        () => new x509.Pkcs10CertificateRequest(pem),
    );
    if (!(await request.verify())) throw new Error("certRequestPem is not signed by its own key.");
    const spki = Buffer.from(request.publicKey.rawData);
    const san = request.extensions.find(
        (extension) => extension instanceof x509.SubjectAlternativeNameExtension,
    );
    const all = san?.names.toJSON() ?? [];
    const names = KINDS.flatMap((kind) => all.filter(({ type }) => type === kind));
    return {
        publicKey: createPublicKey({ key: spki, format: "der", type: "spki" }),
        name: request.subjectName,
        names:
            names.length === 0
                ? undefined
                : new x509.SubjectAlternativeNameExtension(names, request.subject === ""),
    };
}

/** tls:index/locallySignedCert:LocallySignedCert: a request, signed by a CA. */
export const locallySignedCert: ResourceType = {
    token: "tls:index/locallySignedCert:LocallySignedCert",
    inputs: {
        ...commonRules,
        caCertPem: { type: "string", required: true, replace: true },
        caPrivateKeyPem: { type: "string", required: true, replace: true },
        certRequestPem: { type: "string", required: true, replace: true },
    },
    check: commonMistakes,
    diff: renewal,
    async create(inputs) {
        const [ca, subject] = [await authority(inputs), await requested(inputs)];
        const outs = await certify(inputs, subject, ca);
        return {
            id: outs.id as string,
            outs: {
                ...outs,
                caCertPem: inputs.caCertPem,
                caKeyAlgorithm: algorithmOf(ca.key),
                caPrivateKeyPem: inputs.caPrivateKeyPem,
                certRequestPem: inputs.certRequestPem,
            },
        };
    },
    read: readCertificate,
    update: updateCertificate,
};
