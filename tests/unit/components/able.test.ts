/** Who may do what: the user as whom the kit acts. */
import { ableTo, type Deed, mostAble, nobodyMay, type Rights, USES } from "../../../components/auth/able";
import { notTried, PUSH } from "../../../ops/doctor/registry-checks";
import { registryTarget, type StackFacts } from "../../../ops/facts/stack-facts";

import { deploy, makeCertificates } from "./deploy";
import { valueOf } from "./mocks";

const USERS: Record<string, Rights> = {
    "a-prometheus": { role: "metrics" },
    build: { repositories: ["team/*", "tools"] },
    look: { role: "pull" },
    operator: {},
    spare: { role: "push" },
};
const but = (...names: string[]) =>
    Object.fromEntries(Object.entries(USERS).filter(([name]) => !names.includes(name)));

test.each<[Deed, string[]]>([
    [{ does: "push", where: "everywhere" }, ["operator", "spare"]],
    [{ does: "push", where: "somewhere" }, ["build", "operator", "spare"]],
    [{ does: "push", where: { repository: "team/app" } }, ["build", "operator", "spare"]],
    [{ does: "push", where: { repository: "tools/app" } }, ["operator", "spare"]],
    [{ does: "read", where: "everywhere" }, ["look", "operator", "spare"]],
    [{ does: "read", where: "somewhere" }, ["build", "look", "operator", "spare"]],
])("%j: %j", (deed, names) => expect(ableTo(USERS, deed)).toEqual(names));

test("the one who may do the most; of a role metrics nobody", () => {
    expect(mostAble(USERS)).toBe("operator");
    expect(mostAble(but("operator", "spare"))).toBe("build");
    expect(mostAble(but("operator", "spare", "build"))).toBe("look");
    expect(mostAble({ "a-prometheus": { role: "metrics" } })).toBeUndefined();
});

describe("as whom a command asks", () => {
    const facts = (users: Record<string, Rights>, known = Object.keys(users)) =>
        ({
            endpoint: new URL("https://r.test"),
            caPem: "",
            users,
            passwords: Object.fromEntries(known.map((name) => [name, `of ${name}`])),
        }) as unknown as StackFacts;
    const as = (of: StackFacts, ...deeds: Deed[]) => registryTarget(of, "127.0.0.1", ...deeds).login;

    test("who may, by a password that the stack knows", () => {
        expect(as(facts(USERS))).toEqual({ user: "operator", password: "of operator" });
        expect(as(facts(USERS, ["a-prometheus", "look", "build"]), PUSH)).toBeUndefined();
        expect(as(facts(USERS, ["a-prometheus", "look", "build"]), PUSH, ...USES)?.user).toBe("build");
        expect(as(facts(USERS), { does: "read", where: "everywhere" })?.user).toBe("look");
        expect(as(facts({}))).toBeUndefined();
    });

    test("nobody: a sentence, and what mends it", () => {
        expect(notTried(PUSH)).toEqual({
            level: "warning",
            text: "not tried: no user may push to private-registry-doctor by a password that the stack knows",
            fix: "pulumi config set --path users.doctor.generate true && npm run up",
        });
        expect(nobodyMay({ does: "read", where: "somewhere" })).toBe(
            "no user may read anything by a password that the stack knows",
        );
    });
});

describe("the output loginCommand", () => {
    beforeAll(makeCertificates);
    const line = async (roles: Record<string, Rights>) => {
        const users = Object.fromEntries(
            Object.entries(roles).map(([name, rights]) => [name, { password: "123456", ...rights }]),
        );
        const { registry } = await deploy({ users, front: true, metrics: { port: 9145 } });
        return valueOf(registry.loginCommand);
    };

    test("is of a user who may log in, and who may do the most", async () => {
        expect(await line(USERS)).toBe("docker login -u operator docker.example.com");
        expect(await line(but("operator", "spare", "build"))).toBe("docker login -u look docker.example.com");
    });

    test("says so where there is none", async () => {
        expect(await line({ prometheus: { role: "metrics" } })).toBe(
            "# no login: no user may pull; to have one: set users.admin.generate to true",
        );
    });
});
