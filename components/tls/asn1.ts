/**
 * What Node's X509Certificate does not tell: signature algorithm, extensions, name constraints, and the certificates of a
 * PKCS#7 file. Load this file with `require` where a certificate is brought: its library takes 50 ms.
 */
import { type CertificateSet, ContentInfo, id_signedData, SignedData } from "@peculiar/asn1-cms";
import { AsnConvert, AsnSerializer } from "@peculiar/asn1-schema";
import {
    Certificate,
    type Extension,
    type GeneralName,
    id_ce_keyUsage,
    id_ce_nameConstraints,
    id_ce_subjectAltName,
    KeyUsage,
    NameConstraints,
    SubjectAlternativeName,
} from "@peculiar/asn1-x509";

/** Names of one kind that a CA may, or may not, sign for (RFC 5280 section 4.2.1.10). */
export interface Subtrees {
    /** Without a leading dot also the name itself; "" stands for every name. */
    dns: string[];
    /** `10.0.0.0/255.0.0.0` */
    ip: string[];
    /** Kinds of names that Go does not know in a name constraint, such as a directory name. */
    others: boolean;
}

export interface Details {
    /** OID and parameters of the algorithm of the signature. */
    signature: { oid: string; parameters: string };
    negativeSerial: boolean;
    /** The curve of the key stands in numbers instead of by its name (RFC 5480 section 2.1.1). */
    explicitCurve: boolean;
    /** OIDs, in their order. */
    extensions: { oid: string; critical: boolean }[];
    /** Names of RFC 5280 section 4.2.1.3; undefined where the certificate does not restrict its key. */
    keyUsage: string[] | undefined;
    constraints: { critical: boolean; permitted: Subtrees; excluded: Subtrees } | undefined;
    names: { dns: string[]; ip: string[] };
}

const EC_PUBLIC_KEY = "1.2.840.10045.2.1";

const hex = (bytes: ArrayBuffer | null | undefined) =>
    Buffer.from(bytes ?? new ArrayBuffer(0)).toString("hex");

function subtrees(bases: readonly GeneralName[]): Subtrees {
    return {
        dns: bases.flatMap(({ dNSName }) => (dNSName === undefined ? [] : [dNSName.toLowerCase()])),
        ip: bases.flatMap(({ iPAddress }) => (iPAddress === undefined ? [] : [iPAddress])),
        // Go reads e-mail addresses and URIs too, of which a server has none.
        others: bases.some(
            (base) =>
                base.dNSName === undefined &&
                base.iPAddress === undefined &&
                base.rfc822Name === undefined &&
                base.uniformResourceIdentifier === undefined,
        ),
    };
}

/** @throws Error where the bytes are no certificate */
export function details(der: Buffer): Details {
    const { tbsCertificate, signatureAlgorithm } = AsnConvert.parse(der, Certificate);
    const { algorithm } = tbsCertificate.subjectPublicKeyInfo;
    const extensions = [...(tbsCertificate.extensions ?? [])];
    const find = (oid: string): Extension | undefined => extensions.find(({ extnID }) => extnID === oid);
    const usage = find(id_ce_keyUsage);
    const limits = find(id_ce_nameConstraints);
    const parsed = limits && AsnConvert.parse(limits.extnValue.buffer, NameConstraints);
    const alternative = find(id_ce_subjectAltName);
    const names: readonly GeneralName[] = alternative
        ? AsnConvert.parse(alternative.extnValue.buffer, SubjectAlternativeName)
        : [];
    const [firstByte = 0] = new Uint8Array(tbsCertificate.serialNumber);
    return {
        signature: { oid: signatureAlgorithm.algorithm, parameters: hex(signatureAlgorithm.parameters) },
        negativeSerial: firstByte > 0x7f,
        explicitCurve: algorithm.algorithm === EC_PUBLIC_KEY && !hex(algorithm.parameters).startsWith("06"),
        extensions: extensions.map(({ extnID, critical }) => ({ oid: extnID, critical })),
        keyUsage: usage && AsnConvert.parse(usage.extnValue.buffer, KeyUsage).toJSON(),
        constraints: parsed && {
            critical: limits.critical,
            permitted: subtrees((parsed.permittedSubtrees ?? []).map(({ base }) => base)),
            excluded: subtrees((parsed.excludedSubtrees ?? []).map(({ base }) => base)),
        },
        names: {
            dns: names.flatMap(({ dNSName }) => (dNSName === undefined ? [] : [dNSName])),
            ip: names.flatMap(({ iPAddress }) => (iPAddress === undefined ? [] : [iPAddress])),
        },
    };
}

/** DER of the certificates in a PKCS#7 or CMS file (RFC 5652), in its order; nothing where it is none. */
export function pkcs7Certificates(der: Buffer): Buffer[] {
    let set: CertificateSet | undefined;
    try {
        const info = AsnConvert.parse(der, ContentInfo);
        if (info.contentType !== id_signedData) return [];
        set = AsnConvert.parse(info.content, SignedData).certificates;
    } catch {
        return [];
    }
    return [...(set ?? [])].flatMap(({ certificate }) =>
        certificate === undefined ? [] : [Buffer.from(AsnSerializer.serialize(certificate))],
    );
}
