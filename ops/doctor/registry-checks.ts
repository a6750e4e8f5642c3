/** Login, push, pull and delete over the registry's API. */
import { createHash, randomBytes } from "node:crypto";

import type { Deed } from "../../components/auth/able";
import { messageOf } from "../../setup/errors";
import { lackOf, noUsers, type StackFacts } from "../facts/stack-facts";
import type { Answer, RegistryApi } from "../shared/registry-api";
import { failure, type Finding, ok, warning } from "./finding";

export const REPOSITORY = "private-registry-doctor";
/** What the doctor does there. */
export const PUSH: Deed = { does: "push", where: { repository: REPOSITORY } };
const MANIFEST = "application/vnd.oci.image.manifest.v1+json";
/** @param command that shows it */
const logsOf = (command: string) => `look into the registry's log: ${command}`;

const digestOf = (bytes: Buffer) => `sha256:${createHash("sha256").update(bytes).digest("hex")}`;

/** A check that may fail on the way. */
async function tried(check: () => Promise<Finding>, fix: string): Promise<Finding> {
    try {
        return await check();
    } catch (error) {
        return failure(messageOf(error), fix);
    }
}

/** What needs a user whom nobody is. */
export function notTried(deed: Deed): Finding {
    const { text, fix } = lackOf(deed, "doctor");
    return warning(`not tried: ${text}`, fix);
}

/** @param anonymous a client without login; @param user of the API's login, if any; @param users all of them; @param logs command that shows the registry's log */
export function checkLogin(
    api: RegistryApi,
    anonymous: RegistryApi,
    user: string | undefined,
    users: StackFacts["users"],
    logs: string,
): Promise<Finding> {
    return tried(async () => {
        const open = (await anonymous.ask("/v2/")).status;
        if (user === undefined) {
            if (!noUsers(users)) return notTried({ does: "read", where: "somewhere" });
            return open === 200
                ? warning(
                      "there are no users: whoever reaches the port may push and delete",
                      "pulumi config set auth true, unless the network is closed",
                  )
                : failure(`without a login the answer is ${open}, and there are no users`, "npm run up");
        }
        const { status } = await api.ask("/v2/");
        if (status !== 200) return failure(`the login of ${user} is answered ${status}`, "pulumi up");
        return ok(`${user} is let in${open === 401 ? ", nobody without a password" : ""}`);
    }, logsOf(logs));
}

async function pushBlob(api: RegistryApi, bytes: Buffer): Promise<void> {
    const begun = await api.must(`/v2/${REPOSITORY}/blobs/uploads/`, [202], { method: "POST" });
    const location = String(begun.headers.location);
    const put = `${location}${location.includes("?") ? "&" : "?"}digest=${encodeURIComponent(digestOf(bytes))}`;
    const headers = { "Content-Type": "application/octet-stream" };
    await api.must(put, [201], { method: "PUT", headers, body: bytes });
}

/**
 * Pushes, pulls and deletes an image of a few bytes, whose repository stays empty.
 *
 * @param command that shows the registry's log
 * @returns the findings of push, pull and delete; where one fails the rest are not tried
 */
export async function checkImage(
    api: RegistryApi,
    command: string,
    tag = randomBytes(4).toString("hex"),
): Promise<[string, Finding][]> {
    const logs = logsOf(command);
    const found: [string, Finding][] = [];
    const config = Buffer.from(
        JSON.stringify({ architecture: "amd64", os: "linux", rootfs: { type: "layers", diff_ids: [] } }),
    );
    const layer = Buffer.from(`doctor ${tag}\n`);
    const descriptor = (mediaType: string, bytes: Buffer) => ({
        mediaType,
        digest: digestOf(bytes),
        size: bytes.length,
    });
    const manifest = Buffer.from(
        JSON.stringify({
            schemaVersion: 2,
            mediaType: MANIFEST,
            config: descriptor("application/vnd.oci.image.config.v1+json", config),
            layers: [descriptor("application/vnd.oci.image.layer.v1.tar", layer)],
        }),
    );
    const path = `/v2/${REPOSITORY}/manifests/`;
    const step = async (name: string, check: () => Promise<Finding>): Promise<boolean> => {
        const finding = await tried(check, logs);
        found.push([name, finding]);
        return finding.level === "ok";
    };
    const pushed = await step("push", async () => {
        await pushBlob(api, config);
        await pushBlob(api, layer);
        await api.must(path + tag, [201], {
            method: "PUT",
            headers: { "Content-Type": MANIFEST },
            body: manifest,
        });
        return ok(`${REPOSITORY}:${tag}`);
    });
    if (!pushed) return found;
    await step("pull", async () => {
        const same: Answer = await api.must(path + tag, [200], { headers: { Accept: MANIFEST } });
        const blob = await api.must(`/v2/${REPOSITORY}/blobs/${digestOf(layer)}`, [200, 307]);
        // 307: the storage itself hands the blob out.
        const right = same.body.equals(manifest) && (blob.status === 307 || blob.body.equals(layer));
        return right
            ? ok("the same bytes came back")
            : failure("other bytes came back", "check the storage's disk");
    });
    await step("delete", async () => {
        const { status } = await api.ask(path + digestOf(manifest), { method: "DELETE" });
        if (status === 405)
            return warning(
                "deleting is turned off, so the test image stays",
                "pulumi config set deleteEnabled true, where it is to work",
            );
        if (status !== 202) return failure(`deleting is answered ${status}`, logs);
        for (const bytes of [config, layer])
            await api.must(`/v2/${REPOSITORY}/blobs/${digestOf(bytes)}`, [202, 404], { method: "DELETE" });
        return ok("the test image is gone");
    });
    return found;
}
