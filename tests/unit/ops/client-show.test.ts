import { snippet } from "../../../ops/client/command";

test("a snippet of clientSetup is printed as the lines that it has", () => {
    expect(snippet({ docker: "mkdir -p a\ncp ca.crt a" }, "docker")).toBe("mkdir -p a\ncp ca.crt a");
});

test.each(["dokcer", "constructor", ""])("%j is refused with the names that there are", (name) => {
    expect(() => snippet({ podman: "b", docker: "a" }, name)).toThrow(
        `--show is "${name}"; it must be one of docker, podman.`,
    );
});
