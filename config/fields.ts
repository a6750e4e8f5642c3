/** What the schema of the configuration is written with: a field's documentation, and the values shared by several fields. */
import { isIP } from "node:net";

import * as z from "zod";

import { canonicalAddress } from "../components/client/address";
import { isImageName } from "../setup/image-name";

import { isBase64, isPem } from "./pem";

/** What the documentation and the error messages say of a key. */
export interface FieldInfo {
    description: string;
    /** What a value must be, to complete the sentence "must be …". */
    allowed: string;
    /** A value for the command that mends a mistake. */
    example: string;
    /** The value is hidden in messages and set with `--secret`. */
    secret?: boolean;
}

export function field<T extends z.ZodType>(schema: T, info: FieldInfo): T {
    return schema.meta({ ...info });
}

// RFC 1123 section 2.1: letters, digits and hyphens, at most 63 in a label and 253 in all.
const LABEL = "[a-zA-Z0-9]([a-zA-Z0-9-]{0,61}[a-zA-Z0-9])?";
const HOST_NAME = new RegExp(`^(?=.{1,253}$)${LABEL}(\\.${LABEL})*$`);
/** A host name as it is written, for the keys of an object: a message names them as the user's file has them. */
export const hostKey = z.string().refine((value) => HOST_NAME.test(value) && !/^[\d.]+$/.test(value));

/**
 * A host name in lower case. To DNS capitals are the same (RFC 4343), but not to all who compare texts: image names,
 * the folders under certs.d, the logins that clients keep.
 */
export const hostName = hostKey.toLowerCase();
export const ipAddress = z.string().refine((value) => isIP(value) !== 0);

/** An address at which something can be reached: 0.0.0.0 and :: stand for every address of a machine. */
export const reachableAddress = ipAddress
    // An interface of one machine (fe80::1%eth0) stands in no URL and no certificate.
    .refine((value) => !/^(0\.0\.0\.0|[0:]+)$|%/.test(value))
    .overwrite(canonicalAddress);

const KEY_ALGORITHMS = ["ECDSA-P256", "ECDSA-P384", "RSA-2048", "RSA-3072", "RSA-4096"] as const;
export const keyAlgorithm = z.enum(KEY_ALGORITHMS);
export const KEYS_ALLOWED = `one of ${KEY_ALGORITHMS.join(", ")}`;

// Docker's own rule for the names of containers and volumes (moby, daemon/names).
export const objectName = z.string().regex(/^[a-zA-Z0-9][a-zA-Z0-9_.-]+$/);
/** An image as Docker names it. */
export const imageName = z.string().refine(isImageName);
export const subjectPart = (description: string, example: string) =>
    field(z.string().min(1).max(64).optional(), { description, allowed: "1 to 64 characters", example });

// `pulumi config set --path` turns 123456 into a number and true into a boolean; both stay what was typed.
export const text = z.preprocess(
    (v) => (typeof v === "boolean" || Number.isSafeInteger(v) ? String(v) : v),
    z.string(),
);

export const pemOrFile = z
    .string()
    .refine((value) => isPem(value) || isBase64(value) || !value.includes("\n"));
