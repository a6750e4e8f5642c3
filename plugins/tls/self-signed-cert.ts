import { createPublicKey } from "node:crypto";

import type { Props, ResourceType } from "../framework/resource";

import {
    certify,
    commonMistakes,
    commonRules,
    readCertificate,
    renewal,
    updateCertificate,
} from "./certificate";
import { algorithmOf, readPrivateKey, subjectKeyId } from "./keys";
import { alternativeNames, distinguishedName, generalNames, subject } from "./names";

/** tls:index/selfSignedCert:SelfSignedCert. */
export const selfSignedCert: ResourceType = {
    token: "tls:index/selfSignedCert:SelfSignedCert",
    inputs: {
        ...commonRules,
        ...alternativeNames,
        subject,
        privateKeyPem: { type: "string", required: true, replace: true },
        setAuthorityKeyId: { type: "boolean", replace: true, implied: false },
    },
    check(news) {
        const mistakes = commonMistakes(news);
        if (news.isCaCertificate && Object.keys((news.subject ?? {}) as Props).length === 0)
            mistakes.push("subject: a CA certificate needs a name in its subject (RFC 5280 section 4.1.2.6)");
        if (news.setAuthorityKeyId && !news.isCaCertificate && !news.setSubjectKeyId)
            mistakes.push("setAuthorityKeyId needs setSubjectKeyId: true");
        return mistakes;
    },
    diff: renewal,
    async create(inputs) {
        const { x509 } = await import("./x509");
        const key = readPrivateKey(inputs.privateKeyPem as string, "privateKeyPem");
        const publicKey = createPublicKey(key);
        const name = distinguishedName(inputs.subject as Props | undefined);
        const names = generalNames(inputs);
        const outs = await certify(
            inputs,
            {
                publicKey,
                name,
                names:
                    names.length === 0
                        ? undefined
                        : new x509.SubjectAlternativeNameExtension(names, name.length === 0),
            },
            { key, name, keyId: inputs.setAuthorityKeyId ? subjectKeyId(publicKey) : undefined },
        );
        return {
            id: outs.id as string,
            outs: {
                ...outs,
                keyAlgorithm: algorithmOf(key),
                privateKeyPem: inputs.privateKeyPem,
                setAuthorityKeyId: inputs.setAuthorityKeyId ?? false,
                subject: inputs.subject,
                dnsNames: inputs.dnsNames,
                ipAddresses: inputs.ipAddresses,
                uris: inputs.uris,
            },
        };
    },
    read: readCertificate,
    update: updateCertificate,
};
