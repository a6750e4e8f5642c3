/** Installers that a client fetches and runs: they hold the CA, and no secret. Pure. */
import { createHash, X509Certificate } from "node:crypto";

import { shellWord } from "../text/shell";

import { addressAt, domainOf } from "../address/address";
import { certificatesIn, clientPlan, type MirrorFacts, type PlanFacts } from "./plan";
import { clientPs1 } from "./installer-ps1";
import { shellBody } from "./installer-sh";

export interface InstallerFacts extends Omit<PlanFacts, "hostAddress"> {
    /** The deployment's, by which a later installer knows what an earlier one did. @default the address */
    identity?: string | undefined;
}

/** The installers by file name. */
export const INSTALLERS = ["client.sh", "client.ps1"] as const;
export type Installer = (typeof INSTALLERS)[number];

/**
 * What the installers of a deployment are made from. Whoever makes them from the same deployment gets the same bytes,
 * in whatever order it knows the mirrors: a client is told a file's SHA-256 by one, and gets the file from another.
 *
 * @param endpoint `https://docker.example.com:8443`
 * @param caPem "" where there is no CA to trust
 */
export function installerFacts(
    endpoint: string,
    caPem: string,
    mirrors: readonly MirrorFacts[],
    identity?: string,
): InstallerFacts {
    return {
        identity,
        address: addressAt(endpoint),
        tls: endpoint.startsWith("https:"),
        caPem,
        mirrors: mirrors
            .map(({ endpoint, upstream }) => ({ endpoint, upstream }))
            .sort((a, b) => (a.endpoint < b.endpoint ? -1 : 1)),
    };
}

/** SHA-256 of a certificate's DER form in lower-case hex, as `openssl x509 -fingerprint -sha256` without colons. */
export function certificateFingerprint(pem: string): string {
    return new X509Certificate(pem).fingerprint256.replaceAll(":", "").toLowerCase();
}

/** SHA-256 of a file's text in lower-case hex. */
export const textFingerprint = (text: string): string => createHash("sha256").update(text).digest("hex");

/** `client.sh`: for a POSIX shell, on Linux and macOS. */
export function renderClientSh(facts: InstallerFacts): string {
    const cas = facts.caPem === "" ? [] : certificatesIn(facts.caPem);
    const daemon = clientPlan("docker", "linux", facts).changes.flatMap((change) =>
        change.kind === "list" ? [[change.key, change.values] as const] : [],
    );
    const file = (client: "containerd" | "podman") =>
        clientPlan(client, "linux", facts).changes.flatMap((change) =>
            change.kind === "file" && change.content !== facts.caPem ? [change] : [],
        );
    return shellBody({
        address: facts.address,
        domain: domainOf(facts.address),
        identity: facts.identity ?? facts.address,
        cas,
        fingerprints: cas.map(certificateFingerprint),
        daemonJson: daemon.length === 0 ? "" : JSON.stringify(Object.fromEntries(daemon), undefined, 4),
        daemonValues: daemon.flatMap(([, values]) => values),
        certFolders: clientPlan("docker", "linux", facts).changes.flatMap((change) =>
            change.kind === "file" ? [change.path.split("/").at(-2) ?? ""] : [],
        ),
        containerd: file("containerd"),
        podman: file("podman"),
    });
}

/** `client.ps1`: for Windows PowerShell 5.1 and later, with Docker Desktop. */
export function renderClientPs1(facts: InstallerFacts): string {
    const { address, tls, caPem, identity = address } = facts;
    const fingerprints = caPem === "" ? [] : certificatesIn(caPem).map(certificateFingerprint);
    return clientPs1({ address, tls, caPem, fingerprints, identity });
}

export const renderInstallers = (facts: InstallerFacts): Record<Installer, string> => ({
    "client.sh": renderClientSh(facts),
    "client.ps1": renderClientPs1(facts),
});

/**
 * The one line for a new client: it fetches the installer without trusting the connection, and runs it only where its
 * SHA-256 is the one in the line. The line itself must reach the client by a way that one trusts.
 *
 * @param url where the installer is served
 */
export function installLine(installer: Installer, url: string, text: string): string {
    const sum = textFingerprint(text);
    if (installer === "client.ps1") {
        return (
            `curl.exe -fsSk -o client.ps1 ${url}; ` +
            `if ((Get-FileHash client.ps1 -Algorithm SHA256).Hash -eq '${sum}') ` +
            "{ powershell -ExecutionPolicy Bypass -File .\\client.ps1 } else { throw 'client.ps1 is not the one of the registry' }"
        );
    }
    // A file, checked and run from the same folder that nobody else writes to: what is checked is what runs.
    return (
        `d=$(mktemp -d) && curl -fsSk -o "$d/client.sh" ${shellWord(url)} && ` +
        `echo "${sum}  $d/client.sh" | { sha256sum -c - 2>/dev/null || shasum -a 256 -c -; } && sudo sh "$d/client.sh"`
    );
}

/** Where a front serves an installer. */
export const installerUrl = (installer: Installer, endpoint: string): string =>
    new URL(`/${installer}`, endpoint).href;

/** Snippet of `clientSetup` → the one line for a new client. */
export const oneLines = (endpoint: string, texts: Record<Installer, string>): Record<string, string> => ({
    oneLine: installLine("client.sh", installerUrl("client.sh", endpoint), texts["client.sh"]),
    oneLineWindows: installLine("client.ps1", installerUrl("client.ps1", endpoint), texts["client.ps1"]),
});
