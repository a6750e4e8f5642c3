/**
 * Certificates and keys as people have them, right ones and wrong ones, all made by openssl. The unit tests hold what the
 * check says of each; tests/e2e/odd-certificates.test.ts holds the check to registry, nginx, curl, Go and openssl.
 */
import { execFileSync } from "node:child_process";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";

export const NAME = "docker.corp.example";

/** A certificate with its key and chain, as `certificate` of `tls: files` gets them. */
export interface Odd {
    name: string;
    cert: string;
    key: string;
    chain?: string;
    /** File that a client is given to trust. */
    root: string;
    /** Words of the refusal and the part that it names; undefined where it is taken. */
    refused?: readonly ["cert" | "key" | "chain", RegExp];
    /** Refused for its form: there is nothing that a program could load. */
    unreadable?: boolean;
}

/** Makes all of them in an empty folder. Paths in the result are whole. */
export function oddCertificates(folder: string): Odd[] {
    const file = (name: string) => join(folder, name);
    const openssl = (...args: string[]) => execFileSync("openssl", args, { cwd: folder, stdio: "pipe" });
    const text = (name: string) => readFileSync(file(name), "utf8");
    const write = (name: string, content: string | Buffer) => {
        writeFileSync(file(name), content);
        return file(name);
    };
    const EC = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256"];
    const rsa = (bits: number) => ["-newkey", `rsa:${bits}`];
    const ext = (...lines: string[]) => lines.flatMap((line) => ["-addext", line]);
    const CA = ext("basicConstraints=critical,CA:TRUE", "keyUsage=critical,keyCertSign,cRLSign");
    const SAN = `subjectAltName=DNS:${NAME}`;

    interface Making {
        key?: string[];
        issuer?: string;
        extensions?: string[];
        more?: string[];
        subject?: string;
    }
    /** `NAME.crt` and `NAME.key`; self-signed without an issuer. */
    const make = (name: string, { key = EC, issuer, extensions = [], more = [], subject }: Making = {}) =>
        openssl(
            ...["req", "-x509", "-noenc", "-config", "/dev/null", "-days", "100", ...key],
            ...["-subj", subject ?? `/CN=${name}`, "-keyout", `${name}.key`, "-out", `${name}.crt`],
            ...(issuer === undefined ? [] : ["-CA", `${issuer}.crt`, "-CAkey", `${issuer}.key`]),
            ...extensions,
            ...more,
        );
    const leaf = (name: string, making: Making = {}, usage = "keyUsage=critical,digitalSignature") =>
        make(name, {
            issuer: "middle",
            ...making,
            extensions: [
                ...ext("basicConstraints=critical,CA:FALSE", usage, "extendedKeyUsage=serverAuth"),
                ...(making.extensions ?? ext(SAN)),
            ],
        });

    make("root", { extensions: CA });
    make("middle", { issuer: "root", extensions: CA });
    make("other", { extensions: CA });
    leaf("site");
    const whole = {
        cert: file("site.crt"),
        key: file("site.key"),
        chain: file("middle.crt"),
        root: file("root.crt"),
    };
    const found: Odd[] = [];
    const taken = (name: string, odd: Partial<Odd> = {}) => found.push({ ...whole, name, ...odd });
    const refused = (name: string, refusal: Odd["refused"], odd: Partial<Odd> = {}) =>
        found.push({ ...whole, name, refused: refusal, ...odd });

    // Encodings.
    const both = (change: (content: string) => string | Buffer, ending: string) => ({
        cert: write(`site.crt.${ending}`, change(text("site.crt"))),
        key: write(`site.key.${ending}`, change(text("site.key"))),
        chain: write(`chain.${ending}`, change(text("middle.crt"))),
    });
    taken("plain PEM");
    taken(
        "a byte order mark",
        both((t) => `\uFEFF${t}`, "bom"),
    );
    taken(
        "CRLF",
        both((t) => t.replaceAll("\n", "\r\n"), "crlf"),
    );
    taken(
        "CR alone",
        both((t) => t.replaceAll("\n", "\r"), "cr"),
    );
    taken(
        "blanks around the lines",
        both((t) => t.replace(/^/gm, "  ").replaceAll("\n", " \n"), "blanks"),
    );
    taken(
        "UTF-16 of Windows' Notepad",
        both((t) => Buffer.from(`\uFEFF${t}`, "utf16le"), "utf16le"),
    );
    taken(
        "UTF-16, big-endian",
        both((t) => Buffer.from(`\uFEFF${t}`, "utf16le").swap16(), "utf16be"),
    );
    taken(
        "base64 of the PEM",
        both((t) => Buffer.from(t).toString("base64"), "base64"),
    );
    taken(
        "base64 without a frame",
        both((t) => t.replace(/-----[^\n]*\n/g, ""), "bare"),
    );
    taken("DER", {
        ...both((t) => Buffer.from(t.replace(/-----[^\n]*\n/g, ""), "base64"), "der"),
    });
    openssl("crl2pkcs7", "-nocrl", "-certfile", "site.crt", "-certfile", "middle.crt", "-out", "site.p7.pem");
    openssl(
        "crl2pkcs7",
        "-nocrl",
        "-certfile",
        "site.crt",
        "-certfile",
        "middle.crt",
        "-outform",
        "DER",
        "-out",
        "site.p7b",
    );
    taken("PKCS#7 in PEM", { cert: file("site.p7.pem"), chain: undefined });
    taken("PKCS#7 in DER", { cert: file("site.p7b"), chain: undefined });
    openssl("ec", "-in", "site.key", "-out", "sec1.key");
    openssl("ecparam", "-name", "prime256v1", "-out", "parameters");
    taken("a SEC 1 key", { key: file("sec1.key") });
    taken("EC PARAMETERS before the key", {
        key: write("parameters.key", text("parameters") + text("sec1.key")),
    });
    taken("certificate and key in one file", {
        cert: write("both.pem", text("site.crt") + text("site.key")),
        key: file("both.pem"),
    });
    taken("what openssl prints around a certificate", {
        cert: write("bag.crt", `Bag Attributes\n    localKeyID: 01\nsubject=CN = x\n${text("site.crt")}`),
    });

    // Bundles.
    const site = text("site.crt"),
        middle = text("middle.crt"),
        root = text("root.crt");
    taken("a full chain", { cert: write("full.crt", site + middle), chain: undefined });
    taken("a full chain with the root", {
        cert: write("fuller.crt", site + middle + root),
        chain: undefined,
    });
    taken("a full chain, and the chain again", {
        cert: file("full.crt"),
        chain: write("again", middle + root),
    });
    taken("a bundle in reverse", { cert: write("reverse.crt", root + middle + site), chain: undefined });
    taken("a chain in reverse", { chain: write("chain.reverse", root + middle) });
    taken("every certificate twice", {
        cert: write("twice.crt", site + middle + site + middle),
        chain: undefined,
    });
    taken(
        "a self-signed certificate",
        (make("self", { extensions: ext(SAN) }),
        {
            cert: file("self.crt"),
            key: file("self.key"),
            chain: undefined,
            root: file("self.crt"),
        }),
    );
    refused(
        "a chain of another CA",
        ["chain", /does not hold the issuer "CN=middle" that signed "CN=site"/],
        {
            chain: file("other.crt"),
        },
    );
    refused("the root without the CA between", ["chain", /does not hold the issuer "CN=middle"/], {
        chain: file("root.crt"),
    });
    refused("another's key", ["key", /does not belong to the certificate "CN=site"/], {
        key: file("other.key"),
    });

    // Keys and signatures.
    const kind = (name: string, key: string[], more: string[] = []): Partial<Odd> => {
        leaf(name, { key, more });
        return { cert: file(`${name}.crt`), key: file(`${name}.key`) };
    };
    const curve = (name: string) => ["-newkey", "ec", "-pkeyopt", `ec_paramgen_curve:${name}`];
    taken("ECDSA P-384", kind("p384", curve("P-384")));
    taken("ECDSA P-521", kind("p521", curve("P-521")));
    taken("RSA 2048", kind("rsa2048", rsa(2048)));
    taken("RSA 4096", kind("rsa4096", rsa(4096)));
    taken("Ed25519", kind("ed25519", ["-newkey", "ed25519"]));
    for (const bad of ["brainpoolP256r1", "secp256k1", "secp224r1"])
        refused(bad, ["cert", new RegExp(`curve ${bad}`)], kind(bad, curve(bad)));
    refused(
        "a curve in numbers",
        ["cert", /written out in numbers/],
        kind("explicit", [...curve("P-256"), "-pkeyopt", "ec_param_enc:explicit"]),
    );
    refused("Ed448", ["cert", /kind ed448/], kind("ed448", ["-newkey", "ed448"]));
    refused("RSA 1024", ["cert", /1024 bits/], kind("rsa1024", rsa(1024)));
    refused(
        "an RSA-PSS key",
        ["cert", /RSA-PSS alone/],
        kind("pss", ["-newkey", "rsa-pss", "-pkeyopt", "rsa_keygen_bits:2048"]),
    );
    make("rsaroot", { key: rsa(2048), extensions: CA });
    const below = (name: string, more: string[], issuer = "rsaroot"): Partial<Odd> => {
        leaf(name, { issuer, more });
        return {
            cert: file(`${name}.crt`),
            key: file(`${name}.key`),
            chain: undefined,
            root: file(`${issuer}.crt`),
        };
    };
    taken(
        "an RSA-PSS signature",
        below("psssig", ["-sha256", "-sigopt", "rsa_padding_mode:pss", "-sigopt", "rsa_pss_saltlen:digest"]),
    );
    refused(
        "an RSA-PSS signature with another salt",
        ["cert", /RSA-PSS with unusual/],
        below("pssodd", ["-sha256", "-sigopt", "rsa_padding_mode:pss", "-sigopt", "rsa_pss_saltlen:20"]),
    );
    refused("a SHA-1 signature", ["cert", /SHA-1/], below("sha1", ["-sha1"]));
    refused("a SHA-224 signature", ["cert", /does not know/], below("sha224", ["-sha224"]));
    make("weakroot", { key: rsa(1024), extensions: CA });
    refused("a CA of RSA 1024", ["chain", /has the issuer "CN=weakroot", which .* 1024 bits/], {
        ...below("weakly", [], "weakroot"),
        chain: file("weakroot.crt"),
    });

    // Extensions.
    const with_ = (name: string, extensions: string[], usage?: string): Partial<Odd> => {
        leaf(name, { extensions }, usage);
        return { cert: file(`${name}.crt`), key: file(`${name}.key`) };
    };
    taken("a wildcard", with_("wildcard", ext("subjectAltName=DNS:*.corp.example")));
    refused(
        "a wildcard of a part of a label",
        ["cert", /not valid for docker/],
        with_("partial", ext("subjectAltName=DNS:d*.corp.example")),
    );
    refused("no SAN", ["cert", /not valid for docker\.corp\.example \(no SAN\)/], with_("nosan", []));
    refused(
        "no digitalSignature",
        ["cert", /digitalSignature/],
        with_("agreement", ext(SAN), "keyUsage=critical,keyAgreement"),
    );
    refused(
        "an unknown critical extension",
        ["cert", /critical extension 1\.2\.3\.4/],
        with_("critical", ext(SAN, "1.2.3.4=critical,ASN1:UTF8String:x")),
    );
    refused(
        "a negative serial number",
        ["cert", /negative serial/],
        (leaf("negative", { more: ["-set_serial", "-5"] }),
        {
            cert: file("negative.crt"),
            key: file("negative.key"),
        }),
    );
    make("noca", { issuer: "root", extensions: ext("basicConstraints=critical,CA:FALSE") });
    refused("an issuer that is no CA", ["chain", /has the issuer "CN=noca", which is not a CA/], {
        ...below("bynoca", [], "noca"),
        chain: write("noca.chain", text("noca.crt") + root),
        root: file("root.crt"),
    });
    make("nosign", { extensions: ext("basicConstraints=critical,CA:TRUE", "keyUsage=critical,cRLSign") });
    refused("an issuer that may not sign", ["chain", /no keyCertSign/], {
        ...below("bynosign", [], "nosign"),
        chain: file("nosign.crt"),
    });
    const constrained = (name: string, constraints: string, names: string): Partial<Odd> => {
        make(`${name}-ca`, { extensions: [...CA, ...ext(`nameConstraints=critical,${constraints}`)] });
        leaf(name, { issuer: `${name}-ca`, extensions: ext(`subjectAltName=${names}`) });
        return {
            cert: file(`${name}.crt`),
            key: file(`${name}.key`),
            chain: file(`${name}-ca.crt`),
            root: file(`${name}-ca.crt`),
        };
    };
    taken(
        "name constraints that are kept",
        constrained(
            "kept",
            "permitted;DNS:corp.example,permitted;IP:10.0.0.0/255.0.0.0",
            `DNS:${NAME},IP:10.1.2.3`,
        ),
    );
    taken(
        "name constraints of another kind of name",
        constrained("apart", "permitted;DNS:.corp.example", `DNS:${NAME},IP:127.0.0.1`),
    );
    const violation = /and its issuer "CN=[\w-]+" may sign (only|not) for/;
    refused(
        "name constraints that a further name breaks",
        ["cert", violation],
        constrained("broken", "permitted;DNS:.corp.example", `DNS:${NAME},DNS:localhost`),
    );
    refused(
        "name constraints that an address breaks",
        ["cert", violation],
        constrained("address", "permitted;IP:10.0.0.0/255.0.0.0", `DNS:${NAME},IP:192.0.2.1`),
    );
    refused(
        "name constraints that exclude the name",
        ["cert", violation],
        constrained("excluded", "excluded;DNS:docker.corp.example", `DNS:${NAME}`),
    );

    // What is something else.
    const form = (name: string, refusal: Odd["refused"], odd: Partial<Odd>) =>
        refused(name, refusal, { ...odd, unreadable: true });
    openssl(
        "pkcs12",
        "-export",
        "-in",
        "site.crt",
        "-inkey",
        "site.key",
        "-passout",
        "pass:x",
        "-out",
        "site.p12",
    );
    form("PKCS#12 for a certificate", ["cert", /is a PKCS#12 archive/], { cert: file("site.p12") });
    form("PKCS#12 for a key", ["key", /is a PKCS#12 archive/], { key: file("site.p12") });
    openssl("pkey", "-in", "site.key", "-aes256", "-passout", "pass:x", "-out", "encrypted.key");
    openssl("ec", "-in", "site.key", "-aes256", "-passout", "pass:x", "-out", "encrypted.sec1");
    form("an encrypted key", ["key", /with a passphrase/], { key: file("encrypted.key") });
    form("a key encrypted in the old way", ["key", /with a passphrase/], { key: file("encrypted.sec1") });
    openssl("pkey", "-in", "site.key", "-pubout", "-out", "public.key");
    form("a public key", ["key", /is a public key/], { key: file("public.key") });
    form("a certificate for a key", ["key", /is a certificate/], { key: file("site.crt") });
    form("a key for a certificate", ["cert", /is a private key/], { cert: file("site.key") });
    openssl("req", "-new", "-key", "site.key", "-config", "/dev/null", "-subj", "/CN=x", "-out", "site.csr");
    form("a certificate request", ["cert", /is a certificate request/], { cert: file("site.csr") });
    openssl("x509", "-in", "site.crt", "-trustout", "-addtrust", "serverAuth", "-out", "trusted.crt");
    form("OpenSSL's trusted form", ["cert", /OpenSSL's own form/], { cert: file("trusted.crt") });
    form("an OpenSSH key", ["key", /is an OpenSSH key/], {
        key: write(
            "openssh",
            "-----BEGIN OPENSSH PRIVATE KEY-----\nb3BlbnNzaA==\n-----END OPENSSH PRIVATE KEY-----\n",
        ),
    });
    form("two keys", ["key", /holds 2 private keys/], {
        key: write("two.key", text("site.key") + text("other.key")),
    });
    form("an empty file", ["cert", /is empty/], { cert: write("empty", "") });
    form("a file that was cut off", ["cert", /cut off/], { cert: write("cut.crt", site.slice(0, -40)) });
    form("a damaged certificate", ["cert", /damaged/], {
        cert: write("damaged.crt", site.replace(/\nM/, "\nA")),
    });
    form("a damaged key", ["key", /damaged/], {
        key: write("damaged.key", text("site.key").replace(/\nM/, "\nA")),
    });
    form("text", ["cert", /neither PEM nor DER/], { cert: write("text", "not a certificate\n") });
    return found;
}
