/** A directory's certificate for mirrors and Nexus behind the front: clients know the directory's authority alone. */
import { X509Certificate } from "node:crypto";
import { join } from "node:path";

import { TestBrowser } from "./browser";
import { served } from "./certificates";
import { cleanup } from "./cleanup";
import { DirectoryServer } from "./directory-server";
import { DockerClient } from "./docker";
import { CONNECTORS, Joined, NEXUS, NEXUS_PASSWORD, TEAM } from "./joined";
import { nexusImage } from "./nexus-image";
import { DOMAIN, freePort, PASSWORD } from "./stack";

/** Seconds: no renewal is waited for. */
const VALIDITY = 90 * 86_400;

describe("mirrors and Nexus with a directory's certificate", () => {
    const use = cleanup();
    const client = use(new DockerClient());
    let joined: Joined;
    let own: string;

    beforeAll(async () => {
        const httpPort = await freePort();
        const nexus = use(await nexusImage());
        const directory = use(await DirectoryServer.start({ httpPort, validity: VALIDITY }));
        joined = use(await Joined.create(client));
        own = joined.ca;
        const { stack } = joined;
        const issuer = await directory.issuer();
        await joined.configure(nexus);
        // For localhost no directory issues.
        await stack.unset("mirrors.local.domain");
        await stack.configure({
            "dnsNames[0]": TestBrowser.NAME,
            "nexus.docker.routing": "ports",
            "front.httpPort": String(httpPort),
            "tls.acme.email": "admin@registry.e2e.test",
            "tls.acme.acceptTerms": "true",
            "tls.acme.directory": directory.url,
            "tls.acme.directoryCa": directory.ca,
            "tls.acme.trust": issuer,
        });
        await stack.up();
        joined.trust(issuer);
    });

    test("one certificate, without a list of names, is for the front, each mirror and all of Nexus", async () => {
        const names = [
            DOMAIN,
            TestBrowser.NAME,
            TEAM,
            `local.${DOMAIN}`,
            NEXUS,
            ...Object.values(CONNECTORS),
        ];
        for (const name of names) {
            const [pem = ""] = await served(`127.0.0.1:${joined.stack.port}`, name);
            const certificate = new X509Certificate(pem);
            expect([name, certificate.checkHost(name)]).toEqual([name, name]);
            expect(certificate.issuer).toContain("Pebble");
        }
        expect(joined.ca).not.toContain(own.trim());
    });

    test("the page tells when it ends", async () => {
        const browser = use(await TestBrowser.start(joined.stack.port, joined.ca));
        const seen = await browser.open();
        await seen.go();
        await seen.page.getByText("Certificate ends in 89 days").waitFor();
        expect(seen.complaints).toEqual([]);
    });

    test("skopeo pulls through the mirror's own name, and pushes to and pulls from the front", async () => {
        expect(await joined.pulled(`${joined.at(TEAM)}/team/team:1`)).toBe(joined.ids.team);
        expect((await joined.login(joined.at(DOMAIN), PASSWORD)).code).toBe(0);
        const image = `${joined.at(DOMAIN)}/team/app:1`;
        const pushed = await joined.copy(`docker://${joined.at(TEAM)}/team/team:1`, `docker://${image}`);
        expect([pushed.code, pushed.screen]).toEqual([0, expect.anything()]);
        expect(await joined.pulled(image)).toBe(joined.ids.team);
        const stranger = await joined.copy(
            `docker://${image}`,
            `dir:${join(joined.stack.folder, "none")}`,
            [],
            false,
        );
        expect([stranger.code, stranger.screen]).toEqual([1, expect.stringContaining("unknown authority")]);
    });

    test("and to Nexus's registry, and from its group, by their own names", async () => {
        for (const name of [CONNECTORS.hosted, CONNECTORS.group])
            expect((await joined.login(joined.at(name), NEXUS_PASSWORD)).code).toBe(0);
        const source = `docker://${joined.at(TEAM)}/team/team:1`;
        const { code, screen } = await joined.copy(
            source,
            `docker://${joined.at(CONNECTORS.hosted)}/team/app:1`,
        );
        expect([code, screen]).toEqual([0, expect.anything()]);
        expect(await joined.pulled(`${joined.at(CONNECTORS.group)}/team/app:1`)).toBe(joined.ids.team);
    });
});
