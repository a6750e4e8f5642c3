/** Commands that work on the Engine of a Docker host, and on no cluster. */
export const ON_DOCKER: readonly string[] = [...["bundle", "import", "mirrors", "monitoring", "sync"]];

/** What is said of one where the registry is on a cluster. */
export const onDockerAlone = (name: string): string =>
    `npm run ${name} works on a Docker Engine, and target of this stack is kubernetes: docs/kubernetes.md says what to do there instead.`;
