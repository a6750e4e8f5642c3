/** The options of `tls`: which certificate the registry shows, and who signs it. */
import * as z from "zod";

import type { Definition, Rule } from "../definition/check";
import { generationOption } from "../definition/generation";
import { option, plain, section, switchable } from "../definition/option";
import { formatPath, type Path, type Problem, problem, remove, set } from "../definition/problem";
import { hostKey, pem, PEM_ALLOWED, reachableAddress, YES_OR_NO } from "../definition/values";
import type { Options } from "../options";

import { acmeOption } from "./acme-options";
import { caDays } from "./chain";
import { type Inspected, inspectCa, inspectSite, inspectTrust, type Part } from "./inspect";
import { constraintProblem } from "./judge";

/** The keys that the kit makes: ECDSA for speed and small handshakes, RSA for old clients. */
const KEY_ALGORITHMS = ["ECDSA-P256", "ECDSA-P384", "RSA-2048", "RSA-3072", "RSA-4096"] as const;
export type KeyAlgorithm = (typeof KEY_ALGORITHMS)[number];
const keyAlgorithm = z.enum(KEY_ALGORITHMS);
const KEYS_ALLOWED = `one of ${KEY_ALGORITHMS.join(", ")}`;

const certificate = (description: string, file: string) =>
    option(pem.optional(), { description, allowed: PEM_ALLOWED, example: `./${file}.crt`, file: "pem" });
const privateKey = (description: string, file: string) =>
    option(pem.optional(), {
        description,
        allowed: PEM_ALLOWED,
        example: `./${file}.key`,
        file: "pem",
        secret: true,
    });
export { certificate as certificateOption, privateKey as privateKeyOption };

const subjectPart = (description: string, example: string, standard?: string) =>
    option(z.string().min(1).max(64).optional(), {
        description,
        allowed: "1 to 64 characters",
        example,
        ...(standard === undefined ? {} : { default: standard }),
    });

const subject = (description: string, commonName: ReturnType<typeof subjectPart>) =>
    option(
        z
            .strictObject({
                commonName,
                organization: subjectPart("Organization (O)", "Example Ltd"),
                organizationalUnit: subjectPart("Organizational unit (OU)", "Platform"),
                country: option(
                    z
                        .string()
                        .regex(/^[A-Z]{2}$/)
                        .optional(),
                    {
                        description: "Country (C), ISO 3166 code",
                        allowed: "two capital letters",
                        example: "CN",
                    },
                ),
                province: subjectPart("State or province (ST)", "Shanxi"),
                locality: subjectPart("Locality (L)", "Datong"),
            })
            .prefault({}),
        {
            description,
            allowed: "an object of commonName, organization, organizationalUnit, country, province, locality",
            example: { organization: "Example Ltd" },
        },
    );

const days = (least: number, most: number) => z.int().min(least).max(most);

const site = z.strictObject({
    generation: generationOption("key of the site certificate"),
    subject: subject(
        "Subject of the site certificate; clients read its SAN alone",
        subjectPart("Common name (CN) of the site certificate", "docker.example.com", "the domain"),
    ),
    keyAlgorithm: option(keyAlgorithm.default("ECDSA-P256"), {
        description: "Key of the site certificate",
        allowed: KEYS_ALLOWED,
        example: "RSA-4096",
    }),
    validityDays: option(days(1, 825).default(397), {
        description:
            "How long the site certificate is valid; clients of Apple's and the CA/Browser Forum's rules refuse more than 397",
        unit: "days",
        allowed: "a whole number from 1 to 825",
        example: 397,
    }),
    earlyRenewalDays: option(z.int().min(0).default(30), {
        description: "How long before its end `pulumi up` renews the site certificate",
        unit: "days",
        allowed: "a whole number from 0, less than tls.ownCa.site.validityDays",
        example: 30,
    }),
    localNames: option(z.boolean().default(true), {
        description: "localhost and 127.0.0.1 stand in the site certificate too",
        allowed: YES_OR_NO,
        example: false,
    }),
});

const next = {
    signs: plain(z.boolean().default(false), {
        description: "The next CA signs the site certificate, and the former one is trusted still",
        allowed: YES_OR_NO,
        example: true,
    }),
    cert: certificate("Certificate of the next CA, where you bring it", "next-ca"),
    key: privateKey("Private key of the next CA, where you bring it", "next-ca"),
};

const ownCa = {
    subject: subject(
        "Subject of the CA",
        subjectPart("Common name (CN) of the CA", "Example Registry CA", "Private Registry CA"),
    ),
    keyAlgorithm: option(keyAlgorithm.default("ECDSA-P384"), {
        description: "Key of the CA. Another algorithm makes a new CA, which every client has to trust anew",
        allowed: KEYS_ALLOWED,
        example: "RSA-4096",
    }),
    validityDays: option(days(1, 36500).default(3650), {
        description: "How long the CA certificate is valid",
        unit: "days",
        allowed: "a whole number from 1 to 36500",
        example: 3650,
    }),
    pathLength: option(z.int().min(1).max(10).default(1), {
        description: "Path length constraint of the CA (RFC 5280 section 4.2.1.9)",
        allowed: "a whole number from 1 to 10 (the tls provider cannot express 0)",
        example: 1,
    }),
    cert: certificate("Certificate of a CA that you bring", "ca"),
    key: privateKey("Private key of a CA that you bring", "ca"),
    generation: generationOption("CA of the kit's own"),
    next: option(section(next), {
        description:
            "The CA that takes the place of this one, and is trusted beside it until then (docs/keys.md). Without cert: one of the kit's own, of the next generation",
        default: "no other CA is trusted",
        allowed: "an object (tls.ownCa.next.*), or true",
        example: { signs: true },
        secret: true,
    }),
    site: option(site.prefault({}), {
        description: "The site certificate that the CA signs",
        allowed: "an object (tls.ownCa.site.*)",
        example: { validityDays: 397 },
    }),
};

/** The options of a CA by itself. */
export const authority = z.strictObject(ownCa).omit({ site: true, generation: true, next: true });

/** A name as a SAN has it: a host name, of which the first label may be a star (RFC 9525), or an IP address. */
const siteName = z.union([
    z.string().refine((value) => hostKey.safeParse(value.replace(/^\*\./, "")).success),
    reachableAddress,
]);

/** The options of a site certificate by itself. */
export const siteCertificate = z.strictObject({
    caCertPem: option(pem, {
        description: "Certificate of the CA that signs; its issuers may follow",
        allowed: PEM_ALLOWED,
        example: "./ca.crt",
        file: "pem",
    }),
    caPrivateKeyPem: option(pem, {
        description: "Private key of that CA",
        allowed: PEM_ALLOWED,
        example: "./ca.key",
        file: "pem",
        secret: true,
    }),
    names: option(z.array(siteName).min(1), {
        description: "Host names and IP addresses for the SAN; the first is the common name too",
        allowed: "a list of host names and IP addresses",
        example: ["docker.example.com"],
    }),
    ...site.omit({ localNames: true }).shape,
});

const files = {
    cert: certificate("The site certificate; its issuers may follow", "site"),
    key: privateKey("Private key of the site certificate", "site"),
    chain: option(pem.optional(), {
        description: "The issuing certificates, which clients are given to trust",
        allowed: PEM_ALLOWED,
        example: "./chain.crt",
        file: "pem",
    }),
};

export const tls = option(
    switchable({
        off: plain(z.boolean().default(false), {
            description: "Plain HTTP, for a closed network",
            allowed: YES_OR_NO,
            example: true,
        }),
        ownCa: option(section(ownCa), {
            description: "A CA of the deployment's own, or one that you bring, signs the site certificate",
            default: "where none of tls.files, tls.acme, tls.secret and tls.off is set",
            allowed: "an object (tls.ownCa.*), or true",
            example: { keyAlgorithm: "RSA-4096" },
            secret: true,
        }),
        files: option(section(files), {
            description: "A certificate that you bring",
            allowed: "an object of cert, key and chain",
            example: { cert: "./site.crt" },
            secret: true,
        }),
        acme: acmeOption,
        secret: plain(
            z
                .string()
                .regex(/^[a-z0-9]([a-z0-9.-]{0,251}[a-z0-9])?$/)
                .optional(),
            {
                description:
                    "Name of a Secret of type kubernetes.io/tls in kubernetes.namespace, as cert-manager keeps one: what renews it there is shown without an `up`. Its ca.crt is what clients get to trust",
                allowed: "the name of a Secret",
                example: "registry-tls",
            },
        ),
    }).prefault({}),
    {
        description: "The certificate that the registry shows. false: plain HTTP, for a closed network",
        allowed: "an object of one of ownCa, files, acme, secret and off, or false",
        example: { ownCa: { keyAlgorithm: "RSA-4096" } },
        secret: true,
    },
);

export type Tls = NonNullable<z.output<typeof tls>>;
export type OwnCa = NonNullable<Tls["ownCa"]>;
/** The options of an own CA where none are given. */
export const DEFAULT_OWN_CA: OwnCa = z.strictObject(ownCa).parse({});

/** A value's own text, as a problem calls it. Who read it from a file puts the file's name there. */
export const ITS_TEXT = "its text";
const told = (text: string): string => `cannot be used: ${ITS_TEXT} ${text}`;

/** Inspects a certificate and its key, where both are set. @param names of the options that hold the parts */
export function pairProblems(
    path: Path,
    file: string,
    pair: { cert?: string | undefined; key?: string | undefined; chain?: string | undefined },
    inspect: (cert: string, key: string, chain: string) => Inspected,
    names: Readonly<Record<Part, string>> = { cert: "cert", key: "key", chain: "chain" },
): Problem[] {
    const { cert, key, chain } = pair;
    if (!cert || !key) return [];
    const example = (part: Part) =>
        part === "chain" ? "./chain.crt" : `./${file}.${part === "key" ? "key" : "crt"}`;
    return inspect(cert, key, chain ?? "").problems.map(({ part, problem: text }) =>
        problem(
            [...path, names[part]],
            told(text),
            set([...path, names[part]], example(part), part === "key"),
        ),
    );
}

/** An authority to trust: of a store, of an upstream. */
export function trustProblems(path: Path, value: string, file: string): Problem[] {
    const trust = inspectTrust(value);
    return "problem" in trust ? [problem(path, told(trust.problem), set(path, file))] : [];
}

/** The missing half of a certificate and its key. */
export function halfProblems(path: Path, file: string, pair: { cert?: unknown; key?: unknown }): Problem[] {
    const lacking = (["cert", "key"] as const).filter((part) => !pair[part]);
    const [part] = lacking;
    if (lacking.length !== 1 || part === undefined) return [];
    const [there, end] = part === "key" ? ["cert", "key"] : ["key", "crt"];
    return [
        problem(
            [...path, part],
            `is not set, and ${there} is`,
            set([...path, part], `./${file}.${end}`, part === "key"),
        ),
    ];
}

const oneKind: Rule<Options> = ({ tls: given }) => {
    if (given === undefined) return [];
    // Beside a directory, the CA signs what is shown until its certificate is there.
    const kinds = (["off", "files", "secret", "acme", "ownCa"] as const).filter(
        (kind) => given[kind] && !(kind === "ownCa" && given.acme),
    );
    const [first, ...more] = kinds;
    return more.map((kind) =>
        problem(["tls", kind], `is set, and tls.${first} too; one of them decides`, remove(["tls", kind])),
    );
};

/** A certificate that is renewed as soon as it is made. */
function renewal(
    path: Path,
    {
        earlyRenewalDays: early,
        validityDays: whole,
    }: { earlyRenewalDays?: number | undefined; validityDays?: number | undefined },
): Problem[] {
    if (early === undefined || whole === undefined || early < whole) return [];
    const at = [...path, "earlyRenewalDays"];
    return [
        problem(
            at,
            `is ${early}, not less than ${formatPath([...path, "validityDays"])} (${whole}): every \`up\` would make a new certificate`,
            set(at, Math.min(30, Math.floor(whole / 3))),
        ),
    ];
}

const validity: Rule<Options> = ({ tls: given }) => {
    if (!given || given.off || given.files || given.secret) return [];
    const ca = given.ownCa ?? DEFAULT_OWN_CA;
    const { site } = ca;
    const path = ["tls", "ownCa", "site"];
    const at = (key: string) => [...path, key];
    const problems = renewal(path, site);
    if (!ca.cert && site.validityDays > ca.validityDays)
        problems.push(
            problem(
                at("validityDays"),
                `is ${site.validityDays}, longer than the CA's own ${ca.validityDays} days`,
                set(at("validityDays"), Math.min(397, ca.validityDays)),
            ),
        );
    return problems;
};

const broughtCa: Rule<Options> = ({ tls: given }) => {
    const ca = given?.ownCa;
    if (!ca || given.off || given.files || given.secret) return [];
    const path = ["tls", "ownCa"];
    const { site } = ca;
    const brought = (at: Path, { cert, key }: { cert?: string | undefined; key?: string | undefined }) => {
        const problems = caPair(at, { cert, key });
        if (problems.length > 0 || !cert || !key) return problems;
        return outlives([...path, "site", "validityDays"], site.validityDays, [...at, "cert"], { cert, key });
    };
    return [...brought(path, ca), ...brought([...path, "next"], ca.next ?? {})];
};

/** A certificate that is to be valid for longer than the CA that signs it. @param of the option that holds the CA */
function outlives(path: Path, days: number, of: Path, ca: { cert: string; key: string }): Problem[] {
    const { bundle } = inspectCa(ca.cert, ca.key);
    const whole = Math.floor(caDays(bundle?.certPem ?? "")?.whole ?? Infinity);
    if (days <= whole) return [];
    const text = `is ${days}, longer than the ${whole} days of the CA in ${formatPath(of)}`;
    return [problem(path, text, set(path, Math.max(1, whole)))];
}

/** What is wrong with a CA that is brought. */
const caPair = (path: Path, ca: { cert?: string | undefined; key?: string | undefined }): Problem[] => {
    const half = halfProblems(path, "ca", ca);
    return half.length > 0 ? half : pairProblems(path, "ca", ca, (cert, key) => inspectCa(cert, key));
};

export const AUTHORITY: Definition<typeof authority> = {
    options: authority,
    rules: [(given) => caPair([], given)],
};

/** What keeps a CA from signing a site certificate. */
const signer: Rule<z.output<typeof siteCertificate>> = ({
    caCertPem,
    caPrivateKeyPem,
    names,
    validityDays,
}) => {
    if (!caCertPem || !caPrivateKeyPem) return [];
    const pair = { cert: caCertPem, key: caPrivateKeyPem };
    const parts = { cert: "caCertPem", key: "caPrivateKeyPem", chain: "" };
    const problems = pairProblems([], "ca", pair, (cert, key) => inspectCa(cert, key), parts);
    const { ca } = inspectCa(caCertPem, caPrivateKeyPem);
    if (problems.length > 0 || ca === undefined) return problems;
    return [
        ...(names ?? []).flatMap((name, i) => {
            const why = constraintProblem(ca, name);
            const text = `is ${name}, and the CA in caCertPem may sign ${why} (name constraints): no client would connect`;
            return why === undefined ? [] : [problem(["names", i], text, remove(["names", i]))];
        }),
        ...(validityDays === undefined ? [] : outlives(["validityDays"], validityDays, ["caCertPem"], pair)),
    ];
};

/** The same for a CA of the kit's own component, which has been judged. */
export const SIGNED_BY_OURS: Definition<typeof siteCertificate> = {
    options: siteCertificate,
    rules: [(given) => renewal([], given)],
};
export const SITE_CERTIFICATE: Definition<typeof siteCertificate> = {
    options: siteCertificate,
    rules: [...SIGNED_BY_OURS.rules, signer],
};

const broughtFiles: Rule<Options> = ({ tls: given, domain }) => {
    const pair = given?.files;
    if (!pair || given.off) return [];
    const path = ["tls", "files"];
    const missing = (["cert", "key"] as const)
        .filter((part) => !pair[part])
        .map((part) =>
            problem(
                [...path, part],
                "is not set; tls.files needs it",
                set([...path, part], `./site.${part === "key" ? "key" : "crt"}`, part === "key"),
            ),
        );
    if (missing.length > 0) return missing;
    return pairProblems(path, "site", pair, (...of) => inspectSite(...of, domain ? [domain] : []));
};

export const tlsRules: readonly Rule<Options>[] = [oneKind, validity, broughtCa, broughtFiles];
