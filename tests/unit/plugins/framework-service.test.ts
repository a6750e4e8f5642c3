import * as proto from "@pulumi/pulumi/proto/provider_pb";
import * as status from "@pulumi/pulumi/proto/status_pb";

import { failureOf } from "../../../plugins/framework/messages";
import { InitializationError, type Package, type Props, UNKNOWN } from "../../../plugins/framework/resource";
import { Service } from "../../../plugins/framework/service";
import { fromStruct, toStruct } from "../../../plugins/framework/values";

const URN = "urn:pulumi:dev::project::my:index:Parent$test:index/thing:Thing::web";
const SIGNATURE = "4dabf18193072939515e22adb298388d";

interface Client {
    host?: unknown;
    ports?: unknown;
}
const create = jest.fn(async (inputs: Props, client: Client) => ({
    id: "made",
    outs: { ...inputs, key: "s3cret", host: client.host },
}));
const read = jest.fn();
const update = jest.fn(async (_id: string, olds: Props, news: Props) => ({
    ...olds,
    ...news,
    updated: true,
}));
const pkg: Package<Client> = {
    name: "test",
    version: "1.2.3",
    config: { host: { type: "string" }, ports: { type: "array", element: "integer" } },
    configure: (config) => config,
    resources: [
        {
            token: "test:index/thing:Thing",
            inputs: {
                size: { type: "integer" },
                image: { type: "string", replace: true },
                ports: { type: "array", members: { internal: { type: "integer", required: true } } },
            },
            secretOutputs: ["key"],
            deleteBeforeReplace: true,
            create,
            read,
            update,
        },
    ],
};
beforeEach(() => jest.clearAllMocks());

const service = () => new Service(pkg);
async function configured(args: Props): Promise<Service<Client>> {
    const [made, request] = [service(), new proto.ConfigureRequest()];
    request.setArgs(toStruct(args));
    await made.configure(request);
    return made;
}
function checkRequest(news: Props): proto.CheckRequest {
    const request = new proto.CheckRequest();
    request.setUrn(URN);
    request.setNews(toStruct(news));
    return request;
}
function createRequest(inputs: Props, preview = false): proto.CreateRequest {
    const request = new proto.CreateRequest();
    request.setUrn(URN);
    request.setProperties(toStruct(inputs));
    request.setPreview(preview);
    return request;
}
const reasons = (response: proto.CheckResponse) => response.getFailuresList().map((f) => f.getReason());

describe("provider configuration", () => {
    test("comes out of the wrapper of a secret", async () => {
        const request = new proto.ConfigureRequest();
        request.setArgs(toStruct({ host: "tcp://engine:2376" }, ["host"]));
        const made = service();
        await made.configure(request);
        await made.create(createRequest({}));
        expect(create.mock.calls[0]?.[1]).toEqual({ host: "tcp://engine:2376" });
    });

    test("that changes is configured anew, and replaces nothing", async () => {
        const request = new proto.DiffRequest();
        request.setOldInputs(toStruct({ host: "tcp://old:2376", ports: "[1]" }, ["host"]));
        request.setNews(toStruct({ host: "tcp://new:2376", ports: "[1]" }, ["host"]));
        const changed = await service().diffConfig(request);
        expect(changed.getChanges()).toBe(proto.DiffResponse.DiffChanges.DIFF_SOME);
        expect(changed.getDiffsList()).toEqual(["host"]);
        expect(changed.getReplacesList()).toEqual([]);
        request.setNews(request.getOldInputs());
        const same = await service().diffConfig(request);
        expect(same.getChanges()).toBe(proto.DiffResponse.DiffChanges.DIFF_NONE);
    });

    test("comes as JSON where it is no string, and reaches the resources", async () => {
        const made = await configured({ host: "tcp://engine:2376", ports: "[1,2]", version: "1.2.3" });
        await made.create(createRequest({}));
        expect(create.mock.calls[0]?.[1]).toEqual({ host: "tcp://engine:2376", ports: [1, 2] });
    });
    test.each<[Props, string[]]>([
        [{ host: "a", version: "1", pluginDownloadURL: "b", __internal: {} }, []],
        [{ proxy: "a" }, [expect.stringMatching(/^proxy is not implemented/) as unknown as string]],
        [{ ports: "[1" }, ["ports must be of type array, and is string"]],
        [{ ports: '["a"]' }, ["ports[0] must be of type integer, and is string"]],
        [{ ports: UNKNOWN }, []],
    ])("check of %j", async (news, expected) => {
        expect(reasons(await service().checkConfig(checkRequest(news)))).toEqual(expected);
    });
});

describe("check", () => {
    test("says what is wrong by its path, and nothing of its value", async () => {
        const response = await service().check(checkRequest({ ports: [{ internal: 1, foo: "s3cret" }] }));
        expect(response.getFailuresList().map((f) => f.getProperty())).toEqual([""]);
        expect(reasons(response)).toEqual([
            expect.stringMatching(/^ports\[0\]\.foo is not implemented by the kit's embedded plugin/),
        ]);
        expect(reasons(response).join()).not.toContain("s3cret");
    });
    test("a resource type and a function that are not there are named", async () => {
        const request = checkRequest({});
        request.setUrn(URN.replace("Thing::", "Other::"));
        await expect(service().check(request)).rejects.toThrow(/^test:index\/thing:Other is not implemented/);
        const invoke = new proto.InvokeRequest();
        invoke.setTok("test:index/get:get");
        await expect(service().invoke(invoke)).rejects.toThrow(/^test:index\/get:get is not implemented/);
    });
});

describe("diff", () => {
    async function diffOf(olds: Props, news: Props, ignored: string[] = []) {
        const request = new proto.DiffRequest();
        request.setUrn(URN);
        request.setOlds(toStruct({ ...olds, __meta: "{}" }));
        request.setNews(toStruct({ ...news, __defaults: [] }));
        request.setIgnorechangesList(ignored);
        return (await service().diff(request)).toObject();
    }
    const { DIFF_NONE, DIFF_SOME } = proto.DiffResponse.DiffChanges;

    test("tells updates from replacements, in detail too", async () => {
        const { Kind } = proto.PropertyDiff;
        expect(await diffOf({ size: 1, image: "a" }, { size: 2, image: "b" })).toMatchObject({
            changes: DIFF_SOME,
            diffsList: ["size", "image"],
            replacesList: ["image"],
            deletebeforereplace: true,
            hasdetaileddiff: true,
            detaileddiffMap: [
                ["image", { kind: Kind.UPDATE_REPLACE }],
                ["size", { kind: Kind.UPDATE }],
            ],
        });
    });
    test("says that there is none", async () => {
        const none = { changes: DIFF_NONE, diffsList: [], replacesList: [] };
        expect(await diffOf({ size: 1 }, { size: 1 })).toMatchObject(none);
        expect(await diffOf({ size: 1 }, { size: 2 }, ["size"])).toMatchObject(none);
    });
});

describe("create and update", () => {
    test("write the ID among the outputs, and mark what is secret", async () => {
        const response = await service().create(createRequest({ size: 1 }));
        const { key, ...outs } = fromStruct(response.getProperties());
        expect(response.getId()).toBe("made");
        expect(outs).toEqual({ id: "made", size: 1 });
        expect(key).toMatchObject({ [SIGNATURE]: expect.any(String), value: "s3cret" });
    });
    test("a preview makes nothing, and knows what is known", async () => {
        const response = await service().create(createRequest({ size: UNKNOWN }, true));
        expect(create).not.toHaveBeenCalled();
        expect(fromStruct(response.getProperties())).toEqual({ size: UNKNOWN });
        const request = new proto.UpdateRequest();
        request.setUrn(URN);
        request.setId("made");
        request.setOlds(toStruct({ size: 1, address: "10.0.0.1" }));
        request.setNews(toStruct({ size: 2 }));
        request.setPreview(true);
        const outs = (await service().update(request)).getProperties();
        expect(update).not.toHaveBeenCalled();
        expect(fromStruct(outs)).toEqual({ id: "made", size: 2, address: "10.0.0.1" });
    });
});

describe("read", () => {
    function readRequest(inputs: Props): proto.ReadRequest {
        const request = new proto.ReadRequest();
        request.setUrn(URN);
        request.setId("made");
        request.setInputs(toStruct(inputs));
        return request;
    }
    const found = { id: "made", outs: { size: 2, on: true }, inputs: { size: 2, on: true } };

    test("of what is gone gives no ID", async () => {
        read.mockResolvedValue(undefined);
        expect((await service().read(readRequest({}))).getId()).toBe("");
    });
    test("a refresh keeps to the inputs that the program gave", async () => {
        read.mockResolvedValue(found);
        const response = await service().read(readRequest({ size: 1 }));
        expect(fromStruct(response.getInputs())).toEqual({ size: 2 });
    });
    test("an import gives them all", async () => {
        read.mockResolvedValue(found);
        expect(fromStruct((await service().read(readRequest({}))).getInputs())).toEqual(found.inputs);
    });
});

test("an object that is not ready is kept in state, with its reasons", () => {
    const error = new InitializationError("made", { size: 1 }, ["not healthy", "log: no space"]);
    const [packed] = failureOf(error, { size: 1 }).metadata?.get("grpc-status-details-bin") ?? [];
    const [any] = status.Status.deserializeBinary(packed as Buffer).getDetailsList();
    const detail = any?.unpack(
        proto.ErrorResourceInitFailed.deserializeBinary,
        "pulumirpc.ErrorResourceInitFailed",
    );
    expect(detail?.getId()).toBe("made");
    expect(detail?.getReasonsList()).toEqual(["not healthy", "log: no space"]);
    expect(fromStruct(detail?.getProperties())).toEqual({ id: "made", size: 1 });
    expect(fromStruct(detail?.getInputs())).toEqual({ size: 1 });
});

test("an error shows its message and no stack", () => {
    expect(failureOf(new Error("The Engine is down."), {}).details).toBe("The Engine is down.");
});
