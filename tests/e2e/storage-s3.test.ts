import { cleanup } from "./cleanup";
import { docker } from "./docker";
import { RegistryClient } from "./http";
import { S3Server } from "./s3-server";
import { ADMIN, Stack } from "./stack";

describe("images in an S3 store", () => {
    const use = cleanup();
    let store: S3Server;
    let stack: Stack;

    beforeAll(async () => {
        store = use(await S3Server.start());
        await store.request("PUT", "images");
        stack = use(await Stack.create("s3", { settings: ADMIN }));
    });

    test("try", async () => {
        await stack.configure({
            "storage.driver": "s3",
            "storage.s3.bucket": "images",
            "storage.s3.endpoint": store.endpoint,
            "storage.s3.accessKey": { secret: store.accessKey },
            "storage.s3.secretKey": { secret: store.secretKey },
            "storage.s3.ca": store.caPem(),
        });
        const t = Date.now();
        console.log((await stack.tryUp()).screen, Date.now() - t);
        console.log(await docker("logs", stack.prefix));
        const client = await RegistryClient.of(stack);
        console.log(await client.upload("team/image"));
        client.close();
        console.log(await store.request("GET", "images?list-type=2"));
        for (const [key, value] of [
            ["bucket", "missing"],
            ["secretKey", "wrong"],
            ["accessKey", "wrong"],
            ["endpoint", "https://172.17.0.1:1"],
            ["endpoint", "https://nowhere.example.test"],
        ]) {
            await stack.configure({ [`storage.s3.${key}`]: { secret: value! } });
            const t = Date.now();
            console.log(key, (await stack.tryUp()).screen, Date.now() - t);
        }
    }, 600000);
});
