import { check } from "../../../plugins/framework/check";
import { diff } from "../../../plugins/framework/diff";
import { type Props, type ResourceType, UNKNOWN } from "../../../plugins/framework/resource";
import { clean, fromStruct, isUnknown, toStruct } from "../../../plugins/framework/values";

const type: ResourceType = {
    token: "test:index/thing:Thing",
    autoName: "name",
    inputs: {
        name: { type: "string", replace: true },
        size: {
            type: "integer",
            default: 3,
            validate: (n: number) => (n > 9 ? "must be at most 9" : undefined),
        },
        on: { type: "boolean" },
        address: { type: "string", computed: true },
        labels: {
            type: "array",
            set: true,
            replace: true,
            members: { label: { type: "string", required: true }, value: { type: "string" } },
        },
        options: {
            type: "object",
            members: { mode: { type: "string" }, driver: { type: "string", computed: true } },
        },
    },
    create: async () => ({ id: "1", outs: {} }),
    read: async () => undefined,
};
const urn = "urn:pulumi:dev::project::test:index/thing:Thing::web";
const checked = (news: Props, olds: Props = {}) => check(type, urn, olds, news);
const changed = (olds: Props, news: Props, oldInputs: Props = {}) =>
    diff(type, olds, oldInputs, news).map((c) => `${c.kind} ${c.property}${c.replace ? "!" : ""}`);

describe("check", () => {
    test("names what the program leaves unnamed, and keeps the name", () => {
        const { inputs } = checked({});
        expect(inputs.name).toMatch(/^web-[0-9a-f]{7}$/);
        expect(checked({}, inputs).inputs.name).toBe(inputs.name);
    });
    test("fills in defaults", () => expect(checked({ name: "a" }).inputs).toEqual({ name: "a", size: 3 }));
    test.each([
        [{ colour: "red" }, "colour", /not implemented by the kit's embedded plugin/],
        [{ labels: [{ label: "a", colour: "red" }] }, "labels[0].colour", /not implemented/],
        [{ labels: [{}] }, "labels[0].label", /is required/],
        [{ size: "big" }, "size", /must be of type integer/],
        [{ size: 10 }, "size", /must be at most 9/],
        [{ options: [] }, "options", /must be of type object/],
    ])("refuses %j by its path", (news, property, reason) => {
        expect(checked(news as Props).failures).toEqual([
            { property, reason: expect.stringMatching(reason) },
        ]);
    });
    test("takes numbers and booleans that come as text", () => {
        expect(checked({ name: "a", size: "4", on: "true" }).inputs).toEqual({
            name: "a",
            size: 4,
            on: true,
        });
    });
    test("lets unknown values pass, nested ones too", () => {
        const news = { name: UNKNOWN, size: UNKNOWN, labels: [{ label: UNKNOWN }] };
        expect(checked(news)).toEqual({ inputs: news, failures: [] });
    });
});

describe("diff", () => {
    const state = {
        name: "a",
        size: 3,
        on: false,
        address: "10.0.0.1",
        labels: [
            { label: "x", value: "1" },
            { label: "y", value: "" },
        ],
    };
    test("the same is no change, whatever the official plugin left beside it", () => {
        const olds = clean({
            ...state,
            __meta: "{}",
            labels: state.labels.map((l) => ({ ...l, __defaults: [] })),
        }) as Props;
        expect(
            changed(olds, { name: "a", size: 3, labels: [{ label: "y" }, { label: "x", value: "1" }] }),
        ).toEqual([]);
    });
    test("what the Engine filled in is no change", () => expect(changed(state, { name: "a" })).toEqual([]));
    test("members that the Engine filled in are no change", () => {
        const olds = { options: { mode: "fast", driver: "local" } };
        expect(changed(olds, { options: { mode: "fast" } })).toEqual([]);
        expect(changed(olds, { options: { mode: "slow" } })).toEqual(["update options"]);
    });
    test("a changed input updates or replaces", () => {
        expect(changed(state, { name: "b", size: 4 })).toEqual(["update name!", "update size"]);
    });
    test("an input that the program takes back is a deletion", () => {
        expect(changed(state, { name: "a" }, { labels: state.labels })).toEqual(["delete labels!"]);
    });
    test("an unknown value of a replacing input replaces", () => {
        expect(changed(state, { name: "a", labels: [{ label: UNKNOWN }] })).toEqual(["update labels!"]);
    });
    test("duplicates in a set are counted", () => {
        const label = { label: "x", value: "1" };
        expect(changed({ labels: [label, { label: "y", value: "2" }] }, { labels: [label, label] })).toEqual([
            "update labels!",
        ]);
    });
});

describe("values", () => {
    test("travel through a message unharmed", () => {
        const props = { a: 1, b: "text", c: [true, { d: null }], e: { f: 0.5 } };
        expect(toStruct(props).toJavaScript()).toEqual(props);
        expect(fromStruct(toStruct({ ...props, __defaults: [] }))).toEqual({
            a: 1,
            b: "text",
            c: [true, {}],
            e: { f: 0.5 },
        });
    });
    test("unknown is found at any depth", () => {
        expect(isUnknown({ a: [{ b: UNKNOWN }] })).toBe(true);
        expect(isUnknown({ a: [{ b: "known" }] })).toBe(false);
    });
});
