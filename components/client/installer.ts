/** Installers that a client fetches and runs: they hold the CA, and no secret. Pure. */
import { createHash, X509Certificate } from "node:crypto";

import { domainOf, shellWord } from "./address";
import { clientPlan, type PlanFacts } from "./plan";
import { clientPs1 } from "./installer-ps1";
import { shellBody } from "./installer-sh";

export type InstallerFacts = Omit<PlanFacts, "hostAddress">;

/** SHA-256 of a certificate's DER form in lower-case hex, as `openssl x509 -fingerprint -sha256` without colons. */
export function certificateFingerprint(pem: string): string {
    return new X509Certificate(pem).fingerprint256.replaceAll(":", "").toLowerCase();
}

/** SHA-256 of a file's text in lower-case hex. */
export const textFingerprint = (text: string): string => createHash("sha256").update(text).digest("hex");

/** `client.sh`: for a POSIX shell, on Linux and macOS. */
export function renderClientSh(facts: InstallerFacts): string {
    const fingerprint = facts.caPem === "" ? "" : certificateFingerprint(facts.caPem);
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
        caPem: facts.caPem,
        fingerprint,
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
    const fingerprint = facts.caPem === "" ? "" : certificateFingerprint(facts.caPem);
    return clientPs1({ address: facts.address, caPem: facts.caPem, fingerprint });
}

/**
 * The one line for a new client: it fetches the installer without trusting the connection, and runs it only where its
 * SHA-256 is the one in the line. The line itself must reach the client by a way that one trusts.
 *
 * @param url where the installer is served
 */
export function installLine(script: "sh" | "ps1", url: string, text: string): string {
    const sum = textFingerprint(text);
    if (script === "ps1") {
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
