/** Patterns by which options name repositories and tags. */
import * as z from "zod";

import { REPOSITORY } from "../../address/image-name";

const BELOW = `${REPOSITORY}(?:/\\*)?`;

/** A repository, or with `/*` at its end all below it. */
export const REPOSITORIES = new RegExp(`^${BELOW}$`);

/** The same, and `*` for every repository. */
export const repositoryPattern = z.string().regex(new RegExp(`^(?:\\*|${BELOW})$`));

/** The same, and with ! before it what is not meant. */
export const repositoryChoice = z.string().regex(new RegExp(`^!?(?:\\*|${BELOW})$`));

/** What `pulumi config set --path` turns into a number stays the text that was typed. */
const written = <T extends z.ZodType>(type: T) =>
    z.preprocess((v) => (typeof v === "number" || typeof v === "boolean" ? String(v) : v), type);

/** Tags: letters, digits, _ . - and * for any number of these; with ! before it what is not meant. */
export const tagPattern = written(z.string().regex(/^!?[A-Za-z0-9_.*-]{1,128}$/));
export const TAGS_ALLOWED =
    "a list of tags, each with * for any part of it, or with ! before what is not meant";
