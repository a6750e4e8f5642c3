/** Carries out what was planned for a machine. Wherever it is interrupted, the next run ends right. */
import type { Edit, Ledger, Outcome } from "../../clients/edits";

import type { ClientFiles } from "./files";
import type { ClientRecord } from "./record";

/** The edits that change a file that others see. */
export const visible = (edits: readonly Edit[]): Edit[] =>
    edits.filter(({ before, after }) => before?.toString("latin1") !== after?.toString("latin1"));

/** @param before the record as it was read when the outcome was planned */
export function carryOut(
    files: ClientFiles,
    record: ClientRecord,
    before: Ledger,
    { edits, journal, ledger }: Outcome,
): void {
    record.sweep();
    for (const { path } of [...before.files, ...edits]) files.sweep(path);
    const written = edits.filter(({ after }) => after !== undefined).map(({ path }) => path);
    const made = edits.length === 0 ? [] : files.missingFolders([...written, record.path]);
    const folders = [...new Set([...before.folders, ...made])];
    if (edits.length > 0) record.save({ ...journal, folders });
    for (const edit of edits) files.write(edit);
    const stay = files.removeEmpty(folders);
    if (ledger.files.length === 0) record.drop(stay);
    else record.save({ ...ledger, folders: stay });
}
