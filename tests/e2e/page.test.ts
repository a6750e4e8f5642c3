/** The page, in a real Chromium, on a real registry behind a real nginx. */
import { cleanup } from "./cleanup";
import { TestBrowser } from "./browser";
import { RegistryClient } from "./http";
import { PageStore } from "./page-store";
import { PASSWORD, Stack } from "./stack";

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
        browser = use(await TestBrowser.start(stack.port, await stack.output("caCertificatePem")));
        store = new PageStore(client, stack);
        const first = await store.image("team/app", "1.9.0", 40);
        await store.image("team/app", "1.10.0", 12);
        await store.tag("team/app", first.digest, "stable");
        const [index] = await store.index("team/app", "2.0.0");
        await store.attach("team/app", index.digest);
        await store.chart("charts/app", "0.3.1");
    });

    test("a first look", async () => {
        const seen = await browser.open();
        await seen.go();
        await seen.logIn("admin", PASSWORD);
        await seen.page.getByText("2 repositories").waitFor();
        await seen.page.screenshot({ path: "/tmp/w/p1.png" });
        await seen.page.getByRole("link", { name: "team/app" }).click();
        await seen.page.waitForTimeout(800);
        await seen.page.screenshot({ path: "/tmp/w/p2.png" });
        await seen.page.getByRole("link", { name: "2.0.0" }).click();
        await seen.page.waitForTimeout(800);
        await seen.page.screenshot({ path: "/tmp/w/p3.png", fullPage: true });
        expect(seen.complaints).toEqual([]);
        expect(seen.strangers()).toEqual([]);
    });
});
