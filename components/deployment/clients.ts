/** What clients hold on to: addresses and the CA. Where it is going to change, they are told before. Pure. */
import { createHash, X509Certificate } from "node:crypto";

/** Label of the container that writes the registry's files, with what clients were given last. */
export const CLIENTS_LABEL = "private-registry.clients";

export interface ClientView {
    /** `registry`, `mirror of https://…` → the URL at which clients reach it. */
    places: Readonly<Record<string, string>>;
    /** SHA-256 of the CA certificates that clients must trust, that of the site certificate first; none where they need none. */
    cas: readonly string[];
}

/** SHA-256 of a certificate, as `openssl x509 -fingerprint -sha256` has it, without colons. @param pem "" gives "" */
export const fingerprint = (pem: string): string =>
    pem.trim() === "" ? "" : createHash("sha256").update(new X509Certificate(pem).raw).digest("hex");

/** The value of a label. Keys in a stable order, so that nothing changes where nothing changed. */
export const clientsLabel = ({ places, cas }: ClientView): string =>
    JSON.stringify({
        places: Object.fromEntries(Object.entries(places).sort()),
        ca: cas.filter(Boolean).join(" "),
    });

/** What a label says; nothing where it is none of ours. */
export function readClientsLabel(text: string | undefined): ClientView | undefined {
    if (text === undefined) return undefined;
    try {
        const { places, ca } = JSON.parse(text) as { places?: ClientView["places"]; ca?: unknown };
        return typeof ca === "string" && typeof places === "object" && places !== null
            ? { places, cas: ca.split(" ").filter(Boolean) }
            : undefined;
    } catch {
        return undefined;
    }
}

const hostOf = (url: string): string => new URL(url).host;

/**
 * What clients have to do after a change, a sentence each.
 *
 * @param cas fingerprints of the CAs to come; undefined for one that is not made yet, and so another one
 * @example announcements({ places: { registry: "https://a" }, cas: [] }, { places: { registry: "https://b" }, cas: [] })
 */
export function announcements(
    before: ClientView,
    { places, cas: all }: { places: ClientView["places"]; cas: readonly (string | undefined)[] },
): string[] {
    const told: string[] = [];
    for (const [what, was] of Object.entries(before.places)) {
        const is = places[what];
        if (is === undefined || is === was) continue;
        const login =
            what === "registry"
                ? ` Each client: \`docker login ${hostOf(is)}\`, and images by their new name, ${hostOf(is)}/…`
                : ` Each client: its mirror settings anew.`;
        told.push(
            `The ${what} moves from ${was} to ${is}: clients that know the old address fail from then on.${login} ` +
                "(`npm run client`, or the output clientSetup, sets a client up).",
        );
    }
    const cas = all.filter((one) => one !== "");
    const [signer] = cas;
    const stays = before.cas.some((one) => cas.includes(one));
    if (before.cas.length > 0 && !stays) {
        told.push(
            cas.length === 0
                ? places.registry?.startsWith("https:")
                    ? "The kit no longer knows which CA clients have to trust, since tls.files.chain is not set: it is " +
                      "the one that signed the registry's certificate. Clients that trust it already need to do nothing."
                    : "The registry has no certificate any more: clients need not trust its CA."
                : "The CA changes: no client trusts the registry until it has the new certificate. Give it to each of them right after " +
                      "this `up`: `npm run client`, or `pulumi stack output caCertificatePem`.",
        );
    }
    if (stays && cas.some((one) => one === undefined || !before.cas.includes(one)))
        told.push(
            "A second CA is trusted too, and will sign later on: until then, give both to each client: `npm run client`, or " +
                "`pulumi stack output caCertificatePem`.",
        );
    if (stays && signer !== undefined && signer !== before.cas[0])
        told.push(
            "The site certificate will be of another CA than before: clients that have not been given both are refused from then on.",
        );
    else if (stays && before.cas.some((one) => !cas.includes(one)))
        told.push(
            "One CA of two is no longer given to clients. Nobody needs it: the site certificate is of the other one.",
        );
    if (before.cas.length === 0 && cas.length > 0 && places.registry?.startsWith("https:"))
        told.push(
            "The registry's certificate will be of a CA that clients do not have yet: give it to each of them right after this `up`: " +
                "`npm run client`, or `pulumi stack output caCertificatePem`.",
        );
    return told;
}
