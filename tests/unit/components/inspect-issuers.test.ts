/** What the certificates beside the user's own one must be: in time, and for TLS servers. */
import { caDays } from "../../../components/tls/chain";
import { inspectCa, inspectSite } from "../../../components/tls/inspect";

import { type CertOptions, issue, type Issued } from "./certs";

const SERVER = "1.3.6.1.5.5.7.3.1";
const CLIENT = "1.3.6.1.5.5.7.3.2";
const ANY = "2.5.29.37.0";
const DAY = 86_400_000;
const day = (days: number) => new Date(Date.now() + days * DAY);

let root: Issued;
beforeAll(async () => {
    root = await issue("Root", { ca: true });
});

/** The problems of a site certificate below an intermediate. */
async function problems(middle: CertOptions, leaf: CertOptions = {}): Promise<string[]> {
    const above = await issue("Middle", { ca: true, issuer: root, ...middle });
    const site = await issue("a.b", { issuer: above, names: ["a.b"], ...leaf });
    return inspectSite(site.pem, site.keyPem, above.pem + root.pem, ["a.b"]).problems.map(
        ({ problem }) => problem,
    );
}

test.each([
    ["for servers", [SERVER]],
    ["for servers and clients", [CLIENT, SERVER]],
    ["for any use", [ANY]],
])("certificates %s are right", async (_name, uses) => {
    expect(await problems({ uses }, { uses })).toEqual([]);
});

test("a certificate for clients alone is refused, and an issuer for clients alone", async () => {
    expect(await problems({}, { uses: [CLIENT] })).toEqual([
        "is not for TLS servers (extendedKeyUsage has no serverAuth)",
    ]);
    expect(await problems({ uses: [CLIENT] })).toEqual([
        'has the issuer "CN=Middle", which may not sign for TLS servers (extendedKeyUsage has no serverAuth)',
    ]);
});

test("an issuer that ended, or has not begun, is refused by name", async () => {
    expect(await problems({ notBefore: day(-9), notAfter: day(-1) })).toEqual([
        expect.stringMatching(/^has the issuer "CN=Middle", which ended on /),
    ]);
    expect(await problems({ notBefore: day(1), notAfter: day(9) })).toEqual([
        expect.stringMatching(/^has the issuer "CN=Middle", which begins on .* only$/),
    ]);
});

test("the same holds for a CA and its issuers", async () => {
    const old = await issue("Old", { ca: true, notBefore: day(-9), notAfter: day(-1) });
    const below = await issue("Below", { ca: true, issuer: old, uses: [CLIENT] });
    const { problems, bundle } = inspectCa(below.pem + old.pem, below.keyPem);
    expect(bundle).toBeUndefined();
    expect(problems).toEqual([
        {
            part: "cert",
            problem: expect.stringMatching(/^has the issuer "CN=Old", which ended on /) as string,
        },
        { part: "cert", problem: "may not sign for TLS servers (extendedKeyUsage has no serverAuth)" },
    ]);
});

test("the days of a CA: whole and left", async () => {
    const ca = await issue("CA", { ca: true, notBefore: day(-10), notAfter: day(20) });
    const days = caDays(ca.pem);
    expect(days?.whole).toBeCloseTo(30, 2);
    expect(days?.left).toBeCloseTo(20, 2);
    expect(caDays("")).toBeUndefined();
});
