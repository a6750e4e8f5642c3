import { createHash } from "node:crypto";

import type { Props, ResourceType } from "../framework/resource";

import { algorithmOf, readPrivateKey } from "./keys";
import { alternativeNames, distinguishedName, generalNames, subject } from "./names";

/** tls:index/certRequest:CertRequest, a PKCS #10 request (RFC 2986). */
export const certRequest: ResourceType = {
    token: "tls:index/certRequest:CertRequest",
    inputs: {
        ...alternativeNames,
        subject,
        privateKeyPem: { type: "string", required: true, replace: true },
    },
    async create(inputs) {
        const { keyPair, pemText, signingAlgorithm, x509 } = await import("./x509");
        const key = readPrivateKey(inputs.privateKeyPem as string, "privateKeyPem");
        const names = generalNames(inputs);
        const request = await x509.Pkcs10CertificateRequestGenerator.create({
            name: distinguishedName(inputs.subject as Props | undefined),
            keys: await keyPair(key),
            signingAlgorithm: signingAlgorithm(key),
            extensions: names.length === 0 ? [] : [new x509.SubjectAlternativeNameExtension(names)],
        });
        const id = createHash("sha1").update(Buffer.from(request.rawData)).digest("hex");
        return {
            id,
            outs: {
                id,
                certRequestPem: pemText(request.toString("pem")),
                keyAlgorithm: algorithmOf(key),
                privateKeyPem: inputs.privateKeyPem,
                subject: inputs.subject,
                dnsNames: inputs.dnsNames,
                ipAddresses: inputs.ipAddresses,
                uris: inputs.uris,
            },
        };
    },
    async read(id, state, inputs) {
        if (state.certRequestPem === undefined) throw new Error("A tls.CertRequest cannot be imported.");
        return { id, outs: state, inputs };
    },
};
