/** What is in the way of a deployment that is brought to another machine, and what is not. */
import { createCipheriv, pbkdf2Sync, randomBytes } from "node:crypto";
import { mkdirSync } from "node:fs";
import { join } from "node:path";

import { checkBare } from "../../../ops/backup/machine";
import type { Plan } from "../../../ops/backup/plan";
import { findStack, stateFolder } from "../../../setup/stack";
import { machineIn, put, temporaryFolder } from "../setup/fixture";

const folder = temporaryFolder();

/** As Pulumi writes it (pkg/secrets/passphrase). */
function saltOf(passphrase: string): string {
    const [salt, nonce] = [randomBytes(8), randomBytes(12)];
    const cipher = createCipheriv(
        "aes-256-gcm",
        pbkdf2Sync(passphrase, salt, 1_000_000, 32, "sha256"),
        nonce,
    );
    const sealed = Buffer.concat([cipher.update("pulumi"), cipher.final(), cipher.getAuthTag()]);
    return `v1:${salt.toString("base64")}:v1:${nonce.toString("base64")}:${sealed.toString("base64")}`;
}

const secret = (salt: string) =>
    `encryptionsalt: ${salt}\nconfig:\n  private-registry:x:\n    secure: v1:a:b\n`;
const [theirs, ours] = [saltOf("theirs"), saltOf("ours")];

/** A machine with a passphrase and a stack's state, to which a backup of the stack `dev` is brought. */
function brought({ config, states }: { config: string; states: Record<string, object> }) {
    const machine = machineIn(folder.path);
    mkdirSync(machine.root, { recursive: true });
    put(join(machine.root, "Pulumi.yaml"), "name: private-registry\n");
    put(join(machine.root, "Pulumi.dev.yaml"), config);
    put(join(machine.dirs.config, "passphrase"), "ours");
    for (const [name, latest] of Object.entries(states))
        put(join(stateFolder(machine), ".pulumi", "stacks", "private-registry", `${name}.json`), {
            checkpoint: { latest },
        });
    const plan = {
        manifest: { stack: "dev" },
        configuration: secret(theirs),
        passphrase: "theirs",
    } as unknown as Plan;
    return checkBare(machine, findStack(machine, []), plan, { refused: () => undefined });
}

test("what `npm run setup` made is in no way", async () => {
    const config = `encryptionsalt: ${ours}\nconfig:\n  private-registry:domain: localhost\n`;
    expect(await brought({ config, states: { dev: { manifest: {} } } })).toMatchObject({
        passphrase: "theirs",
    });
});

test("a restore that was killed is run again", async () => {
    expect(await brought({ config: secret(theirs), states: { dev: {} } })).toMatchObject({
        passphrase: "theirs",
    });
});

test.each([
    ["secrets in the configuration", secret(ours), { dev: {} }, /has secrets of another deployment/],
    ["a stack that is deployed", "", { dev: { resources: [] } }, /is not the one of the secrets/],
    ["another stack", "", { dev: {}, prod: {} }, /is not the one of the secrets/],
])("%s is in the way", async (_name, config, states, message) => {
    await expect(brought({ config, states })).rejects.toThrow(message);
});
