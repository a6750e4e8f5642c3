/** A PrivateRegistry under mocks. */
import "./mocks";

import * as pulumi from "@pulumi/pulumi";

import { PrivateRegistry } from "../../../components";

import { issue, type Issued } from "./certs";
import { type Args, type Deployment, record } from "./mocks";

/** The CA and the site certificate that the mocked tls provider hands out. */
export const made: { ca: Issued; site: Issued } = {} as never;

export async function makeCertificates(): Promise<void> {
    made.ca = await issue("Private Registry CA", { ca: true });
    made.site = await issue("docker.example.com", { issuer: made.ca, names: ["docker.example.com"] });
}

export const SITE_KEY = "-----BEGIN PRIVATE KEY-----\nsite\n-----END PRIVATE KEY-----\n";

/** What the providers would compute. */
function computed(type: string, name: string): Record<string, unknown> {
    switch (type) {
        case "tls:index/privateKey:PrivateKey":
            return { privateKeyPem: pulumi.secret(SITE_KEY) };
        case "tls:index/selfSignedCert:SelfSignedCert":
            return { certPem: made.ca.pem };
        case "tls:index/certRequest:CertRequest":
            return { certRequestPem: "request" };
        case "tls:index/locallySignedCert:LocallySignedCert":
            return { certPem: made.site.pem };
        case "random:index/randomPassword:RandomPassword":
            return { result: pulumi.secret(`generated for ${name}`) };
        case "random:index/randomBytes:RandomBytes": {
            const bytes = Buffer.from(name.padEnd(16, ".").slice(-16));
            return {
                base64: pulumi.secret(bytes.toString("base64")),
                hex: pulumi.secret(bytes.toString("hex")),
            };
        }
        case "random:index/randomId:RandomId":
            return { hex: `identity of ${name}` };
        case "docker:index/remoteImage:RemoteImage":
            return { imageId: "sha256:0a1b" };
        case "docker:index/container:Container":
            return name.endsWith("-writer") ? { exitCode: 0 } : {};
        case "kubernetes:core/v1:Service":
            return { spec: { clusterIP: "10.96.0.9" } };
        default:
            return {};
    }
}

/**
 * Registers a PrivateRegistry named `r` with a user `admin`, and no front: tests of the front ask for one.
 *
 * @param overrides name of a resource → what its provider computes
 * @param opts makes the component's options, within the program
 */
export async function deploy(
    args: Args = {},
    overrides: Record<string, object> = {},
    opts?: () => pulumi.ComponentResourceOptions,
): Promise<Deployment> {
    const { result, all } = await record(
        () =>
            new PrivateRegistry(
                "r",
                {
                    domain: "docker.example.com",
                    image: "registry:3.1.2",
                    prefix: "kit-dev",
                    users: { admin: { password: "123456" } },
                    bcryptCost: 4,
                    front: false,
                    ...args,
                },
                opts?.(),
            ),
        (type, name) => ({ ...computed(type, name), ...overrides[name] }),
    );
    return { registry: result, all };
}
