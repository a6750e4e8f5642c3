/** The page, in a real Chromium, on a real registry behind a real nginx. */
import { readFileSync } from "node:fs";
import { join } from "node:path";

import { PAGE_FILES } from "../../components/front/page-files";

import { type Look, type Seen, TestBrowser } from "./browser";
import { cleanup } from "./cleanup";
import { docker } from "./docker";
import { RegistryClient } from "./http";
import { PageStore } from "./page-store";
import { until } from "./run";
import { PASSWORD, Stack } from "./stack";

const IMAGES = join(__dirname, "../../docs/images");
const AXE = readFileSync(require.resolve("axe-core/axe.min.js"), "utf8");
const REPOSITORIES = 5_000;
const TAGS = 10_000;
/** What a window has rows for, and what is drawn beyond its edges. */
const MOST_ROWS = 60;

describe("the page", () => {
    const use = cleanup();
    let stack: Stack;
    let client: RegistryClient;
    let browser: TestBrowser;
    let store: PageStore;

    beforeAll(async () => {
        stack = use(
            await Stack.create("page", {
                settings: {
                    "front.off": "false",
                    "dnsNames[0]": TestBrowser.NAME,
                    "users.admin.password": { secret: PASSWORD },
                    "users.reader.password": { secret: PASSWORD },
                    "users.reader.role": "pull",
                    "users.team.password": { secret: PASSWORD },
                    "users.team.repositories[0]": "team/*",
                },
            }),
        );
        await stack.up();
        client = await RegistryClient.of(stack);
        use({ dispose: async () => client.close() });
        browser = use(await TestBrowser.of(stack));
        store = new PageStore(client, stack);
        const digest = await store.versions();
        await store.tag("team/app", digest, "1.10");
        await store.image("team/app", "2.0.0-rc.1", 6);
        const [index] = await store.index("team/app", "2.0.0");
        await store.tag("team/app", index.digest, "latest");
        await store.attach("team/app", index.digest);
        await store.chart("charts/app", "0.3.1");
    });

    /** A window of someone who is logged in. */
    async function as(user: string, part = "", look?: Look): Promise<Seen> {
        const seen = await browser.open(look);
        await seen.go(part);
        await seen.logIn(user, PASSWORD);
        return seen;
    }

    /** What no window may have done, whatever one did in it. */
    async function leave(...all: Seen[]): Promise<void> {
        for (const seen of all) {
            expect(seen.complaints).toEqual([]);
            expect(seen.strangers()).toEqual([]);
            await seen.close();
        }
    }

    const cells = async (seen: Seen, column: string): Promise<string[]> =>
        (await seen.page.locator(`.row ${column}`).allInnerTexts()).map((text) => text.trim());

    test("nginx serves it to anyone, compressed, under a policy that lets it load nothing else", async () => {
        const { status, headers, body } = await client.ask("/", { login: "" });
        expect([status, headers["content-type"]]).toEqual([200, "text/html; charset=utf-8"]);
        expect(headers["content-security-policy"]).toBe(
            "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; img-src 'self' data:; " +
                "base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
        );
        expect(headers["x-content-type-options"]).toBe("nosniff");
        expect(headers["referrer-policy"]).toBe("no-referrer");
        expect(headers["cache-control"]).toBe("no-cache");
        const [script = "", style = ""] = ["js", "css"].map(
            (kind) => RegExp(`/page/\\w+\\.${kind}`).exec(body)?.[0],
        );
        for (const path of [script, style]) {
            const file = await client.ask(path, { login: "", headers: { "Accept-Encoding": "gzip" } });
            expect([file.status, file.headers["content-encoding"]]).toEqual([200, "gzip"]);
            expect(file.headers["cache-control"]).toContain("immutable");
        }
        expect((await client.ask("/", { login: "", method: "POST" })).status).toBe(405);
        for (const path of [
            "/page/",
            "/page/0123456789abcdef.js",
            "/page.html.gz",
            "/nginx.conf",
            "/index.html",
        ])
            expect([path, (await client.ask(path, { login: "" })).status]).toEqual([path, 404]);
        expect((await client.ask("/v2/", { login: "" })).status).toBe(401);
    });

    test("the front tells a login what it may do, and nobody anything", async () => {
        const me = async (login: string) => {
            const { status, body } = await client.ask("/page/me", { login });
            return status === 200 ? (JSON.parse(body) as unknown) : status;
        };
        expect(await me(`admin:${PASSWORD}`)).toEqual({ role: "push", repositories: null });
        expect(await me(`reader:${PASSWORD}`)).toEqual({ role: "pull", repositories: null });
        expect(await me(`team:${PASSWORD}`)).toEqual({ role: "push", repositories: ["team/*"] });
        expect(await me("")).toBe(401);
        expect(await me("admin:wrong")).toBe(401);
    });

    test("a wrong login is a sentence, a right one lives in the memory of the tab alone", async () => {
        const seen = await browser.open();
        await seen.go();
        await seen.logIn("admin", "wrong");
        await seen.page.getByRole("alert").getByText("User name or password is wrong.").waitFor();
        await seen.logIn("admin", PASSWORD);
        await seen.page.getByText("2 repositories").waitFor();
        const kept = await seen.page.evaluate(
            "JSON.stringify([document.cookie, { ...localStorage }, { ...sessionStorage }])",
        );
        expect(kept).toBe('["",{},{}]');
        await seen.page.reload();
        await seen.page.getByLabel("Password").waitFor();
        await leave(seen);
    });

    test("tags by version with what is behind them; what stands for digests is not among them", async () => {
        const seen = await as("admin");
        await seen.page.getByRole("link", { name: "team/app" }).click();
        await seen.page.getByText("7.31 MB").first().waitFor();
        const names = ["latest", "2.0.0", "2.0.0-rc.1", "1.10.0", "1.10", "1.9.0", "stable"];
        expect(await cells(seen, ".name a")).toEqual(names);
        expect((await cells(seen, ".platforms"))[1]).toMatch(/linux\/amd64\s*linux\/arm64/);
        expect((await cells(seen, ".name"))[1]).toMatch(/attestation\s*signature/);
        await seen.page.getByText("7 tags loaded").waitFor();
        await seen.page.getByLabel("Sort by").selectOption("time");
        expect((await cells(seen, ".name a")).at(-1)).toBe("1.9.0");
        await seen.page.getByLabel("Filter tags").fill("1.1");
        expect(await cells(seen, ".name a")).toEqual(["1.10.0", "1.10"]);
        await leave(seen);
    });

    test("an image: layers with their commands, configuration, labels, what is attached, lines to copy", async () => {
        const seen = await as("admin", "/team/app:2.0.0");
        const { page } = seen;
        await page.getByRole("button", { name: "linux/arm64" }).click();
        await page.getByText("RUN apk add --no-cache ca-certificates tzdata").waitFor();
        const text = await page.locator("main").innerText();
        for (const part of [
            "COPY build/serve /app/serve",
            "3.10 MB",
            "700 kB",
            "/app/serve",
            "8080/tcp",
            "payments",
        ])
            expect(text).toContain(part);
        await page.getByRole("button", { name: "linux/amd64" }).click();
        await page.getByText("https://spdx.dev/Document").waitFor();
        expect(await page.locator(".attached").innerText()).toMatch(
            /SBOM[\s\S]*spdx[\s\S]*SBOM[\s\S]*cyclonedx[\s\S]*signature/,
        );
        await page.context().grantPermissions(["clipboard-read", "clipboard-write"]);
        await page.getByRole("tab", { name: "podman" }).click();
        await page.getByRole("button", { name: /^Copy: podman/ }).click();
        expect(await page.evaluate("navigator.clipboard.readText()")).toBe(
            `podman pull ${TestBrowser.NAME}/team/app:2.0.0`,
        );
        await page.getByRole("button", { name: "Look for other tags" }).click();
        await page.locator(".twins").getByRole("link", { name: "latest" }).waitFor();
        await seen.go("/charts/app:0.3.1");
        await page.getByText("The app, for a cluster").waitFor();
        expect(await page.locator(".line code").innerText()).toBe(
            `helm pull oci://${TestBrowser.NAME}/charts/app --version 0.3.1`,
        );
        await seen.go("/team/none");
        await page.getByText("There is no such repository.").waitFor();
        await leave(seen);
    });

    test("who may pull sees nothing to delete; who has repositories of his own opens them by name", async () => {
        const reader = await as("reader", "/team/app");
        await reader.page.getByText("7 tags loaded").waitFor();
        expect(await reader.page.getByRole("checkbox").count()).toBe(0);
        await reader.go("/team/app:stable");
        await reader.page.getByText("Configuration").waitFor();
        expect(await reader.page.getByText("Delete").count()).toBe(0);
        const team = await as("team");
        await team.page.getByLabel("Search repositories").fill("team/app");
        await team.page.getByRole("link", { name: "Open team/app" }).click();
        await team.page.getByText("7 tags loaded").waitFor();
        await team.go("/charts/app");
        await team.page.getByText("This login may not do that.").waitFor();
        await leave(reader, team);
    });

    test("the client's lines are those of the kit", async () => {
        const seen = await as("admin", "client");
        await seen.page.getByText(`docker login -u admin ${TestBrowser.NAME}`).waitFor();
        const { oneLine } = await stack.output<Record<string, string>>("clientSetup");
        expect(await seen.page.locator(".line code").first().innerText()).toBe(oneLine?.trimEnd());
        await seen.page.getByText(/Certificate ends in 39\d days/).waitFor();
        await leave(seen);
    });

    test("English and Chinese, by the browser and by the switch", async () => {
        const seen = await browser.open({ locale: "zh-CN" });
        await seen.go();
        await seen.page.getByRole("button", { name: "登录" }).waitFor();
        await seen.logIn("admin", PASSWORD);
        await seen.page.getByText("2 个仓库").waitFor();
        expect(await seen.page.locator("html").getAttribute("lang")).toBe("zh-CN");
        await seen.page.getByRole("button", { name: /switch the language/ }).click();
        await seen.page.getByText("2 repositories").waitFor();
        await leave(seen);
    });

    test.each<[string, Look]>([
        ["light", {}],
        ["dark, on a telephone", { colorScheme: "dark", size: { width: 390, height: 780 } }],
    ])("axe-core finds nothing serious, and nothing is wider than the window: %s", async (_, look) => {
        const seen = await browser.open(look);
        await seen.go();
        const { page } = seen;
        const found: string[] = [];
        const check = async (what: string) => {
            // As a debugger would: the page's own policy forbids scripts of others.
            await page.evaluate(AXE);
            const { violations } = await page.evaluate<{
                violations: { id: string; impact: string; nodes: object[] }[];
            }>("axe.run(document, { resultTypes: ['violations'] })");
            for (const { id, impact, nodes } of violations)
                if (/serious|critical/.test(impact))
                    found.push(`${what}: ${id} ${JSON.stringify(nodes).slice(0, 400)}`);
            const wide = await page.evaluate("document.documentElement.scrollWidth - innerWidth");
            if (Number(wide) > 0) found.push(`${what}: ${String(wide)} pixels too wide`);
        };
        await page.getByLabel("Password").waitFor();
        await check("login");
        await seen.logIn("admin", PASSWORD);
        await page.getByText("2 repositories").waitFor();
        await check("repositories");
        await seen.go("/team/app");
        await page.getByText("7 tags loaded").waitFor();
        await check("tags");
        await page.getByRole("checkbox", { name: "Select 1.9.0" }).check();
        await page.getByRole("button", { name: "Delete 1 tag" }).click();
        await page.getByText("no other tag has this digest").waitFor();
        await check("deletion");
        await page.keyboard.press("Escape");
        await seen.go("/team/app:2.0.0");
        await page.getByText("https://spdx.dev/Document").waitFor();
        await check("image");
        await seen.go("client");
        await page.getByText("Then log in:").waitFor();
        await check("client");
        expect(found).toEqual([]);
        await leave(seen);
    });

    test("the front is killed under the open page: a sentence, and then all is as it was, without a reload or a login", async () => {
        const seen = await as("admin", "/team/app");
        const { page } = seen;
        await page.getByText("7 tags loaded").waitFor();
        await page.evaluate("window.same = true");
        // By the Engine's own kill it stays dead: by its restart policy it would be back before the page gives up.
        await docker("kill", `${stack.prefix}-front`);
        await page.getByRole("button", { name: "Reload" }).click();
        await page.getByRole("alert").getByText("the network is gone, or the registry is").waitFor();
        await docker("start", `${stack.prefix}-front`);
        const answers = () => client.ask("/v2/").then(({ status }) => (status === 200 ? true : undefined));
        await until("the front is back", () => answers().catch(() => undefined));
        await page.getByRole("button", { name: "Try again" }).click();
        await page.getByRole("alert").waitFor({ state: "detached" });
        await page.getByRole("link", { name: "1.10.0" }).click();
        await page.getByText("Configuration").waitFor();
        expect(await page.evaluate("window.same")).toBe(true);
        expect(await page.getByLabel("Password").count()).toBe(0);
        await leave(seen);
    });

    const pictures = process.env.PRIVATE_REGISTRY_TEST_PICTURES === "1";
    test.each(["en-US", "zh-CN"])("pictures of it, %s", async (locale) => {
        const look: Look = { locale, size: { width: 900, height: 520 } };
        const seen = await as("admin", "/team/app", look);
        const ending = locale === "zh-CN" ? ".zh-CN.png" : ".png";
        const picture = async (name: string) => {
            await seen.page.mouse.move(0, 0);
            const image = await seen.page.screenshot(
                pictures ? { path: join(IMAGES, `page-${name}${ending}`) } : {},
            );
            if (pictures) expect(image.length).toBeLessThan(80_000);
        };
        await seen.page.getByText(/7 tags loaded|已加载 7 个标签/).waitFor();
        await picture("tags");
        await seen.go("/team/app:2.0.0");
        await seen.page.getByText("COPY build/serve").waitFor();
        await picture("image");
        await leave(seen);
    });

    test("a tag is deleted by its name, after asking; others of the same digest stay, and are told before", async () => {
        const seen = await as("admin", "/team/app");
        const { page } = seen;
        await page.getByRole("checkbox", { name: "Select 1.10.0" }).check();
        await page.getByRole("button", { name: "Delete 1 tag" }).click();
        await page.getByText("stays under 1.10, stable, with the same digest").waitFor();
        await page.getByRole("button", { name: "Cancel" }).click();
        expect(await store.tags("team/app")).toContain("1.10.0");
        await page.getByRole("button", { name: "Delete 1 tag" }).click();
        await page.getByRole("dialog").getByRole("button", { name: "Delete" }).click();
        await page.getByText("1 tag deleted").waitFor();
        const left = async () => (await store.tags("team/app")).filter((tag) => !tag.startsWith("sha256-"));
        expect(await left()).toEqual(["1.10", "1.9.0", "2.0.0", "2.0.0-rc.1", "latest", "stable"]);
        for (const tag of ["2.0.0-rc.1", "1.9.0"])
            await page.getByRole("checkbox", { name: `Select ${tag}` }).check();
        await page.getByRole("button", { name: "Delete 2 tags" }).click();
        await page.getByRole("dialog").getByRole("button", { name: "Delete" }).click();
        await page.getByText("2 tags deleted").waitFor();
        expect(await left()).toEqual(["1.10", "2.0.0", "latest", "stable"]);
        expect(await cells(seen, ".name a")).toEqual(["latest", "2.0.0", "1.10", "stable"]);
        await leave(seen);
    });

    test(`${REPOSITORIES} repositories and ${TAGS} tags: no more is loaded than is shown`, async () => {
        const { digest } = await store.image("team/one", "1", 1);
        await store.many(digest, REPOSITORIES, TAGS);
        const seen = await as("admin");
        const { page } = seen;
        const begin = Date.now();
        await page.locator(".row").first().waitFor();
        const first = Date.now() - begin;
        await page.waitForTimeout(1500);
        const asked = seen.requests.length;
        expect(await page.locator(".row").count()).toBeLessThan(MOST_ROWS);
        expect(asked).toBeLessThan(MOST_ROWS);
        const search = Date.now();
        await page.keyboard.press("/");
        await page.keyboard.type("service-4999");
        await page.getByText(`1 of ${(REPOSITORIES + 4).toLocaleString("en")} repositories`).waitFor();
        const found = Date.now() - search;
        await page.getByLabel("Search repositories").fill("");
        await page.getByRole("link").filter({ hasText: "bulk/" }).focus();
        // A row that is not drawn yet has the focus as soon as it is.
        for (let i = 0; i < 20; i++) {
            await page.keyboard.press("ArrowDown");
            await page.locator(`[aria-rowindex="${i + 2}"] a:focus`).waitFor();
        }
        await page.keyboard.press("End");
        await page.locator(`[aria-rowindex="${REPOSITORIES + 4}"] a:focus`).waitFor();
        await seen.go("/bulk/tags");
        const open = Date.now();
        await page.getByText("10,000 tags").waitFor();
        const tags = Date.now() - open;
        await page.getByText(/\d+ tags loaded/).waitFor();
        await page.getByRole("link", { name: "1.99.99", exact: true }).waitFor();
        expect((await cells(seen, ".name a")).slice(0, 2)).toEqual(["1.100.0", "1.99.99"]);
        expect(await page.locator(".row").count()).toBeLessThan(MOST_ROWS);
        await page.getByLabel("Filter tags").fill("1.42.1");
        await page.getByText("11 of 10,000 tags").waitFor();
        process.stderr.write(
            `first list of ${REPOSITORIES} repositories: ${first} ms with ${asked} requests; a search through all: ${found} ms; ` +
                `${TAGS} tags: ${tags} ms\n`,
        );
        await leave(seen);
    });

    test("with anonymousPull one looks around without a login; front.page false takes it away, by reload", async () => {
        await stack.configure({ "front.anonymousPull": "true" });
        await stack.up();
        const seen = await browser.open();
        await seen.go("/team/app");
        await seen.page.getByText("4 tags loaded").waitFor();
        expect(await seen.page.getByRole("checkbox").count()).toBe(0);
        await seen.page.getByRole("button", { name: "Log in" }).click();
        await seen.logIn("admin", PASSWORD);
        await seen.page.getByRole("checkbox").first().waitFor();
        await seen.page.getByRole("button", { name: "Log out" }).click();
        await seen.page.getByText("not logged in").waitFor();
        await leave(seen);
        const before = (await stack.exportText()).length;
        await stack.configure({ "front.page": "false" });
        await stack.up();
        const less = before - (await stack.exportText()).length;
        const files = PAGE_FILES.reduce((sum, { gzip }) => sum + gzip.length, 0);
        process.stderr.write(
            `the page in the state: ${less} bytes, of ${before}; its files in base64: ${files}\n`,
        );
        // Once as what is to be there, once as what is, encrypted among secrets; and some lines of nginx.conf.
        expect(less).toBeLessThan(2.8 * files + 25_000);
        const { status, body } = await client.ask("/", { login: "" });
        expect([status, body]).toEqual([404, expect.stringContaining("its API is under /v2/")]);
        expect((await client.ask("/page/me")).status).toBe(404);
    });
});
