import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";

/**
 * Compares a text with its file in tests/golden. `UPDATE_GOLDEN=1 npm test` writes the files anew, to be read
 * before they are committed.
 */
export function expectGolden(name: string, text: string): void {
    const file = join(__dirname, "../../golden", name);
    if (process.env.UPDATE_GOLDEN === "1") writeFileSync(file, text);
    if (!existsSync(file)) throw new Error(`${file} is missing: UPDATE_GOLDEN=1 npm test writes it`);
    expect(text).toBe(readFileSync(file, "utf8"));
}
