/**
 * The component as a Pulumi package: it runs in a process of its own, and this program has none of its code. `pulumi package
 * add private-registry` writes such a class, with types; here it is written by hand, as short as can be.
 */
import * as pulumi from "@pulumi/pulumi";
import * as random from "@pulumi/random";

class PrivateRegistry extends pulumi.ComponentResource {
    declare readonly endpoint: pulumi.Output<string>;
    declare readonly caCertificatePem: pulumi.Output<string>;
    declare readonly passwords: pulumi.Output<Record<string, string>>;

    constructor(name: string, args: pulumi.Inputs, opts?: pulumi.ComponentResourceOptions) {
        const outputs = { endpoint: undefined, caCertificatePem: undefined, passwords: undefined };
        super("private-registry:index:PrivateRegistry", name, { ...outputs, ...args }, opts, true);
    }
}

const config = new pulumi.Config();
const ci = new random.RandomPassword("ci", {
    length: config.getNumber("ciLength") ?? 32,
    special: false,
});

const registry = new PrivateRegistry(
    "registry",
    {
        prefix: `${pulumi.getProject()}-${pulumi.getStack()}`,
        domain: config.get("domain") ?? "localhost",
        port: config.getNumber("port"),
        bindAddress: config.get("bindAddress") ?? "127.0.0.1",
        image: config.get("registryImage") ?? "registry:3.1.2",
        front: { image: config.get("frontImage") },
        users: { admin: { generate: true }, ci: { password: ci.result, role: config.get("ciRole") } },
    },
    {
        // What no option says of a Docker object, Pulumi's own transforms do (pulumi.com/docs/iac/concepts/options/transforms).
        transforms: [
            ({ type, name, props, opts }) =>
                type === "docker:index/container:Container" && name === "registry-container"
                    ? { props: { ...props, hostname: "images" }, opts }
                    : undefined,
        ],
    },
);

export const endpoint = registry.endpoint;
export const caCertificatePem = registry.caCertificatePem;
export const ciPassword = ci.result;
export const passwords = registry.passwords;
