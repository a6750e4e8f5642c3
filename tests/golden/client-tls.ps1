# Has this machine use the registry docker.example.com:8443. As administrator; -Remove takes it back.
param([switch]$Remove)
$ErrorActionPreference = 'Stop'
$Fingerprint = 'SHA256'
$Pem = @'
PEM
'@
$Base64 = $Pem -replace '-----[A-Z ]+-----', '' -replace '\s', ''
$Der = [Convert]::FromBase64String($Base64)
$Sum = [BitConverter]::ToString([Security.Cryptography.SHA256]::Create().ComputeHash($Der)).Replace('-', '').ToLower()
if ($Sum -ne $Fingerprint) { throw "The CA certificate in this script has SHA-256 $Sum, not ${Fingerprint}: nothing was changed." }
$Certificate = [Security.Cryptography.X509Certificates.X509Certificate2]::new($Der)
$Store = [Security.Cryptography.X509Certificates.X509Store]::new('Root', 'LocalMachine')
$Store.Open('ReadWrite')
try {
    if ($Remove) { $Store.Remove($Certificate) } else { $Store.Add($Certificate) }
} finally { $Store.Close() }
$Done = if ($Remove) { 'no longer trusted' } else { 'trusted' }
Write-Host ("CA SHA-256 $Fingerprint is $Done. Restart Docker Desktop: docker desktop restart")
