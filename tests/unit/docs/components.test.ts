/** docs/components.md: its examples compile, its tables name what there is. */
import { readFileSync } from "node:fs";
import { join } from "node:path";

import * as ts from "typescript";

const ROOT = join(__dirname, "../../..");
const page = readFileSync(join(ROOT, "docs/components.md"), "utf8");
const readme = readFileSync(join(ROOT, "README.md"), "utf8");

interface Example {
    /** Path below the checkout; there is no such file. */
    file: string;
    text: string;
}

const examplesOf = (name: string, text: string): Example[] =>
    [...text.matchAll(/^```ts\n([\s\S]*?)^```$/gm)].map((match) => ({
        file: join(ROOT, `docs/${name}-line-${text.slice(0, match.index).split("\n").length}.ts`),
        text: match[1] ?? "",
    }));

const examples = [...examplesOf("README", readme), ...examplesOf("components", page)];

interface Compiled {
    /** What the compiler says of the texts. */
    problems: string[];
    /** Names of the values that the package exports, and of those that are classes. */
    values: string[];
    classes: string[];
}

/** Compiles texts as if they were files of a project that has the package. */
function compile(files: readonly Example[]): Compiled {
    const { config } = ts.readConfigFile(join(ROOT, "tsconfig.check.json"), (path) =>
        ts.sys.readFile(path),
    ) as {
        config: { compilerOptions: object };
    };
    const { options } = ts.convertCompilerOptionsFromJson(
        {
            ...config.compilerOptions,
            baseUrl: ROOT,
            paths: { "private-registry": ["components/index.ts"] },
            types: ["node"],
        },
        ROOT,
    );
    const texts = new Map(files.map(({ file, text }) => [file, text]));
    const host = ts.createCompilerHost(options);
    const { fileExists, readFile, getSourceFile } = host;
    host.fileExists = (path) => texts.has(path) || fileExists(path);
    host.readFile = (path) => texts.get(path) ?? readFile(path);
    host.getSourceFile = (path, ...rest) => {
        const text = texts.get(path);
        return text === undefined
            ? getSourceFile.call(host, path, ...rest)
            : ts.createSourceFile(path, text, rest[0]);
    };
    const index = join(ROOT, "components/index.ts");
    const program = ts.createProgram([index, ...texts.keys()], options, host);
    const problems = [...texts.keys()].flatMap((file) => {
        const source = program.getSourceFile(file);
        return [...program.getSyntacticDiagnostics(source), ...program.getSemanticDiagnostics(source)].map(
            ({ start = 0, messageText }) => {
                const line = (source?.getLineAndCharacterOfPosition(start).line ?? 0) + 1;
                return `${file.slice(ROOT.length + 1)}:${line}: ${ts.flattenDiagnosticMessageText(messageText, " ")}`;
            },
        );
    });
    const checker = program.getTypeChecker();
    const source = program.getSourceFile(index);
    const module = source && checker.getSymbolAtLocation(source);
    const exported = (module ? checker.getExportsOfModule(module) : []).map((symbol) =>
        symbol.flags & ts.SymbolFlags.Alias ? checker.getAliasedSymbol(symbol) : symbol,
    );
    const named = (flag: ts.SymbolFlags) =>
        exported.filter(({ flags }) => flags & flag).map(({ name }) => name);
    return { problems, values: named(ts.SymbolFlags.Value), classes: named(ts.SymbolFlags.Class) };
}

const wrong = {
    file: join(ROOT, "docs/wrong.ts"),
    text: 'import { PrivateRegistry } from "private-registry";\nnew PrivateRegistry("x", { domain: "a.example.com", front: "nginx" });\n',
};
const { problems, values, classes } = compile([...examples, wrong]);

test("the examples compile against the package, and a wrong one does not", () => {
    expect(examples.length).toBeGreaterThan(5);
    expect(problems.filter((one) => !one.startsWith("docs/wrong.ts"))).toEqual([]);
    expect(problems).toEqual([expect.stringContaining("docs/wrong.ts:2:") as string]);
});

test("every exported component and function is told of", () => {
    const named = new Set(
        [...page.matchAll(/`(\w+)`|^## (\w+)$/gm)].map(([, code, heading]) => code ?? heading),
    );
    expect(values.length).toBeGreaterThan(10);
    expect(values.filter((name) => !named.has(name))).toEqual([]);
});

test("a heading that could be a component is one", () => {
    const headings = [...page.matchAll(/^## ([A-Z][a-z]+[A-Z]\w*)$/gm)].map(([, name = ""]) => name);
    expect(headings).toContain("PrivateRegistry");
    expect(headings.filter((name) => !classes.includes(name))).toEqual([]);
});

test("the outputs that are told of PrivateRegistry are those of the class", () => {
    const source = readFileSync(join(ROOT, "components/private-registry.ts"), "utf8");
    const [, body = ""] =
        /export class PrivateRegistry[\s\S]*?\{\n([\s\S]*?)constructor\(/.exec(source) ?? [];
    const outputs = [...body.matchAll(/^ {4}readonly (\w+):/gm)].map(([, name]) => name);
    const [, section = ""] = /## PrivateRegistry\n([\s\S]*?)\n## /.exec(page) ?? [];
    const [, table = ""] = /\| output \|.*\n\|[-|]+\n((?:\|.*\n)+)/.exec(section) ?? [];
    const told = [...table.matchAll(/^\| `(\w+)`/gm)].map(([, name]) => name);
    expect(told.sort()).toEqual(outputs.sort());
});
