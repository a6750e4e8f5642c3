/**
 * What the reader of a page has before he runs its blocks, as shell lines. The names that stand in the pages for those of the
 * reader's own (docker.example.com …) lead to the machine of the test, and the files that they name are made here.
 */
import { MACHINE, OTHER } from "./whole-machine";

export interface Scene {
    /** Text that the block has, and no other of the page: which one is meant. */
    block: string;
    before: string;
}

export interface Page {
    /** Before the first block. */
    before: string;
    scenes?: readonly Scene[];
}

/** Names that the pages use for the registry's and those of its neighbours. */
export const NAMES = [
    "docker.example.com",
    "registry.example.com",
    "nexus.example.com",
    "docker-hosted.nexus.example.com",
    "docker-group.nexus.example.com",
];

/** Shell functions that the lines below may call. */
export const FUNCTIONS = `
# Settings as a fresh checkout has them; the stack's salt stays.
fresh() {
    salt="$(grep '^encryptionsalt:' Pulumi.dev.yaml || true)"
    cp ../Pulumi.dev.yaml Pulumi.dev.yaml
    printf '%s\\n' "$salt" >> Pulumi.dev.yaml
}
shell() { npm run --silent env > ../shell-lines && eval "$(cat ../shell-lines)"; }
# An authority of one's own, and a key with its certificate for a name.
certificate() {
    key="-newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes"
    openssl req -x509 $key -keyout ../authority.key -out "$2" -days 30 -subj "/CN=An Authority" 2> /dev/null
    openssl req -x509 $key -keyout "$4" -out "$3" -days 30 -subj "/CN=$1" -addext "subjectAltName=DNS:$1" \\
        -addext basicConstraints=critical,CA:FALSE -addext extendedKeyUsage=serverAuth \\
        -CA "$2" -CAkey ../authority.key 2> /dev/null
}
# Where the registry that plays Docker Hub is found, and the port that it leaves to the kit's.
hub() {
    pulumi config set bindAddress ${MACHINE}
    pulumi config set --path mirrors.hub.ca ../hub-ca.crt
    pulumi config set --path 'extraHosts["registry-1.docker.io"]' ${OTHER}
}
image() { printf x > ../file; tar -cf - -C .. file | docker import - "$1"; }
`;

const DEPLOYED: Page = { before: "npm run up; shell" };

/** Pages whose blocks find the registry of a fresh checkout, and leave it as it is: all but the last, which is one for all of them. */
export const ON_ONE = [
    "docs/commands.md",
    "docs/gc.md",
    "docs/upgrade.md",
    "docs/schedule.md",
    "docs/audit.md",
];

export const PAGES: Readonly<Record<string, Page>> = {
    "README.md": { before: "image alpine" },
    "docs/audit.md": DEPLOYED,
    "docs/acme.md": {
        before: "shell; certificate docker.example.com chain.crt site.crt site.key",
    },
    "docs/backup.md": { before: "shell" },
    "docs/certificates.md": {
        before: "shell; certificate localhost chain.crt site.crt site.key",
        scenes: [{ block: "tls.ownCa.site.subject.country", before: "fresh" }],
    },
    "docs/clients.md": {
        before: "shell; pulumi config set domain docker.example.com; pulumi up --skip-preview",
    },
    "docs/commands.md": DEPLOYED,
    "docs/front.md": { before: "shell" },
    "docs/gc.md": DEPLOYED,
    "docs/import.md": {
        before: `shell; fresh
docker run --detach --name myregistry --publish 5000:5000 --volume registry-data:/var/lib/registry registry:3.1.2`,
    },
    "docs/keys.md": { before: "npm run up" },
    "docs/mirrors.md": {
        // Docker Hub is a registry of this machine, with a certificate of an authority of its own.
        before: `shell
certificate registry-1.docker.io ../hub-ca.crt ../hub.crt ../hub.key
docker create --name hub --network host --env REGISTRY_HTTP_ADDR=${OTHER}:443 --env OTEL_TRACES_EXPORTER=none \\
    --env REGISTRY_HTTP_TLS_CERTIFICATE=/hub.crt --env REGISTRY_HTTP_TLS_KEY=/hub.key registry:3.1.2
docker cp ../hub.crt hub:/hub.crt
docker cp ../hub.key hub:/hub.key
docker start hub
hub`,
        scenes: [
            {
                block: "hub.docker.example.com beside",
                before: "fresh; hub; pulumi config set domain docker.example.com",
            },
        ],
    },
    "docs/monitoring.md": { before: "shell" },
    "docs/nexus.md": {
        // The Engine of the test may not raise its limits, and Nexus there is small.
        before: `shell
pulumi config set domain example.com
pulumi config set --path nexus.openFiles 0
pulumi config set --path nexus.heapMb 512
pulumi config set --path nexus.directMemoryMb 512`,
        scenes: [
            {
                block: "docker login nexus.example.com",
                before: `
mkdir -p /etc/docker/certs.d/nexus.example.com
pulumi stack output caCertificatePem > /etc/docker/certs.d/nexus.example.com/ca.crt
image nexus.example.com/docker-hosted/team/app
image nexus.example.com/docker-hosted/library/alpine
pulumi stack output --show-secrets nexusAdminPassword |
    docker login --username admin --password-stdin nexus.example.com
docker push nexus.example.com/docker-hosted/library/alpine
docker logout nexus.example.com`,
            },
            {
                block: "docker login docker-hosted.nexus.example.com",
                before: `
pulumi config set --path nexus.docker.routing ports
pulumi up --skip-preview
for name in docker-hosted docker-group; do
    mkdir -p /etc/docker/certs.d/$name.nexus.example.com
    pulumi stack output caCertificatePem > /etc/docker/certs.d/$name.nexus.example.com/ca.crt
done
image docker-hosted.nexus.example.com/team/app
image docker-hosted.nexus.example.com/library/alpine
pulumi stack output --show-secrets nexusAdminPassword |
    docker login --username admin --password-stdin docker-hosted.nexus.example.com
docker push docker-hosted.nexus.example.com/library/alpine
docker logout docker-hosted.nexus.example.com`,
            },
        ],
    },
    "docs/operator.md": {
        before: "shell; image alpine; pulumi config set domain docker.example.com",
        scenes: [
            {
                block: "curl --fail",
                before: `
mkdir -p /etc/docker/certs.d/docker.example.com
pulumi stack output caCertificatePem > /etc/docker/certs.d/docker.example.com/ca.crt
pulumi stack output --show-secrets passwords | node -p 'JSON.parse(fs.readFileSync(0, "utf8")).admin' |
    docker login --username admin --password-stdin docker.example.com
docker tag alpine docker.example.com/team/alpine
docker push docker.example.com/team/alpine`,
            },
            // The block before has deleted the tag.
            { block: "skopeo delete", before: "docker push docker.example.com/team/alpine" },
        ],
    },
    "docs/ownership.md": {
        // The deployment is there, and its state is lost.
        before: `npm run up
rm -rf ~/.local/share/private-registry
fresh
sed -i /^encryptionsalt:/d Pulumi.dev.yaml
shell
! pulumi up --skip-preview`,
    },
    "docs/retention.md": {
        before: "shell; image alpine; pulumi config set domain docker.example.com; npm run up",
        scenes: [
            {
                block: "npm run delete",
                before: `
mkdir -p /etc/docker/certs.d/docker.example.com
pulumi stack output caCertificatePem > /etc/docker/certs.d/docker.example.com/ca.crt
pulumi stack output --show-secrets passwords | node -p 'JSON.parse(fs.readFileSync(0, "utf8")).admin' |
    docker login --username admin --password-stdin docker.example.com
for name in team/app:pr-640 team/app:latest team/old:1; do
    docker tag alpine docker.example.com/$name
    docker push docker.example.com/$name
done`,
            },
        ],
    },
    "docs/slow-networks.md": { before: "shell" },
    "docs/schedule.md": DEPLOYED,
    "docs/sync.md": {
        // Docker Hub is a registry of this machine, as for the mirrors, with an image of that name.
        before: `shell
certificate registry-1.docker.io ../hub-ca.crt ../hub.crt ../hub.key
docker create --name hub --network host --env REGISTRY_HTTP_ADDR=${OTHER}:443 --env OTEL_TRACES_EXPORTER=none \\
    --env REGISTRY_HTTP_TLS_CERTIFICATE=/hub.crt --env REGISTRY_HTTP_TLS_KEY=/hub.key registry:3.1.2
docker cp ../hub.crt hub:/hub.crt
docker cp ../hub.key hub:/hub.key
docker start hub
image alpine
skopeo copy --insecure-policy --dest-tls-verify=false docker-daemon:alpine:latest docker://${OTHER}/library/alpine:3
pulumi config set bindAddress ${MACHINE}
pulumi config set domain docker.example.com
pulumi config set --path 'extraHosts["registry-1.docker.io"]' ${OTHER}
pulumi config set --path 'sync.registries["docker.io"].ca' ../hub-ca.crt
npm run up
cp ../hub-ca.crt other-ca.crt`,
    },
    "docs/state.md": { before: "" },
    "docs/storage.md": {
        before: "shell; certificate s3.example.com store-ca.crt ../store.crt ../store.key",
        scenes: [
            { block: "storage.azure.accountName", before: "fresh" },
            {
                block: "storage.gcs.bucket",
                before: `fresh
printf '{"type":"service_account","project_id":"p","private_key_id":"k","private_key":%s,"client_email":"a@p.iam.gserviceaccount.com"}' \\
    "$(openssl genrsa 2048 2> /dev/null | node -p 'JSON.stringify(fs.readFileSync(0, "utf8"))')" > service-account.json`,
            },
            { block: "cache.valkey.memoryMb", before: "fresh" },
            { block: "tls.off", before: "fresh; mkdir -p /opt/data/registry" },
        ],
    },
    "docs/upgrade.md": DEPLOYED,
    "docs/systemd.md": { before: "shell" },
};
