/** What the stand-in remembers, in one file of its data folder. */
import { createHash, randomBytes } from "node:crypto";
import { existsSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";

import type { Task } from "./bodies";

export interface Repository {
    name: string;
    format: string;
    type: string;
    /** What POST or PUT brought. */
    body: Record<string, unknown>;
    /** Paths of what was uploaded. */
    components: string[];
}

export interface Data {
    salt: string;
    /** Of the user admin; salted SHA-256. */
    passwordHash: string;
    eula: boolean;
    anonymous: { enabled: boolean; userId: string; realmName: string };
    realms: string[];
    repositories: Repository[];
    policies: Record<string, unknown>[];
    tasks: (Task & { id: string })[];
}

const hash = (salt: string, password: string) =>
    createHash("sha256").update(`${salt}:${password}`).digest("hex");

export class Store {
    readonly data: Data;
    private readonly file: string;
    private readonly passwordFile: string;

    constructor(folder: string) {
        mkdirSync(folder, { recursive: true });
        this.file = join(folder, "stand-in.json");
        this.passwordFile = join(folder, "admin.password");
        this.data = existsSync(this.file)
            ? (JSON.parse(readFileSync(this.file, "utf8")) as Data)
            : this.firstStart();
    }

    /** As Nexus: a password of its own in admin.password, everyone may read, no EULA accepted. */
    private firstStart(): Data {
        const [salt, password] = [randomBytes(8).toString("hex"), randomBytes(18).toString("base64url")];
        writeFileSync(this.passwordFile, password, { mode: 0o600 });
        const data: Data = {
            salt,
            passwordHash: hash(salt, password),
            eula: false,
            anonymous: { enabled: true, userId: "anonymous", realmName: "NexusAuthorizingRealm" },
            realms: ["NexusAuthenticatingRealm"],
            repositories: [],
            policies: [],
            tasks: [],
        };
        this.write(data);
        return data;
    }

    private write(data: Data): void {
        writeFileSync(`${this.file}.new`, JSON.stringify(data, null, 1), { mode: 0o600 });
        renameSync(`${this.file}.new`, this.file);
    }

    save(): void {
        this.write(this.data);
    }

    isAdmin(password: string): boolean {
        return hash(this.data.salt, password) === this.data.passwordHash;
    }

    changePassword(password: string): void {
        this.data.passwordHash = hash(this.data.salt, password);
        this.save();
        rmSync(this.passwordFile, { force: true });
    }
}
