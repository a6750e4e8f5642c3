/** The Engine is killed in the middle of a command: it ends with a sentence, nothing is lost, and the next run mends. */
import { homedir } from "node:os";
import { join } from "node:path";
import { existsSync, readdirSync, readFileSync, writeFileSync } from "node:fs";

import { writeCheckout } from "./checkout";
import { cleanup } from "./cleanup";
import { FRONT_IMAGE, REGISTRY_IMAGE, RESTIC_IMAGE } from "./images";
import { type Result, type Running, until } from "./run";
import { WholeMachine } from "./whole-machine";

const NAME = "registry.killed.test";
const PREFIX = "private-registry-dev";
const TAGS = 4;

const machine = new WholeMachine();
const use = cleanup();
const checkout = join(machine.folder, "checkout");

const SHELL = `set -e
export HOME=${homedir()} CI=true
unset DOCKER_HOST DOCKER_CONTEXT DOCKER_CONFIG XDG_CACHE_HOME XDG_DATA_HOME XDG_CONFIG_HOME PULUMI_HOME
unset PULUMI_STACK PULUMI_BACKEND_URL PULUMI_CONFIG_PASSPHRASE PULUMI_CONFIG_PASSPHRASE_FILE
cd ${checkout}
`;
const there = (script: string): Promise<Result> => machine.run(SHELL + script);
async function must(script: string): Promise<string> {
    const { code, screen } = await there(script);
    if (code !== 0) throw new Error(`code ${code}:\n${screen}`);
    return screen;
}
const command = (name: string, ...flags: string[]) => `npm run --silent ${name} -- ${flags.join(" ")}`;

/** Every tag can be pulled. */
const expectWhole = async () => {
    await must(`for n in $(seq ${TAGS}); do docker rmi ${NAME}/team/app:$n > /dev/null 2>&1 || true
docker pull --quiet ${NAME}/team/app:$n; done`);
};

/** ID of a container that runs. */
const running = async (name: string): Promise<string> =>
    (await there(`docker ps --quiet --filter 'name=^/${PREFIX}${name}$'`)).stdout.trim();

/** Waits for a moment, kills the Engine, and starts it again once the command has ended. */
async function killAt(moment: () => Promise<boolean>, command: Running): Promise<Result> {
    let ended: Result | undefined;
    void command.done.then((result) => (ended = result));
    await until(
        "the moment",
        async () => {
            if (ended) throw new Error(`It ended before:\n${ended.screen}`);
            return (await moment()) ? true : undefined;
        },
        60_000,
        10,
    );
    await machine.killEngine();
    const result = await command.done;
    await machine.startEngine();
    return result;
}

const answers = () =>
    until("the registry answers again", async () => {
        const { code } = await there(
            `curl --silent --fail --output /dev/null --cacert ../ca.crt --user admin:$(cat ../password) https://${NAME}/v2/`,
        );
        return code === 0 ? true : undefined;
    });

beforeAll(async () => {
    use(machine);
    writeCheckout(checkout);
    await machine.boot([NAME]);
    await machine.images([REGISTRY_IMAGE, FRONT_IMAGE, RESTIC_IMAGE]);
    writeFileSync(
        join(checkout, "Pulumi.dev.yaml"),
        `config:
  private-registry:domain: ${NAME}
  private-registry:users: { admin: { generate: true } }
  private-registry:backup: { repository: /srv/backup, password: a password of the repository }
`,
    );
    await must(`rm -rf .docker ~/.docker ~/.local/share/private-registry ~/.config/private-registry ~/.pulumi/workspaces
${command("up")}
eval "$(npm run --silent env)"
pulumi stack output --show-secrets --json passwords | node -pe 'JSON.parse(fs.readFileSync(0)).admin' > ../password
pulumi stack output caCertificatePem > ../ca.crt
mkdir -p /etc/docker/certs.d/${NAME} && cp ../ca.crt /etc/docker/certs.d/${NAME}/ca.crt
docker login --username admin --password-stdin ${NAME} < ../password
for n in $(seq ${TAGS}); do head -c 20000000 /dev/urandom > ../layer && tar -cf - -C .. layer | docker import - ${NAME}/team/app:$n
docker push --quiet ${NAME}/team/app:$n; done`);
}, 600_000);

test("during a backup: the next one is whole, and the registry is back by itself", async () => {
    const { code, screen } = await killAt(
        async () => (await running("-backup")) !== "",
        machine.start(SHELL + command("backup")),
    );
    expect(code).toBe(1);
    expect(screen).toMatch(
        /The Docker Engine (broke off in the middle of an answer|does not answer any more) \(.+\): once it is back, run the same command again\.|went away while it was at work/,
    );
    await answers();
    await expectWhole();
    const next = JSON.parse((await there(command("backup", "--verify", "--json"))).stdout) as {
        verified: { tags: number };
    };
    expect(next.verified.tags).toBe(TAGS);
});

test("during a collection: pulls and pushes go on after the next command", async () => {
    const { code, screen } = await killAt(
        async () => (await running("-gc-reader")) !== "",
        machine.start(SHELL + command("gc")),
    );
    expect(code).toBe(1);
    expect(screen).not.toMatch(/at .*\.ts:\d+|undefined/);
    // Before any command looks.
    await answers();
    const mended = await there(command("up"));
    expect(mended.screen).toMatch(/An earlier garbage collection had not ended/);
    expect(mended.code).toBe(0);
    await expectWhole();
    await must(`docker push --quiet ${NAME}/team/app:1`);
    expect((await there(command("gc"))).stdout).toMatch(/^Removed 0 blobs/);
});

/** Containers of which containerd has a task. */
const withTask = (): string[] =>
    readdirSync(machine.path("/run/containerd/io.containerd.runtime.v2.task/moby"));

/** Name that the Engine has written for a container. */
function nameOf(id: string): string | undefined {
    const file = machine.path(`/var/lib/docker/containers/${id}/config.v2.json`);
    return existsSync(file) ? (JSON.parse(readFileSync(file, "utf8")) as { Name: string }).Name : undefined;
}

test.each([
    {
        moment: "when the former one is gone",
        logLevel: "info",
        come: async (former: string) => (await running("")) !== former,
    },
    {
        moment: "when it starts the new one, and does not know yet that it runs",
        logLevel: "error",
        come: (former: string) =>
            Promise.resolve(withTask().some((id) => !id.startsWith(former) && nameOf(id) === `/${PREFIX}`)),
    },
])(
    "during an up that replaces the registry, $moment: the next one has it as it is configured, with its images",
    async ({ logLevel, come }) => {
        await must(
            `sed -i '/logLevel/d; /^config:/a \\  private-registry:logLevel: ${logLevel}' Pulumi.dev.yaml`,
        );
        const former = await running("");
        const { screen } = await killAt(() => come(former), machine.start(SHELL + command("up")));
        expect(screen).not.toMatch(/at .*\.ts:\d+/);
        const next = await there(command("up"));
        expect({ code: next.code, screen: next.code === 0 ? "" : next.screen }).toEqual({
            code: 0,
            screen: "",
        });
        await answers();
        await expectWhole();
    },
);
