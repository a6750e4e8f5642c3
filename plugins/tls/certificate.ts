/** What self-signed and locally signed certificates have in common. */
import { type KeyObject, randomBytes } from "node:crypto";

import type { InputRule, Props } from "../framework/resource";

import { subjectKeyId } from "./keys";

const KEY_USAGES = [
    "digital_signature",
    "content_commitment",
    "key_encipherment",
    "data_encipherment",
    "key_agreement",
    "cert_signing",
    "crl_signing",
    "encipher_only",
    "decipher_only",
] as const;

/** OIDs of extended key usages (RFC 5280 section 4.2.1.12). */
const EXTENDED_KEY_USAGES: Readonly<Record<string, string>> = {
    any_extended: "2.5.29.37.0",
    server_auth: "1.3.6.1.5.5.7.3.1",
    client_auth: "1.3.6.1.5.5.7.3.2",
    code_signing: "1.3.6.1.5.5.7.3.3",
    email_protection: "1.3.6.1.5.5.7.3.4",
    timestamping: "1.3.6.1.5.5.7.3.8",
    ocsp_signing: "1.3.6.1.5.5.7.3.9",
};

const HOUR = 3600_000;

const atLeast = (least: number) => (value: number) =>
    value < least ? `must be at least ${least}, and is ${value}` : undefined;

/** Rules of the inputs that both have. A change of `earlyRenewalHours` alone makes no new certificate. */
export const commonRules: Readonly<Record<string, InputRule>> = {
    allowedUses: {
        type: "array",
        element: "string",
        required: true,
        replace: true,
        validate: (uses: string[]) => {
            const wrong = uses.find(
                (use) =>
                    !(KEY_USAGES as readonly string[]).includes(use) &&
                    !Object.hasOwn(EXTENDED_KEY_USAGES, use),
            );
            return (
                wrong &&
                `has ${wrong}; allowed are ${[...KEY_USAGES, ...Object.keys(EXTENDED_KEY_USAGES)].join(", ")}`
            );
        },
    },
    validityPeriodHours: { type: "integer", required: true, replace: true, validate: atLeast(0) },
    earlyRenewalHours: { type: "integer", implied: 0, validate: atLeast(0) },
    isCaCertificate: { type: "boolean", replace: true, implied: false },
    maxPathLength: { type: "integer", replace: true, computed: true, validate: atLeast(-1) },
    setSubjectKeyId: { type: "boolean", replace: true, implied: false },
};

/** Mistakes in inputs that both have. */
export const commonMistakes = ({ isCaCertificate = false, maxPathLength }: Props): string[] =>
    typeof maxPathLength === "number" && maxPathLength > 0 && isCaCertificate === false
        ? ["maxPathLength needs isCaCertificate: true (RFC 5280 section 4.2.1.9)"]
        : [];

/** Whether a certificate is within its renewal window. */
export function readyForRenewal(state: Props, earlyRenewalHours: unknown, now = Date.now()): boolean {
    const end = Date.parse((state.validityEndTime ?? "") as string);
    return end - ((earlyRenewalHours ?? 0) as number) * HOUR <= now;
}

/** Diff of both: a certificate in its renewal window is replaced. */
export const renewal = (olds: Props, news: Props) =>
    olds.validityEndTime !== undefined && readyForRenewal(olds, news.earlyRenewalHours)
        ? [{ property: "readyForRenewal", replace: true }]
        : [];

/** Who signs: a key, and the certificate of its owner. For a self-signed one its own subject. */
export interface Issuer {
    key: KeyObject;
    name: string | object;
    /** The owner's SKI, which becomes the AKI; nothing leaves it out. */
    keyId?: Buffer | undefined;
}

/** What is certified. */
export interface Subject {
    publicKey: KeyObject;
    name: string | object;
    /** The SAN extension; nothing where there are no names. */
    names?: unknown;
}

/** Makes a certificate, with the extensions in Go's order (crypto/x509, buildCertExtensions). */
export async function certify(inputs: Props, subject: Subject, issuer: Issuer): Promise<Props> {
    const { keyPair, pemText, signingAlgorithm, x509 } = await import("./x509");
    const uses = inputs.allowedUses as string[];
    const flags = KEY_USAGES.reduce((bits, use, i) => (uses.includes(use) ? bits | (1 << i) : bits), 0);
    const extended = uses.map((use) => EXTENDED_KEY_USAGES[use]).filter((oid) => oid !== undefined);
    const isCa = inputs.isCaCertificate === true;
    // Go leaves out a path length of 0 unless it is told twice, which the official plugin does not.
    const pathLength = Number(inputs.maxPathLength) > 0 ? (inputs.maxPathLength as number) : undefined;
    const extensions = [
        ...(flags === 0 ? [] : [new x509.KeyUsagesExtension(flags, true)]),
        ...(extended.length === 0 ? [] : [new x509.ExtendedKeyUsageExtension(extended)]),
        new x509.BasicConstraintsExtension(isCa, pathLength, true),
        ...(isCa || inputs.setSubjectKeyId
            ? [new x509.SubjectKeyIdentifierExtension(subjectKeyId(subject.publicKey).toString("hex"))]
            : []),
        ...(issuer.keyId ? [new x509.AuthorityKeyIdentifierExtension(issuer.keyId.toString("hex"))] : []),
        ...(subject.names ? [subject.names as InstanceType<typeof x509.Extension>] : []),
    ];
    const notBefore = new Date();
    const notAfter = new Date(notBefore.getTime() + (inputs.validityPeriodHours as number) * HOUR);
    const serial = randomBytes(16);
    const certificate = await x509.X509CertificateGenerator.create({
        serialNumber: serial.toString("hex"),
        subject: subject.name as string,
        issuer: issuer.name as string,
        notBefore,
        notAfter,
        extensions,
        publicKey: subject.publicKey.export({ type: "spki", format: "der" }),
        signingKey: (await keyPair(issuer.key)).privateKey,
        signingAlgorithm: signingAlgorithm(issuer.key),
    });
    return {
        id: BigInt(`0x${serial.toString("hex")}`).toString(),
        certPem: pemText(certificate.toString("pem")),
        allowedUses: uses,
        validityPeriodHours: inputs.validityPeriodHours,
        validityStartTime: notBefore.toISOString(),
        validityEndTime: notAfter.toISOString(),
        earlyRenewalHours: inputs.earlyRenewalHours ?? 0,
        readyForRenewal: readyForRenewal(
            { validityEndTime: notAfter.toISOString() },
            inputs.earlyRenewalHours,
            notBefore.getTime(),
        ),
        isCaCertificate: isCa,
        setSubjectKeyId: inputs.setSubjectKeyId ?? false,
        ...(inputs.maxPathLength === undefined ? {} : { maxPathLength: inputs.maxPathLength }),
    };
}

/** Read of both: nothing outside the state can change; only time passes. */
export async function readCertificate(id: string, state: Props, inputs: Props) {
    if (state.certPem === undefined) throw new Error("A certificate cannot be imported.");
    return {
        id,
        outs: { ...state, readyForRenewal: readyForRenewal(state, state.earlyRenewalHours) },
        inputs,
    };
}

/** Update of both: only the renewal window changes without a new certificate. */
export const updateCertificate = async (_id: string, olds: Props, news: Props): Promise<Props> => ({
    ...olds,
    earlyRenewalHours: news.earlyRenewalHours ?? 0,
    readyForRenewal: readyForRenewal(olds, news.earlyRenewalHours),
});
