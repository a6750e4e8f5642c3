/** The Pulumi package of the components: its schema and what it makes. End to end: tests/e2e/languages.test.ts. */
import { allOptions } from "../config/base";
import schema from "../../../plugins/private-registry/schema.json";
import { provider } from "../../../plugins/private-registry/provider";
import { ROOTS } from "../../../generate/roots";

type Property = Record<string, unknown> & { $ref?: string };
const { resources, types } = schema as unknown as {
    resources: Record<
        string,
        {
            inputProperties: Record<string, Property>;
            properties: Record<string, Property>;
            requiredInputs?: string[];
        }
    >;
    types: Record<string, { properties: Record<string, Property> }>;
};
const registry = resources["private-registry:index:PrivateRegistry"];

/** The property of an option, through the references on the way. */
function propertyAt(path: string): Property | undefined {
    let properties: Record<string, Property> | undefined = registry?.inputProperties;
    let found: Property | undefined;
    for (const step of path.split(".")) {
        found = step === "NAME" ? (found?.additionalProperties as Property | undefined) : properties?.[step];
        const ref =
            found?.$ref ??
            (found?.oneOf as Property[] | undefined)?.find((one) => one.$ref !== undefined)?.$ref;
        properties = ref === undefined ? undefined : types[ref.replace("#/types/", "")]?.properties;
    }
    return found;
}

const KIT_ONLY = ["imageMirror", "imageTarball", "proxyFromEnvironment", "retention"];
const cases = allOptions().filter(({ path }) => !KIT_ONLY.includes(path.split(".")[0] ?? ""));

test.each(cases.map((one) => [one.path, one] as const))(
    "%s is an input, secret and plain as its definition says",
    (path, { info }) => {
        const property = propertyAt(path);
        expect(property).toBeDefined();
        if (info?.secret && property?.type === "string") expect(property.secret).toBe(true);
        if (info?.plain) expect(property?.plain).toBe(true);
    },
);

test("every reference leads to a type", () => {
    const text = JSON.stringify(schema);
    const refs = [...text.matchAll(/"#\/types\/([^"]+)"/g)].map(([, name = ""]) => name);
    expect(refs.length).toBeGreaterThan(20);
    for (const name of refs) expect(Object.keys(types)).toContain(name);
});

test("what must be given is what the definition cannot do without", () => {
    expect(registry?.requiredInputs).toEqual(["domain"]);
    expect(resources["private-registry:index:SiteCertificate"]?.requiredInputs).toEqual([
        "caCertPem",
        "caPrivateKeyPem",
        "names",
    ]);
    expect(resources["private-registry:index:CertificateAuthority"]?.requiredInputs).toBeUndefined();
});

test("each of the components is made, and no other", async () => {
    expect(ROOTS.map(({ name }) => `private-registry:index:${name}`)).toEqual(Object.keys(resources));
    await expect(provider.construct?.("x", "private-registry:index:Other", {}, {})).rejects.toThrow(
        /There is no component private-registry:index:Other; there are PrivateRegistry, CertificateAuthority, SiteCertificate, Accounts/,
    );
    expect(JSON.parse(provider.schema ?? "{}")).toEqual(schema);
});
