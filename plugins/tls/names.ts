/** Subjects and subject alternative names, in the form and order of the official plugin. */
import { isIP } from "node:net";

import type { JsonGeneralNames, JsonName } from "@peculiar/x509";

import type { InputRule, Props } from "../framework/resource";

const text: InputRule = { type: "string", replace: true };
const texts: InputRule = { type: "array", element: "string", replace: true };

/** A subject (RFC 5280 section 4.1.2.6). */
export const subject: InputRule = {
    type: "object",
    replace: true,
    members: {
        commonName: text,
        country: text,
        emailAddress: text,
        locality: text,
        organization: text,
        organizationalUnit: text,
        postalCode: text,
        province: text,
        serialNumber: text,
        streetAddresses: texts,
    },
};

/** An input of which no element may be wrong. */
const each = (isRight: (element: string) => boolean, wanted: string): InputRule => ({
    ...texts,
    validate: (given: string[]) => {
        const wrong = given.find((element) => !isRight(element));
        return wrong === undefined ? undefined : `has ${wrong}, which is not ${wanted}`;
    },
});
/** A certificate holds these names as IA5String (RFC 5280 section 4.2.1.6). */
const ascii = each(
    (name) => /^[\x20-\x7e]+$/.test(name),
    "in ASCII: write it in Punycode or percent-encoded",
);
const addresses = each((address) => isIP(address) !== 0, "an IP address");

/** The inputs that become the SAN. */
export const alternativeNames = { dnsNames: ascii, ipAddresses: addresses, uris: ascii };

/** The order of Go's pkix.Name, so that a subject has the same bytes whichever plugin made it. */
const ORDER: readonly (readonly [string, string])[] = [
    ["country", "C"],
    ["province", "ST"],
    ["locality", "L"],
    ["streetAddresses", "2.5.4.9"],
    ["postalCode", "2.5.4.17"],
    ["organization", "O"],
    ["organizationalUnit", "OU"],
    ["commonName", "CN"],
    ["serialNumber", "2.5.4.5"],
    ["emailAddress", "1.2.840.113549.1.9.1"],
];

/** PrintableString where the characters allow it, else UTF8String (RFC 5280 section 4.1.2.4). */
const asn1 = (value: string) =>
    /^[A-Za-z0-9 '()+,\-./:=?]*$/.test(value) ? { printableString: value } : { utf8String: value };

/** A subject as @peculiar/x509 takes it. */
export function distinguishedName(given: Props = {}): JsonName {
    return ORDER.flatMap(([key, type]) => {
        const value = given[key] as string | string[] | undefined;
        if (value === undefined || value.length === 0) return [];
        const values = Array.isArray(value) ? value : [value];
        return [{ [type]: values.map((v) => (key === "emailAddress" ? { ia5String: v } : asn1(v))) }];
    }) as unknown as JsonName;
}

/** The SAN's names; DNS names first, then IP addresses, then URIs. */
export function generalNames(inputs: Props): JsonGeneralNames {
    const list = (key: string) => (inputs[key] ?? []) as string[];
    return [
        ...list("dnsNames").map((value) => ({ type: "dns" as const, value })),
        ...list("ipAddresses").map((value) => ({ type: "ip" as const, value })),
        ...list("uris").map((value) => ({ type: "url" as const, value })),
    ];
}
