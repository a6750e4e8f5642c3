/**
 * `npm run upgrade` where the images lie in S3: another image of the registry, and all is read that was read before. Not from 2.8.2,
 * which cannot write an empty blob to this store, and so is not deployed by the kit.
 */
import { randomBytes } from "node:crypto";

import { cleanup } from "./cleanup";
import { docker } from "./docker";
import { missing, pushImage, pushIndex } from "./gc";
import { RegistryClient } from "./http";
import { REGISTRY_IMAGE } from "./images";
import { imageLike, removeImages } from "./other-images";
import { care } from "./retain";
import { S3Server } from "./s3-server";
import { ADMIN, Stack } from "./stack";

const use = cleanup();

test("another image of the registry reads the store before it is deployed, and after", async () => {
    const own = `e2e-upgrade-s3-${randomBytes(3).toString("hex")}/old`;
    use({ dispose: () => removeImages(`${own}:`) });
    await docker("tag", REGISTRY_IMAGE, `${own}:3.1.2`);
    await imageLike(REGISTRY_IMAGE, `${own}:3.1.3`);
    const store = use(await S3Server.start());
    await store.request("PUT", "images");
    const stack = use(
        await Stack.create("upgrade-s3", {
            settings: {
                ...ADMIN,
                image: `${own}:3.1.2`,
                "storage.s3.bucket": "images",
                "storage.s3.endpoint": store.endpoint,
                "storage.s3.accessKey": { secret: store.accessKey },
                "storage.s3.secretKey": { secret: store.secretKey },
                "storage.s3.ca": store.caPem(),
            },
        }),
    );
    await stack.up();
    let client = await RegistryClient.of(stack);
    await pushImage(client, "team/app", "one");
    await pushIndex(client, "team/app", "multi");
    client.close();
    const { code, stdout, screen } = await care(stack, "upgrade", "--to", "3.1.3", "--yes");
    expect([code, screen]).toEqual([0, screen]);
    expect(stdout).toMatch(/^registry +\S+:3\.1\.2 \(3\.1\.2\) → \S+:3\.1\.3 \(3\.1\.2\)\nUpgraded in /);
    client = await RegistryClient.of(stack);
    use({ dispose: async () => client.close() });
    expect(await missing(client, "team/app", "one")).toEqual([]);
    expect(await missing(client, "team/app", "multi")).toEqual([]);
    await stack.up("--expect-no-changes");
});
