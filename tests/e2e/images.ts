/** The images that the tests start by themselves. */
import { docker } from "./docker";

/** @returns the ID of the newest image of a program that this Engine has */
export async function imageOf(program: "registry" | "nginx"): Promise<string> {
    for (const name of [`private-registry/${program}`, program]) {
        const [id] = (await docker("image", "ls", "--quiet", name)).split("\n").filter(Boolean);
        if (id !== undefined) return id;
    }
    throw new Error(`the Engine has no image of ${program}: \`npm test\` makes it`);
}
