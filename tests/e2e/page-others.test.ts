/** The page where nobody logs in, and before a registry of the version before: in a real Chromium. */
import { randomBytes } from "node:crypto";

import { type Seen, TestBrowser } from "./browser";
import { cleanup } from "./cleanup";
import { docker } from "./docker";
import { RegistryClient } from "./http";
import { imageOf28, removeImages } from "./other-images";
import { PageStore } from "./page-store";
import { PASSWORD, Stack } from "./stack";

describe("the page of another registry", () => {
    const use = cleanup();
    const own = `e2e-page-${randomBytes(3).toString("hex")}`;
    const old = `${own}/old-registry:2.8.2`;
    let stack: Stack;
    let client: RegistryClient;
    let browser: TestBrowser;
    let store: PageStore;

    beforeAll(async () => {
        use({ dispose: () => removeImages(`${own}/`) });
        stack = use(
            await Stack.create("page-open", {
                settings: { auth: "false", "front.off": "false", "dnsNames[0]": TestBrowser.NAME },
            }),
        );
        await Promise.all([stack.up(), imageOf28(old)]);
        client = await RegistryClient.of(stack);
        use({ dispose: async () => client.close() });
        browser = use(await TestBrowser.of(stack));
        store = new PageStore(client, stack);
        await store.versions();
        await store.index("team/app", "2.0.0");
        await store.chart("charts/app", "0.3.1");
    });

    /** Tags, an image, a chart. */
    async function looksAround(seen: Seen): Promise<void> {
        const { page } = seen;
        await page.getByText("2 repositories").waitFor();
        await page.getByRole("link", { name: "team/app" }).click();
        await page.getByText(/\d tags loaded/).waitFor();
        expect((await page.locator(".row .name a").allInnerTexts()).map((text) => text.trim())).toEqual([
            ...["2.0.0", "1.10.0", "1.9.0", "stable"],
        ]);
        await page.getByRole("link", { name: "2.0.0" }).click();
        await page.getByRole("button", { name: "linux/arm64" }).click();
        await page.getByText("COPY build/serve /app/serve").waitFor();
        await seen.go("/charts/app:0.3.1");
        await page.getByText("The app, for a cluster").waitFor();
    }

    async function asksToDelete({ page }: Seen, tag: string): Promise<void> {
        await page.getByRole("checkbox", { name: `Select ${tag}` }).check();
        await page.getByRole("button", { name: "Delete 1 tag" }).click();
        await page.getByRole("dialog").getByRole("button", { name: "Delete" }).click();
    }

    async function leave(seen: Seen): Promise<void> {
        expect(seen.complaints).toEqual([]);
        expect(seen.strangers()).toEqual([]);
        await seen.close();
    }

    test("with auth false one is in without a login, and no line tells to log in", async () => {
        const seen = await browser.open();
        const { page } = seen;
        await seen.go();
        await looksAround(seen);
        expect(await page.getByLabel("Password").count()).toBe(0);
        expect(await page.getByRole("button", { name: /^Log (in|out)$/ }).count()).toBe(0);
        await seen.go("client");
        await page.getByRole("heading", { name: "Linux and macOS" }).waitFor();
        expect(await page.getByText(/log in/i).count()).toBe(0);
        await seen.go("/team/app");
        await asksToDelete(seen, "1.9.0");
        await page.getByText("1 tag deleted").waitFor();
        expect(await store.tags("team/app")).not.toContain("1.9.0");
        await leave(seen);
        await store.image("team/app", "1.9.0", 40);
    });

    test("registry 2.8: all is shown, and that a tag is not deleted by its name is a sentence", async () => {
        await stack.unset("auth");
        await stack.configure({ image: old, "users.admin.password": { secret: PASSWORD } });
        await stack.up();
        expect(await docker("exec", stack.prefix, "/bin/registry", "--version")).toContain("2.8.2");
        const seen = await browser.open();
        const { page } = seen;
        await seen.go();
        await seen.logIn("admin", PASSWORD);
        await looksAround(seen);
        await seen.go("/team/app");
        await asksToDelete(seen, "1.9.0");
        await page
            .getByText("This registry deletes no tag by its name. An operator can: npm run delete.")
            .waitFor();
        expect(await store.tags("team/app")).toContain("1.9.0");
        await leave(seen);
    });
});
