/** The steps that a tutorial has one do by hand, as a script: what the kit's first deployment is compared with. */
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { REGISTRY_IMAGE } from "../tests/e2e/images";
import { must, until } from "../tests/e2e/run";

const CONFIG = `version: 0.1
storage:
  filesystem: { rootdirectory: /var/lib/registry }
auth:
  htpasswd: { realm: basic-realm, path: /certs/htpasswd }
http:
  addr: :5000
  tls: { certificate: /certs/site.crt, key: /certs/site.key }
`;

/**
 * CA, site certificate, htpasswd and config.yml, then `docker run` until the registry answers. The keys are of the
 * same kinds as the kit's defaults: ECDSA P-384 and P-256.
 *
 * @param name of the container and its data volume
 * @returns what to remove afterwards
 */
export async function deployByHand(name: string, port: number): Promise<() => Promise<void>> {
    const folder = mkdtempSync(join(tmpdir(), "private-registry-bench-"));
    const openssl = (...args: string[]) => must("openssl", args, { cwd: folder });
    const key = (curve: string) => [
        ...["-newkey", "ec", "-pkeyopt", `ec_paramgen_curve:${curve}`],
        ...["-noenc", "-config", "/dev/null"],
    ];
    await openssl(
        ...["req", "-x509", ...key("P-384"), "-days", "3650", "-subj", "/CN=Bench CA"],
        ...["-addext", "basicConstraints=critical,CA:TRUE,pathlen:1"],
        ...["-addext", "keyUsage=critical,keyCertSign,cRLSign", "-keyout", "ca.key", "-out", "ca.crt"],
    );
    await openssl(
        ...["req", ...key("P-256"), "-subj", "/CN=registry.bench.test"],
        ...["-addext", "subjectAltName=DNS:registry.bench.test,DNS:localhost,IP:127.0.0.1"],
        ...["-keyout", "site.key", "-out", "site.csr"],
    );
    await openssl(
        ...["x509", "-req", "-in", "site.csr", "-CA", "ca.crt", "-CAkey", "ca.key", "-days", "397"],
        ...["-copy_extensions", "copy", "-out", "site.crt"],
    );
    writeFileSync(
        join(folder, "htpasswd"),
        await must("htpasswd", ["-niB", "admin"], { input: "a long password" }),
    );
    writeFileSync(join(folder, "config.yml"), CONFIG);
    await must("docker", [
        ...["run", "--detach", "--restart", "always", "--name", name],
        ...["--publish", `127.0.0.1:${port}:5000`, "--volume", `${folder}:/certs:ro`],
        ...["--volume", `${name}:/var/lib/registry`],
        ...["--entrypoint", "/bin/registry", REGISTRY_IMAGE, "serve", "/certs/config.yml"],
    ]);
    await until(
        "the registry that was deployed by hand",
        () => answers(port, join(folder, "ca.crt")),
        20_000,
        10,
    );
    return async () => {
        await must("docker", ["rm", "--force", "--volumes", name]);
        await must("docker", ["volume", "rm", "--force", name]);
        rmSync(folder, { recursive: true, force: true });
    };
}

async function answers(port: number, caFile: string): Promise<true | undefined> {
    const args = ["-s", "-o", "/dev/null", "-w", "%{http_code}", "--cacert", caFile];
    return must("curl", [...args, `https://localhost:${port}/v2/`]).then(
        (status) => status === "401" || undefined,
        // Refused connections: it is not up yet.
        () => undefined,
    );
}
