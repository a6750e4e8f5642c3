/**
 * README and docs, run: every shell block that is not marked, in the order of its page, on a terminal of a machine of the test's
 * own, in a fresh checkout. A page begins with nothing deployed, some with what one of them has deployed.
 */
import { mkdirSync, writeFileSync } from "node:fs";
import { homedir } from "node:os";
import { join } from "node:path";

import { configOfDev, freshen, writeCheckout } from "./checkout";
import { cleanup } from "./cleanup";
import { commandsOf, pagesOf, previewed, readPages } from "./docs-blocks";
import { FUNCTIONS, NAMES, ON_ONE, PAGES } from "./docs-pages";
import { FRONT_IMAGE, REDIS_IMAGE, REGISTRY_IMAGE, RESTIC_IMAGE, SYNC_IMAGE } from "./images";
import { nexusImage } from "./nexus-image";
import type { Result } from "./run";
import { ROOT } from "./user";
import { WholeMachine } from "./whole-machine";

const { blocks } = readPages(ROOT);
const machine = new WholeMachine();
const checkout = join(machine.folder, "checkout");

/** Nothing of the page before is left, but for the images. */
const RESET = `
docker ps --all --quiet | xargs --no-run-if-empty docker rm --force --volumes
docker network ls --quiet --filter type=custom | xargs --no-run-if-empty docker network rm
docker volume ls --quiet | xargs --no-run-if-empty docker volume rm
cd ${homedir()} && rm -rf .docker .local/share/private-registry .config/private-registry .pulumi/workspaces .pulumi/credentials.json
rm -rf /etc/docker /opt/data /var/lib/private-registry
rm -f ${machine.folder}/environment
`;

// A terminal of the kind `screen` is not asked for its colours, an answer that Pulumi would wait five seconds for.
const ENVIRONMENT = `export HOME=${homedir()} TERM=screen PULUMI_SKIP_CONFIRMATIONS=true
unset CI NO_COLOR DOCKER_HOST DOCKER_CONTEXT DOCKER_CONFIG XDG_CACHE_HOME XDG_DATA_HOME XDG_CONFIG_HOME PULUMI_HOME
unset PULUMI_STACK PULUMI_BACKEND_URL PULUMI_CONFIG_PASSPHRASE PULUMI_CONFIG_PASSPHRASE_FILE NODE_EXTRA_CA_CERTS
export PATH="$PATH:${machine.folder}/bin"
`;

/** Runs lines one after the other in the page's shell, and stops at the first that fails. */
async function shell(lines: readonly string[]): Promise<Result> {
    const folder = machine.folder;
    const steps = lines.map((line, i) => {
        writeFileSync(join(folder, `line-${i}.sh`), `${line}\n`);
        return `printf '\\n$ %s\\n' ${JSON.stringify(`line ${i + 1}`)}; cat ${folder}/line-${i}.sh
. ${folder}/line-${i}.sh; code=$?
[ $code -eq 0 ] || { printf '(code %s)\\n' $code; exit $code; }`;
    });
    writeFileSync(
        join(folder, "block.sh"),
        `cd ${checkout} || exit 1
set -o pipefail
if [ -f ${folder}/environment ]; then . ${folder}/environment; else ${ENVIRONMENT}fi
${FUNCTIONS}
${steps.join("\n")}
export -p > ${folder}/environment
`,
    );
    return machine.terminal(join(folder, "block.sh"), [
        [/[[(]y\/N[\])] $/, "y"],
        [/Username: $/, "admin"],
        [/[Pp]assword( for user '.*')?: ?$/, passwordNow],
    ]);
}

/** Lines of which each must succeed. */
const strict = (lines: string) => `set -e\n${lines}\nset +e`;

/** What the reader would type, as the stack tells it: of the page that has a Nexus, that of its administrator. */
let passwordNow = (): Promise<string> => Promise.resolve("");

function expectDone({ code, screen }: Result): void {
    if (code !== 0) throw new Error(`code ${code}:\n${screen}`);
}

describe("the shell blocks of README and docs do what they say", () => {
    const use = cleanup();

    beforeAll(async () => {
        use(machine);
        const nexus = use(await nexusImage());
        await machine.boot(NAMES);
        const own = [REGISTRY_IMAGE, FRONT_IMAGE, REDIS_IMAGE, RESTIC_IMAGE, SYNC_IMAGE];
        await machine.images([...own, nexus.image]);
        expectDone(
            await machine.run(
                `docker tag ${REGISTRY_IMAGE} registry:3.1.2; docker tag ${nexus.image} sonatype/nexus3:3.94.0`,
            ),
        );
        writeCheckout(checkout);
        writeFileSync(join(machine.folder, "Pulumi.dev.yaml"), configOfDev());
        const bin = join(machine.folder, "bin");
        mkdirSync(bin);
        // Last on the path: the reader who is root already may have none.
        writeFileSync(join(bin, "sudo"), '#!/bin/sh\nexec "$@"\n', { mode: 0o755 });
        const run = blocks.filter(({ notRun }) => notRun === undefined).length;
        process.stderr.write(`shell blocks: ${run} run, ${blocks.length - run} marked\n`);
    });

    /** The deployment of ON_ONE. */
    let standing = false;
    const pages = pagesOf(ROOT).filter((page) =>
        blocks.some((block) => block.page === page && block.notRun === undefined),
    );
    const alone = pages.filter((page) => !ON_ONE.includes(page));
    describe.each([...alone, ...ON_ONE])("%s", (page) => {
        const { before = "", scenes = [] } = PAGES[page] ?? {};
        const own = blocks
            .filter((block) => block.page === page && block.notRun === undefined)
            .map((block) => ({ ...block, scene: scenes.find((one) => block.text.includes(one.block)) }));
        const previews = previewed(
            own.map(({ text, scene }) => ({ text, fresh: /\bfresh\b/.test(scene?.before ?? "") })),
        );

        beforeAll(async () => {
            const output =
                page === "docs/nexus.md"
                    ? "pulumi stack output --show-secrets nexusAdminPassword"
                    : "pulumi stack output --show-secrets passwords | node -p 'JSON.parse(fs.readFileSync(0)).admin'";
            passwordNow = async () => {
                const { stdout } = await machine.run(
                    `. ${machine.folder}/environment && cd ${checkout} && ${output} || true`,
                );
                return stdout.trim();
            };
            if (ON_ONE.includes(page) && standing) return expectDone(await shell(["fresh"]));
            expectDone(await machine.run(RESET));
            freshen(checkout);
            if (before !== "") expectDone(await shell([strict(before)]));
            standing = ON_ONE.includes(page);
        });

        test.each(own.map((block, i) => [block.line, i] as const))("line %d", async (_line, i) => {
            const { scene, ...block } = own[i] as (typeof own)[number];
            const lines = [
                ...(scene ? [strict(scene.before)] : []),
                ...commandsOf(block),
                ...(previews[i] ? ["pulumi preview"] : []),
            ];
            expectDone(await shell(lines));
        });
    });
});
