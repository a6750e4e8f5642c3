# Has this machine use the registry docker.example.com:5000. As administrator; -Remove takes it back.
param([switch]$Remove)
$ErrorActionPreference = 'Stop'
Write-Host 'docker.example.com:5000 needs no CA here; for plain HTTP add it to "insecure-registries" in Docker Desktop > Settings > Docker Engine.'
