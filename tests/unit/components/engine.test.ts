import { speak } from "../../../components/definition/mend";
import { commands } from "../../../config/print";
import { logText } from "../../../engine/frames";
import { nameTaken, portTaken, refusal } from "../../../components/deployment/leftovers";

/** A frame of the Engine's log stream. */
function frame(text: string, stream = 1): Buffer {
    const header = Buffer.alloc(8);
    header.writeUInt8(stream, 0);
    header.writeUInt32BE(Buffer.byteLength(text), 4);
    return Buffer.concat([header, Buffer.from(text)]);
}

describe("logText", () => {
    test("joins the frames of both streams without their headers", () => {
        expect(logText(Buffer.concat([frame("one\n"), frame("zwö\n", 2), frame("")]))).toBe("one\nzwö\n");
        expect(logText(Buffer.alloc(0))).toBe("");
    });

    test("a frame that is cut loses nothing of what came before", () => {
        expect(logText(Buffer.concat([frame("one\n"), frame("two\n").subarray(0, 10)]))).toBe("one\ntw");
        expect(logText(Buffer.concat([frame("one\n"), Buffer.alloc(5)]))).toBe("one\n");
    });
});

const daemon = "Unable to create container: Error response from daemon: ";
const endpoint = "driver failed programming external connectivity on endpoint x (0a1b): ";
test.each([
    [
        `${daemon}Conflict. The container name "/my-registry" is already in use by container "0a1b". You have to remove`,
        { kind: "name", name: "my-registry" },
    ],
    [
        `Unable to create network: Error response from daemon: network with name my-registry already exists`,
        { kind: "network", name: "my-registry" },
    ],
    [
        `Unable to start container: Error response from daemon: ${endpoint}Bind for 0.0.0.0:443 failed: port is already allocated`,
        { kind: "port", port: 443 },
    ],
    [
        `Error response from daemon: ${endpoint}Error starting userland proxy: listen tcp4 0.0.0.0:443: bind: address already in use`,
        { kind: "port", port: 443 },
    ],
    ["container failed to be in healthy state in time", { kind: "unhealthy" }],
    [`${daemon}No such image: registry:3`, { kind: "other" }],
    ["", { kind: "other" }],
])("%s", (message, expected) => expect(refusal(message)).toEqual(expected));

test("each sentence names what is taken and what mends it: the option, or the command of a program that has some", () => {
    const hub = { port: 8443, ip: "0.0.0.0", key: ["mirrors", "hub", "port"] };
    expect(nameTaken("x")).toMatch(
        /container name x is taken .*docker rm -f x.*: set containerName to "NAME"$/,
    );
    expect(portTaken({ port: 443, ip: "127.0.0.1", key: ["port"] })).toMatch(
        /^Port 443 of 127\.0\.0\.1 is taken .*: set port to 8443$/,
    );
    expect(portTaken(hub)).toMatch(/^Port 8443 of 0\.0\.0\.0 is taken .*: set mirrors\.hub\.port to 8444$/);
    speak(commands);
    expect(nameTaken("x")).toMatch(/: pulumi config set containerName NAME$/);
    expect(portTaken(hub)).toMatch(/: pulumi config set --path mirrors\.hub\.port 8444$/);
});
