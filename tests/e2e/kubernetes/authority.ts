/** The certificates of a cluster (kubernetes.io/docs/setup/best-practices/certificates), and what its users log in with. */
import { generateKeyPairSync } from "node:crypto";
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";

import { issue, type Issued } from "../../unit/components/certs";

/** OIDs of the uses of a key. */
const SERVER = "1.3.6.1.5.5.7.3.1";
const CLIENT = "1.3.6.1.5.5.7.3.2";

export class Authority {
    private constructor(
        private readonly folder: string,
        private readonly ca: Issued,
        /** URL of the API server. */
        private readonly server: string,
    ) {}

    /** @param folder where its files are written, made here */
    static async create(folder: string, server: string): Promise<Authority> {
        mkdirSync(folder);
        const authority = new Authority(folder, await issue("kubernetes", { ca: true }), server);
        authority.write("ca", authority.ca);
        const { privateKey, publicKey } = generateKeyPairSync("ec", {
            namedCurve: "P-256",
            privateKeyEncoding: { type: "pkcs8", format: "pem" },
            publicKeyEncoding: { type: "spki", format: "pem" },
        });
        writeFileSync(authority.file("accounts.key"), privateKey, { mode: 0o600 });
        writeFileSync(authority.file("accounts.pub"), publicKey);
        return authority;
    }

    file(name: string): string {
        return join(this.folder, name);
    }

    private write(name: string, { pem, keyPem }: Issued): void {
        writeFileSync(this.file(`${name}.crt`), pem);
        writeFileSync(this.file(`${name}.key`), keyPem, { mode: 0o600 });
    }

    /** A server's certificate, `NAME.crt` and `NAME.key`. */
    async serve(name: string, names: string[], addresses: string[]): Promise<void> {
        this.write(name, await issue(name, { issuer: this.ca, names, addresses, uses: [SERVER, CLIENT] }));
    }

    /**
     * A client's certificate, `NAME.crt` and `NAME.key`, and a kubeconfig with it.
     *
     * @returns path of the kubeconfig
     */
    async login(name: string, user: string, organization?: string): Promise<string> {
        const options = { issuer: this.ca, uses: [CLIENT] };
        const issued = await issue(user, organization === undefined ? options : { ...options, organization });
        this.write(name, issued);
        const base64 = (text: string) => Buffer.from(text).toString("base64");
        const config = {
            apiVersion: "v1",
            kind: "Config",
            clusters: [
                {
                    name: "test",
                    cluster: { server: this.server, "certificate-authority-data": base64(this.ca.pem) },
                },
            ],
            users: [
                {
                    name,
                    user: {
                        "client-certificate-data": base64(issued.pem),
                        "client-key-data": base64(issued.keyPem),
                    },
                },
            ],
            contexts: [{ name: "test", context: { cluster: "test", user: name } }],
            "current-context": "test",
        };
        const file = this.file(`${name}.kubeconfig`);
        writeFileSync(file, JSON.stringify(config), { mode: 0o600 });
        return file;
    }
}
