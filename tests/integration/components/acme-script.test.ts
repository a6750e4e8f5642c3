/** What lego's container runs and says, by a real shell. */
import { execFileSync } from "node:child_process";

import {
    ACME_HEALTH,
    ACME_SCRIPT,
    type AcmeSettings,
    renderCredentials,
    renderSettings,
    seedScript,
} from "../../../components/acme/script";
import { OTHERWISE, sentenceCase, SENTENCES } from "../../../components/acme/sentences";

const sh = (script: string, ...args: string[]) =>
    execFileSync("/bin/sh", ["-c", script, "sh", ...args], { encoding: "utf8" }).trim();

const TOKEN = "it's a $(secret) `token`";
const SETTINGS: AcmeSettings = {
    ...{ email: "o'brien@example.com", directory: "https://ca.example.com/dir", keyType: "ec256" },
    ...{ names: ["*.example.com", "example.com"], challenge: "dns-01", provider: "httpreq" },
    ...{ resolvers: ["9.9.9.9:53"], checkPropagation: false, renewBeforeDays: 30, front: "", wanted: "0a1b" },
};

describe("the scripts", () => {
    test.each([
        ["the loop", ACME_SCRIPT],
        ["the check", ACME_HEALTH],
        ["the seed", seedScript("/staged/until.pem", "/staged/until.json")],
    ])("%s is one that a shell reads", (_, script) => {
        expect(() => sh(`sh -n <<'END'\n${script}\nEND\n`)).not.toThrow();
    });

    test("settings and variables are read as they are, whatever they hold", () => {
        const script = `${renderSettings(SETTINGS)}${renderCredentials({ TOKEN })}`;
        expect(sh(`set -f; ${script}\necho "$email" $names; sh -c 'printf %s "$TOKEN"'`)).toBe(
            `o'brien@example.com *.example.com example.com\n${TOKEN}`,
        );
    });

    // As lego 4.9.1 wrote them, against Pebble and servers that refuse.
    test.each([
        [
            "[a.example.com] acme: error: 400 :: urn:ietf:params:acme:error:connection :: 192.0.2.1: Fetching http://a.example.com/: Connection refused",
            "does not reach the name on port 80",
        ],
        [
            "acme: error: 400 :: urn:ietf:params:acme:error:dns :: DNS problem: NXDOMAIN",
            "finds no address of the name",
        ],
        [
            "acme: error: 403 :: urn:ietf:params:acme:error:unauthorized :: Invalid response",
            "something else than this registry",
        ],
        ["acme: error: 429 :: urn:ietf:params:acme:error:rateLimited :: too many certificates", "rate limit"],
        ["[e2e.test] acme: error presenting token: httpreq: 401: request failed: no", "refuses the record"],
        ["unrecognized DNS provider: nowhere", "does not know the provider"],
        ["cloudflare: some credentials information are missing: CLOUDFLARE_EMAIL", "wants variables"],
        [
            "Could not create client: get directory at 'https://ca/dir': dial tcp 192.0.2.1:443: connect: connection refused",
            "cannot be reached",
        ],
        [
            "get directory at 'https://ca/dir': x509: certificate signed by unknown authority",
            "tls.acme.directoryCa",
        ],
        [
            "acme: error: 400 :: urn:ietf:params:acme:error:accountDoesNotExist :: unknown",
            "does not know the account",
        ],
        ["something that nobody foresaw", OTHERWISE],
    ])("%s: one sentence", (said, sentence) => {
        const text = sh(sentenceCase(), `2026/11/27 [INFO] acme: …\n${said}\n`);
        expect(text).toContain(sentence);
        expect(text.split("\n")).toHaveLength(1);
    });

    test("a sentence stands in JSON and in quotes as it is", () => {
        for (const { text } of SENTENCES) expect(text).toMatch(/^[^'"\\\n]+$/);
    });
});
