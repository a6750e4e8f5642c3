/** Checks of the name, the certificate and who trusts it. */
import type { X509Certificate } from "node:crypto";
import { isIP } from "node:net";

import { isLocalhost } from "../../address/address";
import type { Client } from "../../clients/plan";

import { failure, type Finding, ok, warning } from "./finding";

const DAY = 86_400_000;

/**
 * @param resolved addresses that the system's resolver has for the name
 * @param published addresses of the machine with the registry; none where they are not known
 */
export function checkName(
    domain: string,
    resolved: readonly string[],
    published: readonly string[],
): Finding {
    if (isIP(domain) !== 0) return ok(`${domain} is an address, no name is needed`);
    if (isLocalhost(domain)) return ok(`${domain} is this machine itself`);
    const line = `${published[0] ?? "ADDRESS"} ${domain}`;
    if (resolved.length === 0)
        return warning(
            `${domain} is not known to this machine's resolver`,
            `add it to DNS, or this line to /etc/hosts: ${line}`,
        );
    const known =
        published.length === 0 ||
        resolved.some((one) => one.startsWith("127.") || one === "::1" || published.includes(one));
    if (!known)
        return failure(
            `${domain} leads to ${resolved.join(", ")}, not to ${published.join(", ")}`,
            `mend DNS or /etc/hosts: ${line}`,
        );
    return ok(`${domain} leads to ${resolved.join(", ")}`);
}

/** @param certificate what the server shows; nothing where it shows none */
export function checkCertificateName(certificate: X509Certificate | undefined, domain: string): Finding {
    if (certificate === undefined) return failure("the server shows no certificate", "see the lines above");
    const match =
        isIP(domain) === 0
            ? certificate.checkHost(domain, { subject: "never" })
            : certificate.checkIP(domain);
    const names = certificate.subjectAltName ?? "no name";
    if (match === undefined)
        return failure(
            `the certificate is for ${names}, not for ${domain}`,
            "pulumi up; with tls.files bring a certificate for it",
        );
    return ok(`the certificate is valid for ${domain} (${names})`);
}

/** @param renewalDays days before its end from which `pulumi up` renews */
export function checkEnd(certificate: X509Certificate | undefined, renewalDays: number, now: Date): Finding {
    if (certificate === undefined) return failure("the server shows no certificate", "see the lines above");
    const days = Math.floor((new Date(certificate.validTo).getTime() - now.getTime()) / DAY);
    if (days < 0)
        return failure(
            `the certificate ended ${-days} days ago`,
            "pulumi up renews it; with tls.files bring a new one",
        );
    if (new Date(certificate.validFrom) > now)
        return failure(`the certificate begins on ${certificate.validFrom} only`, "set this machine's clock");
    if (days < renewalDays)
        return warning(
            `the certificate has ${days} days left`,
            "pulumi up renews it; with tls.files bring a new one",
        );
    return ok(`the certificate has ${days} days left, renewal from ${renewalDays} on`);
}

/** A client that the doctor looks for. */
export interface KnownClient {
    /** Its name in `npm run client -- --for NAME`. */
    name: Client;
    /** One of these tells that it is used here. */
    programs: string[];
    /** Its CA's file for the registry. @default none: the system's store counts */
    ca?: string;
}

/**
 * The clients of a machine. A folder in /etc tells nothing: packages share them (golang-github-containers-common brings
 * /etc/containers), and Docker brings a containerd that nobody pulls with.
 */
export function knownClients(platform: string, address: string): KnownClient[] {
    const system: KnownClient = {
        name: "system",
        programs: ["helm", "oras", "crane", "regctl", "cosign", "flux"],
    };
    if (platform !== "linux") return [{ name: "docker-desktop", programs: ["docker"] }, system];
    const ca = (folder: string) => `${folder}/${address}/ca.crt`;
    return [
        { name: "docker", programs: ["docker", "dockerd"], ca: ca("/etc/docker/certs.d") },
        { name: "containerd", programs: ["nerdctl", "crictl"], ca: ca("/etc/containerd/certs.d") },
        {
            name: "podman",
            programs: ["podman", "skopeo", "buildah", "crio"],
            ca: ca("/etc/containers/certs.d"),
        },
        system,
    ];
}

/** Why a server is not trusted with a CA; nothing where it is. */
export type Handshake = (caPem: string | undefined) => Promise<string | undefined>;

/**
 * Whether a client of this machine trusts the server.
 *
 * @param there whether the client is on this machine at all: of one that is not, nothing is asked
 * @param caPem the CA that the client has for this registry; nothing where it has none, then the system's count
 */
export async function checkTrust(
    client: Client,
    there: boolean,
    caPem: string | undefined,
    handshake: Handshake,
): Promise<Finding> {
    if (!there) return ok("not on this machine");
    const problem = await handshake(caPem);
    if (problem === undefined)
        return ok(caPem === undefined ? "trusted through the system's store" : "trusted");
    return warning(`not trusted here: ${problem}`, `npm run client -- --for ${client} --apply`);
}
