/** What the check says of every kind of certificate and key: tests/e2e/odd-certificates.test.ts shows that it is right. */
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { inspectSite } from "../../../components/tls/inspect";
import { NAME, type Odd, oddCertificates } from "../../odd-certificates";

const folder = mkdtempSync(join(tmpdir(), "private-registry-odd-"));
afterAll(() => rmSync(folder, { recursive: true }));

const odd: Odd[] = oddCertificates(folder);
const plain = odd[0];

const inspect = ({ cert, key, chain }: Odd) =>
    inspectSite(readFileSync(cert), readFileSync(key), chain === undefined ? "" : readFileSync(chain), [
        NAME,
    ]);

test.each(odd.filter(({ refused }) => refused === undefined).map((one) => [one.name, one] as const))(
    "taken: %s",
    (_name, one) => {
        const { problems, bundle } = inspect(one);
        expect(problems).toEqual([]);
        // Only what every program reads comes out.
        expect(`${bundle?.certPem}${bundle?.keyPem}${bundle?.chainPem}`).toMatch(
            /^(-----BEGIN (CERTIFICATE|(EC |RSA )?PRIVATE KEY)-----\n([A-Za-z0-9+/=]+\n)+-----END \2-----\n)+$/,
        );
        expect(bundle?.keyPem.match(/BEGIN/g)).toHaveLength(1);
    },
);

test.each(
    odd.flatMap((one) => (one.refused === undefined ? [] : [[one.name, one, ...one.refused] as const])),
)("refused: %s", (_name, one, part, words) => {
    const { problems, bundle } = inspect(one);
    expect(bundle).toBeUndefined();
    expect(problems).toEqual([{ part, problem: expect.stringMatching(words) as string }]);
});

test("every encoding and order gives the same bundle", () => {
    if (plain === undefined) throw new Error("no certificates");
    const { bundle } = inspect(plain);
    const same = odd.filter(({ name }) =>
        /^(a byte order mark|CRLF|CR alone|blanks|UTF-16|base64|DER|a chain in)/.test(name),
    );
    expect(same.length).toBeGreaterThanOrEqual(9);
    for (const one of same) {
        const other = inspect(one).bundle;
        expect(other?.certPem).toBe(bundle?.certPem);
        expect(other?.chainPem.startsWith(bundle?.chainPem ?? "none")).toBe(true);
    }
});

test("no sentence repeats what stands in a key", () => {
    const secret = readFileSync(join(folder, "site.key"), "utf8").split("\n")[1] ?? "";
    for (const one of odd) {
        for (const { problem } of inspect(one).problems) expect(problem).not.toContain(secret.slice(0, 20));
    }
});
