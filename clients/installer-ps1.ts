/** The text of client.ps1. Pure. */

export interface PowerShellFacts {
    address: string;
    tls: boolean;
    /** "" where there is no CA to trust. */
    caPem: string;
    /** SHA-256 of the DER form of each CA, lower-case hex. */
    fingerprints: readonly string[];
    /** The deployment's: it stays where address and CA change. */
    identity: string;
}

const quoted = (text: string) => `'${text.replaceAll("'", "''")}'`;

/** The whole script; Docker Desktop takes its CAs from the system's store when it starts. */
export function clientPs1({ address, tls, caPem, fingerprints, identity }: PowerShellFacts): string {
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
    return `${head}$Fingerprints = @(${fingerprints.map(quoted).join(", ")})
$Pem = @'
${caPem.trim()}
'@
$Certificates = @()
foreach ($Match in [regex]::Matches($Pem, '(?s)-----BEGIN CERTIFICATE-----(.+?)-----END CERTIFICATE-----')) {
    $Der = [Convert]::FromBase64String(($Match.Groups[1].Value -replace '\\s', ''))
    $Sum = [BitConverter]::ToString([Security.Cryptography.SHA256]::Create().ComputeHash($Der)).Replace('-', '').ToLower()
    if ($Sum -ne $Fingerprints[$Certificates.Count]) { throw "A CA certificate in this script has SHA-256 $Sum, not $($Fingerprints[$Certificates.Count]): nothing was changed." }
    $Certificates += [Security.Cryptography.X509Certificates.X509Certificate2]::new($Der)
}
# What this script has trusted: a CA that is no longer the registry's goes again.
$Record = Join-Path $env:ProgramData ${quoted(`private-registry\\client-ps1-${identity.replaceAll(":", "-")}`)}
$Former = @(if (Test-Path $Record) { Get-Content $Record })
$Wanted = @(if (-not $Remove) { $Certificates.Thumbprint })
New-Item -ItemType Directory -Force (Split-Path $Record) | Out-Null
Set-Content $Record (@($Former) + @($Certificates.Thumbprint) | Select-Object -Unique)
$Store = [Security.Cryptography.X509Certificates.X509Store]::new('Root', 'LocalMachine')
$Store.Open('ReadWrite')
try {
    if (-not $Remove) { foreach ($One in $Certificates) { $Store.Add($One) } }
    foreach ($Thumbprint in Get-Content $Record) {
        if ($Wanted -contains $Thumbprint) { continue }
        foreach ($Old in $Store.Certificates.Find('FindByThumbprint', $Thumbprint, $false)) { $Store.Remove($Old) }
    }
} finally { $Store.Close() }
if ($Remove) { Remove-Item $Record } else { Set-Content $Record $Wanted }
$Done = if ($Remove) { 'no longer trusted' } else { 'trusted' }
Write-Host ("CA SHA-256 $($Fingerprints -join ', ') is $Done. Restart Docker Desktop: docker desktop restart")
`;
}
