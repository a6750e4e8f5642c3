/** What clients have to do after a change, told before it is made. */
import {
    announcements,
    type ClientView,
    clientsLabel,
    fingerprint,
    readClientsLabel,
} from "../../../components/deployment/clients";

import { issue } from "./certs";

const HUB = "mirror of https://registry-1.docker.io";
const view = (over: Partial<ClientView> = {}): ClientView => ({
    places: { registry: "https://a.example.com", [HUB]: "https://a.example.com:5443" },
    cas: ["aa"],
    ...over,
});

test("nothing changed, nothing told; a place that goes or comes is no move", () => {
    expect(announcements(view(), view())).toEqual([]);
    expect(announcements(view(), view({ places: { registry: "https://a.example.com" } }))).toEqual([]);
    expect(announcements(view({ places: { registry: "https://a.example.com" } }), view())).toEqual([]);
});

test.each([
    ["domain", "https://b.example.com", "docker login b.example.com"],
    ["port", "https://a.example.com:8443", "docker login a.example.com:8443"],
    ["TLS", "http://a.example.com:5000", "docker login a.example.com:5000"],
])("another %s: from where, to where, and the login that each client needs", (_what, registry, login) => {
    const [told, ...others] = announcements(view(), view({ places: { ...view().places, registry } }));
    expect(others).toEqual([]);
    expect(told).toContain(`moves from https://a.example.com to ${registry}`);
    expect(told).toContain(login);
});

test("a mirror that moves is told by what it mirrors", () => {
    const places = { ...view().places, [HUB]: "https://hub.example.com" };
    const told = announcements(view(), view({ places }));
    expect(told).toEqual([
        expect.stringMatching(/^The mirror of https:\/\/registry-1\.docker\.io moves from/),
    ]);
});

test.each([
    ["another one", ["bb"], /^The CA changes: no client trusts/],
    ["one that is not made yet", [undefined], /^The CA changes: no client trusts/],
    ["one that the kit does not know any more", [], /no longer knows which CA.*need to do nothing/],
])("the CA: %s", (_what, cas, sentence) => {
    expect(announcements(view(), { places: view().places, cas })).toEqual([expect.stringMatching(sentence)]);
});

test.each([
    ["a second one", ["aa"], ["aa", undefined], /^A second CA is trusted too, and will sign later on/],
    [
        "the second one signs",
        ["aa", "bb"],
        ["bb", "aa"],
        /^The site certificate will be of another CA than before/,
    ],
    ["the first one signs again", ["bb", "aa"], ["aa", "bb"], /^The site certificate will be of another CA/],
    ["the first one goes", ["bb", "aa"], ["bb"], /^One CA of two is no longer given to clients/],
    ["the second one goes before it signed", ["aa", "bb"], ["aa"], /^One CA of two is no longer given/],
    ["both go", ["aa", "bb"], ["cc"], /^The CA changes: no client trusts/],
])("of two CAs: %s", (_what, before, cas, sentence) => {
    const places = view().places;
    expect(announcements(view({ cas: before }), { places, cas })).toEqual([expect.stringMatching(sentence)]);
    expect(announcements({ places, cas: before }, { places, cas: before })).toEqual([]);
});

test("a CA where there was none", () => {
    expect(announcements(view({ cas: [] }), view())).toEqual([
        expect.stringMatching(/a CA that clients do not have yet/),
    ]);
});

test("the label says the same whatever the order, and what is none of ours is not read", async () => {
    const { pem, certificate } = await issue("CA", { ca: true });
    const ca = fingerprint(pem);
    expect(ca).toBe(Buffer.from(await certificate.getThumbprint("SHA-256")).toString("hex"));
    expect(fingerprint("")).toBe("");
    const text = clientsLabel({ places: { b: "https://b", a: "https://a" }, cas: [ca, "bb"] });
    expect(text).toBe(clientsLabel({ places: { a: "https://a", b: "https://b" }, cas: [ca, "bb"] }));
    expect(readClientsLabel(text)).toEqual({
        places: { a: "https://a", b: "https://b" },
        cas: [ca, "bb"],
    });
    for (const other of [undefined, "", "{}", "null", '{"places":null,"ca":""}', '{"places":{},"ca":5}'])
        expect(readClientsLabel(other)).toBeUndefined();
});
