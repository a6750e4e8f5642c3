/** Rules of the backup that no single option has. */
import { accepted, MINIMAL, mistakeIn, mistakes, entries } from "./base";

const BACKUP = { repository: "/srv/backup", password: "hunter2" };
const withBackup = (backup: object, rest: object = {}) => ({
    ...MINIMAL,
    backup: { ...BACKUP, ...backup },
    ...rest,
});

test("a folder needs nothing more", () => {
    expect(accepted(withBackup({}))).toMatchObject({
        backup: { keep: { daily: 7, weekly: 5, monthly: 12 } },
    });
});

test("a server that is reached through ssh needs a key, and the server's own", () => {
    const sftp = { repository: "sftp:backup@192.0.2.7:/srv" };
    expect(mistakes(entries(withBackup(sftp))).map(({ path, fix }) => [path, fix])).toEqual([
        ["backup.sshKey", "pulumi config set --secret --path backup.sshKey ./backup-key"],
        [
            "backup.knownHosts",
            "pulumi config set --path backup.knownHosts 'backup.example.com ssh-ed25519 KEY'",
        ],
    ]);
});

test.each(["lower", "RESTIC_PASSWORD", "RESTIC_REPOSITORY_FILE", "A B"])(
    "%s is no variable of a login",
    (name) => {
        const wrong = mistakeIn(withBackup({ environment: { [name]: "hunter2" } }));
        expect(wrong.path).toContain("backup.environment");
        expect(JSON.stringify(wrong)).not.toContain("hunter2");
    },
);

test("images in a store elsewhere are backed up too", () => {
    const s3 = { storage: { s3: { bucket: "images", region: "eu-central-1" } } };
    expect(mistakes(entries(withBackup({}, s3)))).toEqual([]);
});
