/** The text of client.ps1. Pure. */

export interface PowerShellFacts {
    address: string;
    tls: boolean;
    /** "" where there is no CA to trust. */
    caPem: string;
    /** SHA-256 of the CA's DER form, lower-case hex. */
    fingerprint: string;
}

const quoted = (text: string) => `'${text.replaceAll("'", "''")}'`;

/** The whole script; Docker Desktop takes its CAs from the system's store when it starts. */
export function clientPs1({ address, tls, caPem, fingerprint }: PowerShellFacts): string {
    const head = `# Has this machine use the registry ${address}. As administrator; -Remove takes it back.
param([switch]$Remove)
$ErrorActionPreference = 'Stop'
`;
    if (caPem === "") {
        const what = tls
            ? `${address} needs no CA here: there is nothing to do.`
            : `${address} needs no CA here; for plain HTTP add it to "insecure-registries" in Docker Desktop > Settings > Docker Engine.`;
        return `${head}Write-Host ${quoted(what)}\n`;
    }
    return `${head}$Fingerprint = ${quoted(fingerprint)}
$Pem = @'
${caPem.trim()}
'@
$Base64 = $Pem -replace '-----[A-Z ]+-----', '' -replace '\\s', ''
$Der = [Convert]::FromBase64String($Base64)
$Sum = [BitConverter]::ToString([Security.Cryptography.SHA256]::Create().ComputeHash($Der)).Replace('-', '').ToLower()
if ($Sum -ne $Fingerprint) { throw "The CA certificate in this script has SHA-256 $Sum, not \${Fingerprint}: nothing was changed." }
$Certificate = [Security.Cryptography.X509Certificates.X509Certificate2]::new($Der)
$Store = [Security.Cryptography.X509Certificates.X509Store]::new('Root', 'LocalMachine')
$Store.Open('ReadWrite')
try {
    if ($Remove) { $Store.Remove($Certificate) } else { $Store.Add($Certificate) }
} finally { $Store.Close() }
$Done = if ($Remove) { 'no longer trusted' } else { 'trusted' }
Write-Host ("CA SHA-256 $Fingerprint is $Done. Restart Docker Desktop: docker desktop restart")
`;
}
