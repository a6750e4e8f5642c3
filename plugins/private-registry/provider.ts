/** Makes a component for a program in another language, or in another process. */
import type * as pulumi from "@pulumi/pulumi";

import { Accounts, CertificateAuthority, PrivateRegistry, SiteCertificate } from "../../components";
import { version } from "../../package.json";

import schema from "./schema.json";

type Inputs = pulumi.Inputs;
type Options = pulumi.ComponentResourceOptions;

/** Component → how it is made of what came over the wire; the component itself checks that. */
const COMPONENTS = {
    PrivateRegistry(name: string, inputs: Inputs, options: Options) {
        const made = new PrivateRegistry(name, inputs as never, options);
        const { endpoint, caCertificatePem, passwords, loginCommand, clientSetup, mirrors, identity } = made;
        const state = { endpoint, caCertificatePem, passwords, loginCommand, clientSetup, mirrors, identity };
        return { urn: made.urn, state };
    },
    CertificateAuthority(name: string, inputs: Inputs, options: Options) {
        const { urn, certPem, privateKeyPem } = new CertificateAuthority(name, inputs as never, options);
        return { urn, state: { certPem, privateKeyPem } };
    },
    SiteCertificate(name: string, inputs: Inputs, options: Options) {
        const { urn, chainPem, privateKeyPem } = new SiteCertificate(name, inputs as never, options);
        return { urn, state: { chainPem, privateKeyPem } };
    },
    Accounts(name: string, inputs: Inputs, options: Options) {
        const { urn, htpasswd, passwords } = new Accounts(name, inputs as never, options);
        return { urn, state: { htpasswd, passwords } };
    },
};

const isKnown = (name: string): name is keyof typeof COMPONENTS => Object.hasOwn(COMPONENTS, name);

export const provider: pulumi.provider.Provider = {
    version,
    schema: JSON.stringify(schema),
    construct(name, type, inputs, options) {
        const [, , component = ""] = type.split(":");
        if (!isKnown(component))
            return Promise.reject(
                new Error(`There is no component ${type}; there are ${Object.keys(COMPONENTS).join(", ")}.`),
            );
        return Promise.resolve(COMPONENTS[component](name, inputs, options));
    },
};
