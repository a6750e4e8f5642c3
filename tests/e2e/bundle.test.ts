/** A bundle: made here, used on a machine without a network, with empty caches and a home of its own. */
import {
    copyFileSync,
    mkdtempSync,
    openSync,
    readFileSync,
    rmSync,
    statSync,
    writeSync,
    closeSync,
} from "node:fs";
import { homedir, tmpdir } from "node:os";
import { basename, join } from "node:path";

import { writeCheckout } from "./checkout";
import { cleanup } from "./cleanup";
import { must, type Result } from "./run";
import { WholeMachine } from "./whole-machine";

const NAME = "registry.bundle.test";
/** Seconds in which the registry is to be up there. */
const LIMIT = 120;

const machine = new WholeMachine();
const use = cleanup();
const folder = mkdtempSync(join(tmpdir(), "private-registry-e2e-bundle-"));
const checkout = join(folder, "checkout");
const file = join(folder, "registry.tar.gz");
let told: string;

const FRESH = `export HOME=${homedir()} CI=true
unset DOCKER_HOST DOCKER_CONTEXT DOCKER_CONFIG XDG_CACHE_HOME XDG_DATA_HOME XDG_CONFIG_HOME PULUMI_HOME PRIVATE_REGISTRY_PLUGINS
unset PULUMI_STACK PULUMI_BACKEND_URL PULUMI_CONFIG_PASSPHRASE PULUMI_CONFIG_PASSPHRASE_FILE
# What npm test puts on it.
export PATH=$(echo "$PATH" | tr ':' '\\n' | grep -v -e /.cache/ -e ^${homedir()} | paste -sd:)
`;
const there = (script: string): Promise<Result> => machine.run(`set -e\n${FRESH}${script}`);

async function mustThere(script: string): Promise<string> {
    const { code, screen } = await there(script);
    if (code !== 0) throw new Error(`code ${code}:\n${screen}`);
    return screen;
}

beforeAll(async () => {
    use({ dispose: () => Promise.resolve(rmSync(folder, { recursive: true, force: true })) });
    use(machine);
    writeCheckout(checkout);
    // A state of its own; the programs and images that the tests have.
    const env = {
        ...process.env,
        XDG_DATA_HOME: join(folder, "data"),
        XDG_CONFIG_HOME: join(folder, "config"),
        PULUMI_HOME: join(folder, "pulumi"),
        PULUMI_STACK: "dev",
    };
    for (const name of ["PULUMI_BACKEND_URL", "PULUMI_CONFIG_PASSPHRASE", "PULUMI_CONFIG_PASSPHRASE_FILE"])
        delete (env as NodeJS.ProcessEnv)[name];
    const inCheckout = { cwd: checkout, env, timeoutMs: 240_000 };
    await must("npm", ["run", "--silent", "setup"], inCheckout);
    const set = (...args: string[]) =>
        must("pulumi", ["config", "set", ...args, "--stack", "dev"], {
            ...inCheckout,
            env: {
                ...env,
                PULUMI_BACKEND_URL: `file://${join(folder, "data", "private-registry", "state")}?metadata=skip`,
                PULUMI_CONFIG_PASSPHRASE_FILE: join(folder, "config", "private-registry", "passphrase"),
            },
        });
    await set("domain", NAME);
    await set("--secret", "--path", "schedule.onFailure.webhook", "https://chat.example.com/horse");
    told = await must("npm", ["run", "--silent", "bundle", "--", "--out", file], inCheckout);
    await machine.boot([NAME]);
    await machine.run(
        `mount -t tmpfs tmpfs ${homedir()} && mkdir -p /srv/there && cp ${file} ${file}.sha256 /srv/there/`,
    );
}, 600_000);

test("what it tells: its size, its checksum, what is in it and what is not", () => {
    expect(told).toMatch(
        /registry\.tar\.gz: [\d.]+ MB, the kit \S+, \d+ npm packages, Pulumi \S+, 2 images \(/,
    );
    expect(told).toContain(
        "tar -xf registry.tar.gz && cd private-registry && npm run up -- --bundle ../registry.tar.gz",
    );
    expect(statSync(file).size).toBeLessThan(400e6);
});

test("no network, empty caches: the registry is up in under two minutes, and takes a push", async () => {
    expect((await mustThere("ip route show default; ls -A ~; docker images --quiet")).trim()).toBe("");
    await mustThere(
        "cd /srv/there && sha256sum -c registry.tar.gz.sha256 && tar -xf registry.tar.gz && rm -rf bundle",
    );
    const began = Date.now();
    const screen = await mustThere(
        "cd /srv/there/private-registry && npm run --silent up -- --bundle ../registry.tar.gz",
    );
    const seconds = (Date.now() - began) / 1000;
    process.stdout.write(`npm run up -- --bundle, all caches empty: ${seconds.toFixed(1)} s\n`);
    expect(seconds).toBeLessThan(LIMIT);
    expect(screen).toContain("Unpacking cli/bin/pulumi");
    const config = await mustThere("cat /srv/there/private-registry/Pulumi.dev.yaml");
    expect(config).toContain(NAME);
    expect(config).not.toMatch(/secure:|horse/);
    await mustThere(`cd /srv/there/private-registry
eval "$(npm run --silent env)"
mkdir -p /etc/docker/certs.d/${NAME} && pulumi stack output caCertificatePem > /etc/docker/certs.d/${NAME}/ca.crt
pulumi stack output --show-secrets --json passwords | node -pe 'JSON.parse(fs.readFileSync(0)).admin' |
    docker login --username admin --password-stdin ${NAME}
image=$(docker images --format '{{.Repository}}:{{.Tag}}' | head -n 1)
docker tag $image ${NAME}/team/image:1 && docker push ${NAME}/team/image:1
docker rmi ${NAME}/team/image:1 && docker pull ${NAME}/team/image:1`);
});

test("unpacked once more: what was set there stays, nothing is unpacked, nothing changes", async () => {
    const screen = await mustThere(
        "cd /srv/there && sed -i 's/^config:/config:\\n  # stays/' private-registry/Pulumi.dev.yaml && tar -xf registry.tar.gz && cd private-registry && grep stays Pulumi.dev.yaml && npm run --silent up -- --bundle ../registry.tar.gz",
    );
    expect(screen).not.toContain("Unpacking");
    expect(screen).toMatch(/nothing (had to change|changed|to change)|no change/i);
});

test("where the Engine has another image under a name, the name leads to the bundle's; who runs the other one goes on", async () => {
    const imageOf = async (container: string) =>
        (await mustThere(`docker inspect --format '{{.Image}}' ${container}`)).trim();
    const bundled = await imageOf("private-registry-dev");
    await mustThere(`cd /srv/there/private-registry
name=$(docker image inspect --format '{{join .RepoTags "\\n"}}' ${bundled} | grep ^private-registry/registry:)
container=$(docker create ${bundled})
docker commit --change 'LABEL of=before' $container $name
docker rm $container
docker run --detach --name somebody --entrypoint /bin/sh $name -c 'sleep 600'
npm run --silent up -- --refresh`);
    const before = await imageOf("private-registry-dev");
    expect(before).not.toBe(bundled);
    const up = "cd /srv/there/private-registry && npm run --silent up -- --bundle ../registry.tar.gz";
    expect(await mustThere(up)).toContain("Loading private-registry/registry:");
    expect(await imageOf("private-registry-dev")).toBe(bundled);
    expect(await imageOf("somebody")).toBe(before);
    await mustThere(
        `docker restart --time 1 somebody && docker image inspect ${before} && docker rm --force somebody`,
    );
    expect(await mustThere(up)).not.toContain("Loading");
});

test("a damaged one is told in a sentence, and leaves nothing half-way", async () => {
    const broken = join(folder, "broken.tar.gz");
    copyFileSync(file, broken);
    const fd = openSync(broken, "r+");
    const { size } = statSync(broken);
    // Of the programs, which stand at the start.
    writeSync(fd, Buffer.alloc(4096), 0, 4096, Math.floor(size / 8));
    closeSync(fd);
    const { code, screen } = await there(`export HOME=/srv/other && mkdir -p $HOME
cp ${broken} /srv/there/ && cd /srv/there/private-registry && npm run --silent setup -- --stack other --bundle ../${basename(broken)}`);
    expect(code).toBe(1);
    expect(screen).toMatch(/The bundle \S+broken\.tar\.gz is damaged \(.+\): copy it once more/);
    expect((await mustThere("ls -A /srv/other/.cache/private-registry")).trim()).not.toMatch(
        /cli|bundle\.tmp/,
    );
    expect(readFileSync(`${file}.sha256`, "utf8")).toMatch(/^[0-9a-f]{64} {2}registry\.tar\.gz\n$/);
});
