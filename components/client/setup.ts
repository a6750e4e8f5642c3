/** What a client must do to use the registry, as text to read and paste. Pure. */

export interface ClientFacts {
    /** `docker.example.com` or `docker.example.com:8443`, as in image names. */
    address: string;
    /** The name alone. */
    domain: string;
    tls: boolean;
}

/**
 * The registry as image names have it: without port 443, which is their default. But a first part that has no dot,
 * port or capital is read as a user of Docker Hub (distribution/reference, splitDockerDomain).
 */
export function registryAddress(domain: string, port: number, tls: boolean): string {
    const host = domain.includes(":") ? `[${domain}]` : domain;
    const isHost = host === "localhost" || /[.:A-Z]/.test(host);
    return tls && port === 443 && isHost ? host : `${host}:${port}`;
}

/** The login of a user, for a POSIX shell. */
export function loginCommand(address: string, user: string | undefined): string {
    if (user === undefined) return "# no login: authentication is off";
    const word = /^[\w@.+-]+$/.test(user) ? user : `'${user.replaceAll("'", String.raw`'\''`)}'`;
    return `docker login -u ${word} ${address}`;
}

/** Name of the certificate's file in the snippets; `npm run up` and the README say how to get it. */
const CA = "ca.crt";

/**
 * Snippets by client.
 *
 * With TLS: how to trust the CA (docs.docker.com/engine/security/certificates, containerd docs/hosts.md,
 * containers-certs.d(5)). Without: how to allow plain HTTP.
 */
export function clientSetup({ address, domain, tls }: ClientFacts): Record<string, string> {
    const hosts = `echo 'IP_OF_THE_REGISTRY ${domain}' >> /etc/hosts   # only where DNS does not know ${domain}`;
    if (!tls) {
        const json = JSON.stringify({ "insecure-registries": [address] });
        return {
            hosts,
            systemd: `# add to /etc/docker/daemon.json, then: systemctl restart docker\n${json}`,
            upstart: `# add to /etc/default/docker, then: service docker restart\nDOCKER_OPTS="--insecure-registry ${address}"`,
            dockerDesktop: `# Settings > Docker Engine: add, then Apply & restart\n${json}`,
            containerd: `mkdir -p /etc/containerd/certs.d/${address}\nprintf '[host."http://${address}"]\\n  capabilities = ["pull", "resolve", "push"]\\n' > /etc/containerd/certs.d/${address}/hosts.toml`,
            podman: `printf '[[registry]]\\nlocation = "${address}"\\ninsecure = true\\n' > /etc/containers/registries.conf.d/${domain}.conf`,
        };
    }
    return {
        hosts,
        docker: `mkdir -p /etc/docker/certs.d/${address}\ncp ${CA} /etc/docker/certs.d/${address}/ca.crt`,
        containerd: `mkdir -p /etc/containerd/certs.d/${address}\ncp ${CA} /etc/containerd/certs.d/${address}/ca.crt\nprintf '[host."https://${address}"]\\n  ca = "/etc/containerd/certs.d/${address}/ca.crt"\\n' > /etc/containerd/certs.d/${address}/hosts.toml`,
        podman: `mkdir -p /etc/containers/certs.d/${address}\ncp ${CA} /etc/containers/certs.d/${address}/ca.crt`,
        debian: `cp ${CA} /usr/local/share/ca-certificates/${domain}.crt && update-ca-certificates`,
        redhat: `cp ${CA} /etc/pki/ca-trust/source/anchors/${domain}.crt && update-ca-trust`,
        macos: `security add-trusted-cert -d -r trustRoot -k /Library/Keychains/System.keychain ${CA}   # as root; then restart Docker Desktop`,
        windows: `Import-Certificate -FilePath ${CA} -CertStoreLocation Cert:\\LocalMachine\\Root   # as administrator; then restart Docker Desktop`,
    };
}
