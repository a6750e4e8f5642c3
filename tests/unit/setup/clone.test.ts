/** A second clone does not put its own configuration on the first one's registry. */
import { renameSync } from "node:fs";
import { join } from "node:path";
import { checkClone, HERE, rememberClone } from "../../../setup/clone";
import { findStack } from "../../../setup/stack";
import { machineIn, put, temporaryFolder } from "./fixture";

const folder = temporaryFolder();
const said = jest.spyOn(process.stderr, "write");
beforeEach(() => said.mockReset().mockReturnValue(true));
afterAll(() => said.mockRestore());

const clone = (name: string) => {
    put(join(folder.path, name, "Pulumi.yaml"), "name: private-registry\n");
    return machineIn(folder.path, { root: join(folder.path, name) });
};
const check = (name: string, ...args: string[]) => {
    const machine = clone(name);
    checkClone(machine, findStack(machine, args), args);
};
const deploy = (name: string, ...args: string[]) => {
    const machine = clone(name);
    rememberClone(machine, findStack(machine, args));
};

test("a stack that nobody deployed, or this folder did, is no question", () => {
    check("one");
    deploy("one");
    check("one");
    expect(said).not.toHaveBeenCalled();
});

test("a second clone is stopped, with the ways out", () => {
    deploy("one");
    expect(() => check("two")).toThrow(
        /^Stack dev was last deployed from .*\/one \(\d{4}-.*nothing was changed.*--stack NAME.*--from-here`\.$/,
    );
});

test("the ways out are ways out", () => {
    deploy("one");
    check("two", "--stack", "other");
    check("two", HERE);
    deploy("two");
    check("two");
    expect(() => check("one")).toThrow(/last deployed from .*\/two/);
});

test("a folder that was moved goes on, with a word", () => {
    deploy("one");
    renameSync(join(folder.path, "one"), join(folder.path, "moved"));
    check("moved");
    expect(said.mock.calls.join()).toContain("which is gone: it goes on from here");
});
