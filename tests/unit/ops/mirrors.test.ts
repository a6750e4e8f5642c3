import { readSpace } from "../../../ops/mirrors";

test.each([
    [
        "1340\t/var/lib/registry\r\nFilesystem 1024-blocks Used Available Capacity Mounted on\r\n/dev/vda1 264212084 26107720 69393544 27% /var/lib/registry\r\n",
        { used: 1340 * 1024, free: 69393544 * 1024 },
    ],
    ["0 /var/lib/registry\n//host/share 100 60 40 60% /var/lib/registry", { used: 0, free: 40 * 1024 }],
])("reads what du and df print: %j", (text, space) => expect(readSpace(text)).toEqual(space));

test.each(["", "du: not found", "12 /var/lib/registry"])("refuses %j", (text) => {
    expect(() => readSpace(text)).toThrow("could not be measured");
});
