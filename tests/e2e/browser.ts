/** A real browser: Debian's Chromium, without a window. */
import { createHash } from "node:crypto";
import tls from "node:tls";

import { type Browser, type BrowserContext, chromium, type Page } from "playwright-core";

import { which } from "../../setup/run";

import { DOMAIN, type Stack } from "./stack";

export interface Look {
    /** @default "en-US" */
    locale?: string;
    /** @default "light" */
    colorScheme?: "light" | "dark";
    /** Of the window. @default 1200 × 800 */
    size?: { width: number; height: number };
}

/** The public key of a server that the CA vouches for: by it the browser knows it, whose own store is not touched. */
const serverKey = (port: number, ca: string): Promise<Buffer> =>
    new Promise((resolve, reject) => {
        const socket = tls.connect({ host: "127.0.0.1", port, ca, servername: DOMAIN }, () => {
            const key = socket.getPeerX509Certificate()?.publicKey.export({ type: "spki", format: "der" });
            socket.destroy();
            if (key === undefined) reject(new Error("the server shows no certificate"));
            else resolve(key);
        });
        socket.on("error", reject);
    });

export class TestBrowser {
    /** By which the browser knows the registry, at the port that needs not be named. Its certificate must have it. */
    static readonly NAME = "docker.example.com";

    private constructor(
        private readonly browser: Browser,
        readonly origin: string,
    ) {}

    /**
     * A browser that finds the tests' domain on this machine, and takes the certificate of one registry.
     *
     * @param caPem that signed it
     */
    static async start(port: number, caPem: string): Promise<TestBrowser> {
        const key = await serverKey(port, caPem);
        const browser = await chromium.launch({
            executablePath: which("chromium") ?? "chromium",
            args: [
                // In a container there is no user namespace to make a sandbox of.
                "--no-sandbox",
                "--disable-dev-shm-usage",
                `--host-resolver-rules=MAP ${TestBrowser.NAME}:443 127.0.0.1:${port}`,
                `--ignore-certificate-errors-spki-list=${createHash("sha256").update(key).digest("base64")}`,
            ],
        });
        return new TestBrowser(browser, `https://${TestBrowser.NAME}`);
    }

    /** One that takes the certificate of a stack's registry. */
    static async of(stack: Stack): Promise<TestBrowser> {
        return TestBrowser.start(stack.port, await stack.output("caCertificatePem"));
    }

    /** A new window, in which nobody is logged in. What it does that no page may do is collected: {@link Seen}. */
    async open(look: Look = {}): Promise<Seen> {
        const context = await this.browser.newContext({
            locale: look.locale ?? "en-US",
            colorScheme: look.colorScheme ?? "light",
            viewport: look.size ?? { width: 1200, height: 800 },
            reducedMotion: "reduce",
        });
        context.setDefaultTimeout(15_000);
        return Seen.of(context, this.origin);
    }

    async dispose(): Promise<void> {
        await this.browser.close();
    }
}

/** A window, with all that it asked for. */
export class Seen {
    /** URLs of all requests. */
    readonly requests: string[] = [];
    /** What the browser complained of: violations of the policy, errors of the script. */
    readonly complaints: string[] = [];

    private constructor(
        readonly page: Page,
        private readonly origin: string,
    ) {}

    static async of(context: BrowserContext, origin: string): Promise<Seen> {
        const seen = new Seen(await context.newPage(), origin);
        seen.page.on("request", (request) => seen.requests.push(request.url()));
        seen.page.on("pageerror", (error) => seen.complaints.push(String(error)));
        seen.page.on("console", (message) => {
            // Chromium writes each refused request there; the page shows it as a sentence.
            if (message.type() === "error" && !/^Failed to load resource/.test(message.text()))
                seen.complaints.push(message.text());
        });
        return seen;
    }

    /** Goes to a part of the page. @param part what stands behind the # */
    async go(part = ""): Promise<void> {
        const url = `${this.origin}/${part === "" ? "" : `#${part}`}`;
        // A network of another test that comes or goes at this moment ends what Chromium loads (ERR_NETWORK_CHANGED).
        for (let left = 3; ; left--)
            try {
                await this.page.goto(url);
                return await this.page.locator("header").waitFor({ timeout: 5_000 });
            } catch (error) {
                if (left === 0) throw error;
            }
    }

    async logIn(user: string, password: string): Promise<void> {
        await this.page.getByLabel(/^(User name|用户名)$/).fill(user);
        await this.page.getByLabel(/^(Password|密码)$/).fill(password);
        await this.page
            .getByRole("button", { name: /^(Log in|登录)$/ })
            .last()
            .click();
    }

    /** Hosts that were asked beside the registry's own. */
    strangers(): string[] {
        return this.requests.filter((url) => !url.startsWith(`${this.origin}/`) && !url.startsWith("data:"));
    }

    async close(): Promise<void> {
        await this.page.context().close();
    }
}
