import { size } from "../../../ops/shared/size";

test.each([
    [0, "0 B"],
    [999, "999 B"],
    [1000, "1.0 kB"],
    [5_000_000, "5.0 MB"],
    [1.5e9, "1.5 GB"],
    [1e18, "1000000.0 TB"],
])("%d bytes are %s", (bytes, text) => expect(size(bytes)).toBe(text));
