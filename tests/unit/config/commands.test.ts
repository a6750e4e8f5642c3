import { forStack } from "../../../config/commands";
import { IN_PROJECT } from "../../../ops/main";

test.each([
    ["fix: pulumi config set port 8443", "fix: pulumi config set --stack x port 8443"],
    [
        "pulumi config rm --path a.b && pulumi config set --secret --path a.c 'p'",
        "pulumi config rm --stack x --path a.b && pulumi config set --stack x --secret --path a.c 'p'",
    ],
    ["`pulumi up --refresh`", "`pulumi up --stack x --refresh`"],
    ["run `npm run gc -- --mend`", "run `npm run gc -- --stack x --mend`"],
    ["`npm run up` again", "`npm run up -- --stack x` again"],
])("%s means the stack that it is printed for", (text, full) => {
    expect(forStack(text, "x")).toBe(full);
    // What a program and then a command complete is complete once.
    expect(forStack(full, "x")).toBe(full);
    expect(forStack(text, undefined)).toBe(text);
});

test.each([
    [
        "fix: pulumi config set port 1",
        "x",
        "fix: pulumi config set --stack x --config-file '/a b.yaml' port 1",
    ],
    [
        "`pulumi up`, pulumi stack output a",
        undefined,
        "`pulumi up --config-file '/a b.yaml'`, pulumi stack output a",
    ],
    ["`npm run gc -- --mend`", undefined, "`npm run gc -- --config-file '/a b.yaml' --mend`"],
])("%s of another file of configuration", (text, stack, full) => {
    expect(forStack(text, stack, "/a b.yaml")).toBe(full);
    expect(forStack(full, stack, "/a b.yaml")).toBe(full);
});

test("what is no command of a stack stays", () => {
    for (const text of [
        "npm run gc [-- --dry-run] [--stack NAME]: removes what no image uses.",
        "npm run catalog: Unknown option '--jsn'; there are: --json",
        "npm run check",
        "npm run delete needs names: REPOSITORY:TAG",
        "npm run gc of dev failed with code 1",
        "npm run retain is refused: no",
        "pulumi stack init a",
        "pulumi upset",
        "docker logs a",
    ])
        expect(forStack(text, "x")).toBe(text);
});

test("every command that works on a stack is completed", () => {
    for (const name of IN_PROJECT)
        expect(forStack(`npm run ${name}`, "x")).toBe(`npm run ${name} -- --stack x`);
});
