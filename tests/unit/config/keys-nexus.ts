/** The keys that are about Nexus. */
import { flag, group, type Key, same, set, whole } from "./key";

/** A key of nexus with the rest of a configuration that is right: with Nexus off, wishes are a mistake of their own. */
const on = (key: Key): Key => {
    const format = key.key.endsWith("repodataDepth") ? "yum" : "maven";
    const repositories = key.key.includes("NAME") ? { repositories: { NAME: { format } } } : {};
    return { ...key, beside: { nexus: { enabled: true, acceptEula: true, ...repositories } } };
};
const cron = (key: string, standard: string): Key => ({
    key,
    valid: same("0 0 4 * * ?", "0 30 2 ? * SUN", "0 0/15 1-5 ? * MON-FRI 2030"),
    default: standard,
    invalid: ["0 3 * * *", "daily", "0 0 3 * * *", 5],
    allowed: "a Quartz cron expression",
    fix: set(`--path ${key} '${standard}'`),
});
const days = (key: string): Key => ({
    key,
    valid: same(1, 90),
    invalid: [0, 24_856, 1.5, "90 days"],
    allowed: "a whole number from 1 to 24855",
    fix: set(`--path ${key} 90`),
});
const choice = (
    key: string,
    values: string[],
    standard: string | undefined,
    allowed: string,
    example: string,
): Key => ({
    key,
    valid: same(...values),
    ...(standard === undefined ? {} : { default: standard }),
    invalid: ["other", 5, true],
    allowed,
    fix: set(`--path ${key} ${example}`),
});
const url = (key: string, standard: string | undefined, example: string): Key => ({
    key,
    valid: same("https://a.example.com", "http://127.0.0.1:8081"),
    ...(standard === undefined ? {} : { default: standard }),
    invalid: ["a.example.com", "ftp://a", 5],
    allowed: "an http:// or https:// URL",
    fix: set(`--path ${key} ${example}`),
});
const onFlag = (key: string, initially: boolean) => flag(key, initially, "--path ");

export const NEXUS: Key[] = [
    group("nexus", "an object", set("--path nexus.enabled true"), { secret: true }),
    { ...onFlag("nexus.enabled", false), valid: same(true) },
    { ...onFlag("nexus.acceptEula", false), valid: same(true) },
    {
        key: "nexus.domain",
        valid: same("nexus.example.com"),
        invalid: ["https://a.b", "a b", 5],
        allowed: "a host name",
        fix: set("--path nexus.domain nexus.example.com"),
    },
    {
        key: "nexus.image",
        valid: same("sonatype/nexus3:3.95.0"),
        default: "sonatype/nexus3:3.94.0",
        invalid: ["Nexus:3", "", 5],
        allowed: "an image reference",
        fix: set("--path nexus.image sonatype/nexus3:3.94.0"),
    },
    whole("nexus.port", 8081, 1, 65535, "a whole number from 1 to 65535", "--path nexus.port 18081"),
    url("nexus.apiUrl", undefined, "http://127.0.0.1:18081"),
    whole("nexus.heapMb", 2703, 512, 1e9, "a whole number from 512", "--path nexus.heapMb 4096"),
    whole(
        "nexus.directMemoryMb",
        2703,
        512,
        1e9,
        "a whole number from 512",
        "--path nexus.directMemoryMb 4096",
    ),
    whole("nexus.openFiles", 65536, 0, 1e9, "a whole number from 0", "--path nexus.openFiles 0"),
    {
        key: "nexus.adminPassword",
        valid: [...same("12345678x", "with space"), { value: 12345678, becomes: "12345678" }],
        invalid: ["hunter2", ["hunter2"], null],
        allowed: "a string of 8 characters or more",
        fix: set("--secret --path nexus.adminPassword 'a long password'"),
        secret: true,
    },
    onFlag("nexus.anonymous", false),
    group("nexus.docker", "an object", "pulumi config rm --path nexus.docker"),
    onFlag("nexus.docker.hosted", true),
    onFlag("nexus.docker.proxy", true),
    url("nexus.docker.upstream", "https://registry-1.docker.io", "https://mirror.example.com"),
    onFlag("nexus.docker.group", true),
    choice("nexus.docker.routing", ["path", "ports"], "path", "path or ports", "ports"),
    choice(
        "nexus.docker.writePolicy",
        ["allow", "allow_once", "deny"],
        "allow",
        "allow, allow_once or deny",
        "allow_once",
    ),
    group("nexus.repositories", "an object of names", "pulumi config rm --path nexus.repositories"),
    choice(
        "nexus.repositories.NAME.format",
        ["maven", "yum", "pypi"],
        undefined,
        "maven, yum or pypi",
        "maven",
    ),
    choice(
        "nexus.repositories.NAME.writePolicy",
        ["allow", "allow_once", "deny"],
        "allow_once",
        "allow, allow_once or deny",
        "allow",
    ),
    choice(
        "nexus.repositories.NAME.versionPolicy",
        ["RELEASE", "SNAPSHOT", "MIXED"],
        undefined,
        "RELEASE, SNAPSHOT or MIXED",
        "RELEASE",
    ),
    {
        ...whole(
            "nexus.repositories.NAME.repodataDepth",
            undefined,
            0,
            5,
            "a whole number from 0 to 5",
            "--path nexus.repositories.NAME.repodataDepth 1",
        ),
    },
    group("nexus.cleanup", "an object of unusedDays", "pulumi config rm --path nexus.cleanup"),
    days("nexus.cleanup.unusedDays"),
    days("nexus.cleanup.olderThanDays"),
    group("nexus.schedule", "an object of dockerGc", "pulumi config rm --path nexus.schedule"),
    cron("nexus.schedule.dockerGc", "0 0 1 * * ?"),
    cron("nexus.schedule.compact", "0 0 3 * * ?"),
].map(on);
