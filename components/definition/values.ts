/** The kinds of values that options of several rooms have. */
import { isIP } from "node:net";

import * as z from "zod";

import { canonicalAddress } from "../../address/address";
import { isImageName } from "../../address/image-name";

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
/** An address, or a network of such: `10.0.0.0/8`. */
export const network = z.string().refine((value) => {
    const [address = "", bits, ...rest] = value.split("/");
    const most = { 4: 32, 6: 128 }[isIP(address)] ?? -1;
    return (
        rest.length === 0 && (bits === undefined ? most > 0 : /^\d{1,3}$/.test(bits) && Number(bits) <= most)
    );
});
export const ipAddress = z.string().refine((value) => isIP(value) !== 0);

/** An address at which something can be reached: 0.0.0.0 and :: stand for every address of a machine. */
export const reachableAddress = ipAddress
    // An interface of one machine (fe80::1%eth0) stands in no URL and no certificate.
    .refine((value) => !/^(0\.0\.0\.0|[0:]+)$|%/.test(value))
    .overwrite(canonicalAddress);

export const port = z.int().min(1).max(65535);
export const PORT_ALLOWED = "a whole number from 1 to 65535";
export const YES_OR_NO = "true or false";

/** How much of something: `pulumi config set --path` makes no number of 1.5. */
export const amount = z.preprocess(
    (v) => (typeof v === "string" && /^\d+\.\d+$/.test(v) ? Number(v) : v),
    z.number().positive(),
);

/** Docker's own rule for the names of containers and volumes (moby, daemon/names). */
export const objectName = z.string().regex(/^[a-zA-Z0-9][a-zA-Z0-9_.-]+$/);

/** An image as Docker names it. */
export const imageName = z.string().refine(isImageName);
export const IMAGE_ALLOWED = "an image reference";

/** A quantity of Kubernetes, as volumes are measured. */
export const claimSize = z.string().regex(/^[1-9]\d*(Mi|Gi|Ti)$/);
export const CLAIM_SIZE_ALLOWED = "a whole number with Mi, Gi or Ti";

/** RFC 1123 subdomain, as most objects of a cluster are named. */
export const clusterObjectName = z.string().regex(/^[a-z0-9]([a-z0-9.-]{0,251}[a-z0-9])?$/);
export const STORAGE_CLASS_ALLOWED = "the name of a StorageClass";

export const hostFolder = z.string().regex(/^\/[^:]+$/);
export const FOLDER_ALLOWED = "an absolute path of the Docker host without a colon";

export const httpUrl = z.url({ protocol: /^https?$/ });
export const URL_ALLOWED = "an http:// or https:// URL";

/** What `pulumi config set --path` turns into a number or boolean stays what was typed. */
export const text = z.preprocess(
    (v) => (typeof v === "boolean" || Number.isSafeInteger(v) ? String(v) : v),
    z.string(),
);

/** Whether a text is PEM (RFC 7468). */
export const isPem = (value: string): boolean => value.includes("-----BEGIN ");

/** Whether a text is base64 of a certificate or key: longer than a name of a file can be (NAME_MAX), or in lines. */
export const isBase64 = (value: string): boolean =>
    (value.length > 255 || (value.length > 64 && value.includes("\n"))) && /^[A-Za-z0-9+/=\s]+$/.test(value);

/** A certificate or key: its text, PEM or base64 of DER. */
export const pem = z.string().min(1);
export const PEM_ALLOWED = "PEM text or the path of a PEM file";
