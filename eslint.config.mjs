import { readFileSync } from "node:fs";

import pulumi from "@pulumi/eslint-plugin";
import tseslint from "typescript-eslint";

export default tseslint.config(
    // What is built is no source: after `npm pack` there is a dist/.
    {
        ignores: readFileSync(new URL(".gitignore", import.meta.url), "utf8")
            .split("\n")
            .filter(Boolean),
    },
    ...tseslint.configs.recommended,
    {
        files: ["**/*.ts"],
        languageOptions: {
            parserOptions: { project: "./tsconfig.check.json", tsconfigRootDir: import.meta.dirname },
        },
        plugins: { "@pulumi": pulumi },
        rules: {
            "@pulumi/no-output-in-template-literal": "error",
            "@pulumi/no-output-instance-in-template-literal": "error",
            "@typescript-eslint/no-floating-promises": "error",
            "@typescript-eslint/no-misused-promises": "error",
            "@typescript-eslint/switch-exhaustiveness-check": [
                "error",
                { considerDefaultExhaustiveForUnions: true },
            ],
            "@typescript-eslint/consistent-type-imports": "error",
        },
    },
    {
        // The page, with the types of a browser.
        files: ["ui/**/*.{ts,tsx}"],
        languageOptions: {
            parserOptions: { project: "./ui/tsconfig.json", tsconfigRootDir: import.meta.dirname },
        },
        rules: {
            "@typescript-eslint/no-floating-promises": "error",
            "@typescript-eslint/switch-exhaustiveness-check": [
                "error",
                { considerDefaultExhaustiveForUnions: true },
            ],
            "@typescript-eslint/consistent-type-imports": "error",
        },
    },
    {
        // Unit tests start no program: `npm run test:unit` prepares none.
        files: ["tests/unit/**/*.ts"],
        rules: {
            "no-restricted-imports": [
                "error",
                {
                    name: "node:child_process",
                    message: "A test that starts a program belongs in tests/integration.",
                },
            ],
        },
    },
    {
        // The few plain JavaScript files run before anything is installed.
        files: ["**/*.cjs"],
        rules: { "@typescript-eslint/no-require-imports": "off" },
    },
);
