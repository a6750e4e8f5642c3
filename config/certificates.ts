/** The certificates and keys of a configuration that the rules have found right, in the form that every program takes. */
import { type Bundle, inspectCa, inspectSite, inspectTrust } from "../components/tls/inspect";

import { given } from "./pem";

const source = (value: string | undefined) => (value ? given(value).source : "");

function right({ bundle }: { bundle: Bundle | undefined }): Bundle {
    if (bundle === undefined)
        throw new Error("A certificate changed while it was read: run the command again.");
    return bundle;
}

/** The certificate, key and issuers that a user brings. */
export const siteBundle = (cert?: string, key?: string, chain?: string): Bundle =>
    right(inspectSite(source(cert), source(key), source(chain), []));

/** The CA that a user brings. */
export const caBundle = (cert: string, key: string): Bundle => right(inspectCa(source(cert), source(key)));

/** PEM of the authorities to trust; undefined where none are set. */
export function trustPem(value: string | undefined): string | undefined {
    if (value === undefined) return undefined;
    const trust = inspectTrust(source(value));
    if ("problem" in trust)
        throw new Error("A certificate changed while it was read: run the command again.");
    return trust.pem;
}
