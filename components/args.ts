// Written by `npm run generate` from the options' own definitions.
import type * as pulumi from "@pulumi/pulumi";

/** Arguments of PrivateRegistry. */
export interface PrivateRegistryArgs {
    /**
     * Host name by which clients reach the registry. Must be a host name (RFC 1123) or an IP address of one machine, without scheme, port or path.
     * @example "docker.example.com"
     */
    domain: pulumi.Input<string>;
    /**
     * Further DNS names in the site certificate. Must be a list of host names.
     * @default none
     * @example ["registry.example.com"]
     */
    dnsNames?: pulumi.Input<pulumi.Input<string>[]> | undefined;
    /**
     * Further IP addresses in the site certificate. Must be a list of IP addresses.
     * @default none
     * @example ["192.0.2.10"]
     */
    ipAddresses?: pulumi.Input<pulumi.Input<string>[]> | undefined;
    /**
     * Port of the Docker host. Must be a whole number from 1 to 65535.
     * @default 443, or 5000 without TLS
     * @example 8443
     */
    port?: pulumi.Input<number> | undefined;
    /**
     * Address of the Docker host on which the port opens. Must be an IP address of the Docker host.
     * @default 0.0.0.0
     * @example "127.0.0.1"
     */
    bindAddress?: pulumi.Input<string> | undefined;
    /**
     * URL that the registry writes into its Location headers (http.host). Must be an http:// or https:// URL.
     * @default relative URLs, right under every name
     * @example "https://docker.example.com"
     */
    externalUrl?: pulumi.Input<string> | undefined;
    /**
     * The certificate that the registry shows. false: plain HTTP, for a closed network. Must be an object of one of ownCa, files, acme, secret and off, or false.
     * @example {"ownCa":{"keyAlgorithm":"RSA-4096"}}
     */
    tls?: TlsArgs | boolean | undefined;
    /**
     * false: no users, anyone who reaches the port may push and delete. Must be true or false.
     * @default true
     * @example true
     */
    auth?: boolean | undefined;
    /**
     * Realm of the login (RFC 7617). Must be printable ASCII characters.
     * @default basic-realm
     * @example "basic-realm"
     */
    realm?: pulumi.Input<string> | undefined;
    /**
     * User name → one of password, generate: true, bcryptHash. Must be an object of user names, each with one of password, generate, bcryptHash.
     * @default none
     * @example {"admin":{"generate":true}}
     */
    users?: Record<string, UsersItemArgs> | undefined;
    /**
     * Cost of the hash of given passwords; each step doubles the time of every request's check. Must be a whole number from 4 to 14.
     * @default 10
     * @example 10
     */
    bcryptCost?: pulumi.Input<number> | undefined;
    /**
     * An nginx before the registry, which checks passwords once, bounds guessing and flooding, knows roles, and serves further sites. false: none. Must be an object (front.*), true or false.
     * @default an nginx, where it can be (docs/front.md)
     * @example {"cacheSeconds":60}
     */
    front?: FrontArgs | boolean | undefined;
    /**
     * Numbers for Prometheus: of the registry, of the front, of certificates, disk and commands (docs/monitoring.md). Takes the front. Must be an object (metrics.*), true or false.
     * @default none
     * @example {"port":9145}
     */
    metrics?: MetricsArgs | boolean | undefined;
    /**
     * Name of the registry container. Must be a Docker container name (letters, digits, _ . -).
     * @default PROJECT-STACK
     * @example "registry"
     */
    containerName?: string | undefined;
    /**
     * Registry image, CNCF Distribution 3.1.1 or newer. Must be an image reference.
     * @default registry:3.1.2
     * @example "registry:3.1.2"
     */
    image?: pulumi.Input<string> | undefined;
    /**
     * Memory limit of the registry container, MiB. Must be a whole number from 64.
     * @default 512
     * @example 512
     */
    memoryMb?: pulumi.Input<number> | undefined;
    /**
     * CPU limit of the registry container. Must be a number above 0.
     * @default none
     * @example 1.5
     */
    cpus?: pulumi.Input<number> | undefined;
    /**
     * Which secret by which the registry knows its own uploads (http.secret), counted from 1: another number makes another one. Must be a whole number from 1 to 9999.
     * @default 1
     * @example 2
     */
    httpSecretGeneration?: number | undefined;
    /**
     * Where the images lie: in a volume or folder of the Docker host, or in a store elsewhere. Must be an object of one of volume, folder, s3, azure and gcs.
     * @example {"volume":"registry-data"}
     */
    storage?: StorageArgs | undefined;
    /**
     * Where the registry keeps what it knows of blobs. Must be an object of valkey.
     * @default its own memory
     * @example {"valkey":true}
     */
    cache?: CacheArgs | undefined;
    /**
     * `pulumi destroy` leaves the data volume. To remove it: set false, `pulumi up`, `pulumi destroy`. Must be true or false.
     * @default true
     * @example false
     */
    keepData?: boolean | undefined;
    /**
     * Images and tags may be deleted (storage.delete.enabled). Must be true or false.
     * @default true
     * @example true
     */
    deleteEnabled?: pulumi.Input<boolean> | undefined;
    /**
     * How long an upload that nobody finished is kept (storage.maintenance.uploadpurging.age). Must be a number with m or h.
     * @default a week, as the registry has it
     * @example "24h"
     */
    uploadsKept?: pulumi.Input<string> | undefined;
    /**
     * Log level of the registry. Must be error, warn, info or debug.
     * @default info; behind a front, whose log has each request, warn
     * @example "info"
     */
    logLevel?: pulumi.Input<"error" | "warn" | "info" | "debug"> | undefined;
    /**
     * Log format of the registry. Must be text, json or logstash.
     * @default text
     * @example "json"
     */
    logFormat?: pulumi.Input<"text" | "json" | "logstash"> | undefined;
    /**
     * Fields added to each log line. Must be an object of strings.
     * @default service registry, environment STACK
     * @example {"environment":"production"}
     */
    logFields?: pulumi.Input<Record<string, pulumi.Input<string>>> | undefined;
    /**
     * Access log in Apache's combined format as well. Must be true or false.
     * @default false
     * @example true
     */
    accessLog?: pulumi.Input<boolean> | undefined;
    /**
     * HTTP headers of every answer. Must be an object of header names, each with a list of values.
     * @default {"X-Content-Type-Options":["nosniff"]}
     * @example {"X-Frame-Options":["DENY"]}
     */
    headers?: pulumi.Input<Record<string, pulumi.Input<pulumi.Input<string>[]>>> | undefined;
    /**
     * The registry's check of its own storage. Must be an object of enabled, interval, threshold.
     * @example {"interval":"10s"}
     */
    health?: HealthArgs | undefined;
    /**
     * Name → server that is told of pushes and deletions (docs/audit.md). Must be an object of names (letters, digits, _ . -), each with a url.
     * @default none
     * @example {"ci":{"url":"https://ci.example.com/registry"}}
     */
    notifications?: Record<string, NotificationsItemArgs> | undefined;
    /**
     * Any further option of the registry's config.yml, merged last. Must be an object, without the options that have one of their own.
     * @default none
     * @example {"catalog":{"maxentries":5000}}
     */
    registryConfig?: Record<string, unknown> | undefined;
    /**
     * Docker Engine to deploy to. Must be a URL that begins with unix://, tcp://, ssh:// or npipe://.
     * @default DOCKER_HOST, the current docker context, the local socket
     * @example "ssh://root@docker.example.com"
     */
    dockerHost?: pulumi.Input<string> | undefined;
    /**
     * What another deployment made and this one takes over: identities of lost deployments, or names of Docker objects (docs/ownership.md). Must be a list of identities and of names of Docker objects.
     * @default none
     * @example ["0123456789abcdef0123456789abcdef"]
     */
    adopt?: pulumi.Input<pulumi.Input<string>[]> | undefined;
    /**
     * docker: a container. kubernetes: pods of a cluster (docs/kubernetes.md). systemd: no Docker at all, `npm run export` makes the files for a host that has none. Must be docker, kubernetes or systemd.
     * @default docker
     * @example "systemd"
     */
    target?: "docker" | "kubernetes" | "systemd" | undefined;
    /**
     * Start of the name of every Docker object. Must be a Docker container name (letters, digits, _ . -).
     * @default the component's name
     * @example "registry"
     */
    prefix?: string | undefined;
    /**
     * A text that no other stack has and that outlives `pulumi destroy`: by it kept data is known again. Must be a string.
     * @default what Pulumi wrote into the stack's file
     * @example "v1:Zm9v"
     */
    stackKey?: string | undefined;
    /**
     * The cluster of target kubernetes, and how the registry runs there (docs/kubernetes.md). Must be an object (kubernetes.*).
     * @example {"replicas":3}
     */
    kubernetes?: KubernetesArgs | boolean | undefined;
    /**
     * HTTP proxy of a network whose only way out it is (docs/mirrors.md). Must be an object of http, https and none.
     * @example {"https":"http://proxy.example.com:3128"}
     */
    proxy?: ProxyArgs | undefined;
    /**
     * Host name → IP address, for names that containers look up and no name server knows. Must be an object of host names, each with an IP address.
     * @default none
     * @example {"store.example.com":"192.0.2.20"}
     */
    extraHosts?: pulumi.Input<Record<string, pulumi.Input<string>>> | undefined;
    /**
     * Name servers of the containers. Must be a list of IP addresses.
     * @default those of the Docker host
     * @example ["192.0.2.53"]
     */
    dnsServers?: pulumi.Input<pulumi.Input<string>[]> | undefined;
    /**
     * Pull-through caches: name → upstream and port (docs/mirrors.md). Must be an object of names, each with an object of upstream, port and what docs/mirrors.md tells.
     * @default none
     * @example {"hub":{"upstream":"https://registry-1.docker.io"}}
     */
    mirrors?: Record<string, MirrorsItemArgs> | undefined;
    /**
     * Sonatype Nexus 3 beside the registry (docs/nexus.md). Must be an object (nexus.*).
     * @default none
     * @example {"acceptEula":true}
     */
    nexus?: NexusArgs | boolean | undefined;
    /**
     * Backups by `npm run backup` (docs/backup.md). Must be an object (backup.*).
     * @default none
     * @example {"repository":"/srv/backup","password":"PASSWORD"}
     */
    backup?: BackupArgs | undefined;
}

/** Backups by `npm run backup` (docs/backup.md). */
export interface BackupArgs {
    /**
     * Where the backups go: a restic repository, which the first backup makes. Must be an absolute path of the Docker host without a colon, or a repository of restic's (sftp:, rest:, s3:, b2:, azure:, gs:, swift:, rclone:).
     * @example "/srv/backup"
     */
    repository: pulumi.Input<string>;
    /**
     * Password of the repository, by which all in it is encrypted; without a copy of it no backup can be read. Must be a string. Kept as a secret.
     * @example "PASSWORD"
     */
    password: pulumi.Input<string>;
    /**
     * Variables by which restic logs in to the repository, such as AWS_ACCESS_KEY_ID. Must be an object of variables, without RESTIC_REPOSITORY and RESTIC_PASSWORD. Kept as a secret.
     * @default none
     * @example {"AWS_ACCESS_KEY_ID":"KEY","AWS_SECRET_ACCESS_KEY":"SECRET"}
     */
    environment?: pulumi.Input<Record<string, pulumi.Input<string>>> | undefined;
    /**
     * Private key without a passphrase, by which an sftp: repository is reached. Must be PEM text. Kept as a secret.
     * @default none; an sftp: repository needs it
     * @example "-----BEGIN …"
     */
    sshKey?: pulumi.Input<string> | undefined;
    /**
     * Lines of known_hosts by which the server of an sftp: repository is known (ssh-keyscan). Must be lines of a known_hosts file.
     * @default none; an sftp: repository needs it
     * @example "backup.example.com ssh-ed25519 KEY"
     */
    knownHosts?: pulumi.Input<string> | undefined;
    /**
     * Certificate authority of the repository's server. Must be PEM text.
     * @default those that everyone trusts
     * @example "-----BEGIN …"
     */
    ca?: pulumi.Input<string> | undefined;
    /**
     * How many backups are kept; the last three always. Must be an object of daily, weekly, monthly.
     * @example {"daily":14}
     */
    keep?: BackupKeepArgs | undefined;
    /**
     * The backup has the passphrase of the stack's secrets too: then its own password alone brings everything back. Must be true or false.
     * @default false
     * @example true
     */
    escrow?: pulumi.Input<boolean> | undefined;
    /**
     * Image of restic, 0.14 or newer. Must be an image reference.
     * @default restic/restic:0.18.1
     * @example "restic/restic:0.18.1"
     */
    image?: pulumi.Input<string> | undefined;
}

/** How many backups are kept; the last three always. */
export interface BackupKeepArgs {
    /**
     * Backups that are kept, the last one of a day each. Must be a whole number from 0.
     * @default 7
     * @example 7
     */
    daily?: pulumi.Input<number> | undefined;
    /**
     * Backups that are kept, the last one of a week each. Must be a whole number from 0.
     * @default 5
     * @example 5
     */
    weekly?: pulumi.Input<number> | undefined;
    /**
     * Backups that are kept, the last one of a month each. Must be a whole number from 0.
     * @default 12
     * @example 12
     */
    monthly?: pulumi.Input<number> | undefined;
}

/** Sonatype Nexus 3 beside the registry (docs/nexus.md). */
export interface NexusArgs {
    /**
     * You accept the licence of Nexus, https://links.sonatype.com/products/nxrm/ce-eula; nothing is made without. Must be true or false.
     * @default false
     * @example true
     */
    acceptEula?: boolean | undefined;
    /**
     * Name under which a front shows Nexus. Must be a host name.
     * @default nexus.DOMAIN
     * @example "nexus.example.com"
     */
    domain?: pulumi.Input<string> | undefined;
    /**
     * Image of Nexus; docs/nexus.md says which versions fit. Must be an image reference.
     * @default sonatype/nexus3:3.94.0
     * @example "sonatype/nexus3:3.94.0"
     */
    image?: pulumi.Input<string> | undefined;
    /**
     * Port of 127.0.0.1 of the Docker host, for the REST API and the UI. Must be a whole number from 1 to 65535.
     * @default 8081
     * @example 18081
     */
    port?: pulumi.Input<number> | undefined;
    /**
     * Where this machine reaches that port, for an Engine on another one. Must be an http:// or https:// URL.
     * @default http://127.0.0.1:PORT
     * @example "http://127.0.0.1:18081"
     */
    apiUrl?: pulumi.Input<string> | undefined;
    /**
     * Heap of Java, MiB. Must be a whole number from 512.
     * @default 2703
     * @example 4096
     */
    heapMb?: pulumi.Input<number> | undefined;
    /**
     * Direct memory of Java; the container may use heap + direct memory + 768, MiB. Must be a whole number from 512.
     * @default 2703
     * @example 4096
     */
    directMemoryMb?: pulumi.Input<number> | undefined;
    /**
     * Files that Nexus may open; 0 leaves it to the Engine, which may have no right to so many. Must be a whole number from 0.
     * @default 65536
     * @example 0
     */
    openFiles?: number | undefined;
    /**
     * Password of the user admin. Must be a string of 8 characters or more. Kept as a secret.
     * @default 24 random characters, shown by `pulumi stack output --show-secrets nexusAdminPassword`
     * @example "a long password"
     */
    adminPassword?: pulumi.Input<string> | undefined;
    /**
     * Anyone who reaches Nexus may read every repository. Must be true or false.
     * @default false
     * @example true
     */
    anonymous?: pulumi.Input<boolean> | undefined;
    /**
     * The Docker repositories of Nexus. Must be an object (nexus.docker.*).
     * @example {"routing":"ports"}
     */
    docker?: NexusDockerArgs | undefined;
    /**
     * Hosted repositories of Nexus for Maven, Yum and PyPI: name → format and options. Must be an object of names (letters, digits, _ . -), each with a format.
     * @default none
     * @example {"releases":{"format":"maven"}}
     */
    repositories?: Record<string, NexusRepositoriesItemArgs> | undefined;
    /**
     * The cleanup policy of all hosted and proxy repositories. Must be an object of unusedDays and olderThanDays.
     * @default none
     * @example {"unusedDays":90}
     */
    cleanup?: NexusCleanupArgs | undefined;
    /**
     * When Nexus gives space back. Must be an object of dockerGc and compact.
     * @example {"compact":"0 0 3 * * ?"}
     */
    schedule?: NexusScheduleArgs | undefined;
}

/** When Nexus gives space back. */
export interface NexusScheduleArgs {
    /**
     * When unused layers of docker-hosted are deleted, UTC. Must be a Quartz cron expression, of which the day of the month or the day of the week is ?.
     * @default 0 0 1 * * ?
     * @example "0 0 1 * * ?"
     */
    dockerGc?: pulumi.Input<string> | undefined;
    /**
     * When the space of all that was deleted is given back, UTC. Must be a Quartz cron expression, of which the day of the month or the day of the week is ?.
     * @default 0 0 3 * * ?
     * @example "0 0 3 * * ?"
     */
    compact?: pulumi.Input<string> | undefined;
}

/** The cleanup policy of all hosted and proxy repositories. */
export interface NexusCleanupArgs {
    /**
     * What nobody downloaded for so long is deleted, days. Must be a whole number from 1 to 24855.
     * @example 90
     */
    unusedDays?: pulumi.Input<number> | undefined;
    /**
     * What was uploaded so long ago is deleted; with unusedDays both must hold, days. Must be a whole number from 1 to 24855.
     * @example 90
     */
    olderThanDays?: pulumi.Input<number> | undefined;
}

/** Arguments of PrivateRegistry. */
export interface NexusRepositoriesItemArgs {
    /**
     * Format of the hosted repository NAME. Must be maven, yum or pypi.
     * @example "maven"
     */
    format: "maven" | "yum" | "pypi";
    /**
     * Whether what is there may be replaced. Must be allow, allow_once or deny.
     * @default allow_once
     * @example "allow"
     */
    writePolicy?: pulumi.Input<"allow" | "allow_once" | "deny"> | undefined;
    /**
     * Of a maven repository: which versions it takes. Must be RELEASE, SNAPSHOT or MIXED.
     * @default MIXED
     * @example "RELEASE"
     */
    versionPolicy?: pulumi.Input<"RELEASE" | "SNAPSHOT" | "MIXED"> | undefined;
    /**
     * Of a yum repository: depth of the folders that have metadata of their own. Must be a whole number from 0 to 5.
     * @default 0
     * @example 1
     */
    repodataDepth?: pulumi.Input<number> | undefined;
}

/** The Docker repositories of Nexus. */
export interface NexusDockerArgs {
    /**
     * Repository docker-hosted, for images of your own. Must be true or false.
     * @default true
     * @example false
     */
    hosted?: boolean | undefined;
    /**
     * Repository docker-proxy, a cache of nexus.docker.upstream. Must be true or false.
     * @default true
     * @example false
     */
    proxy?: boolean | undefined;
    /**
     * What docker-proxy caches: Docker Hub, or a mirror of the kit. Must be an http:// or https:// URL.
     * @default https://registry-1.docker.io
     * @example "https://mirror.example.com"
     */
    upstream?: pulumi.Input<string> | undefined;
    /**
     * Repository docker-group, hosted and proxy under one name. Must be true or false.
     * @default true
     * @example false
     */
    group?: boolean | undefined;
    /**
     * path: NEXUS/docker-hosted/image. ports: each Docker repository on a connector of its own, 8082 to 8084 of the container, for a front to proxy. Must be path or ports.
     * @default path
     * @example "ports"
     */
    routing?: "path" | "ports" | undefined;
    /**
     * Whether a tag of docker-hosted may be replaced. Must be allow, allow_once or deny.
     * @default allow
     * @example "allow_once"
     */
    writePolicy?: pulumi.Input<"allow" | "allow_once" | "deny"> | undefined;
}

/** Arguments of PrivateRegistry. */
export interface MirrorsItemArgs {
    /**
     * The registry that is mirrored; Docker Hub is https://registry-1.docker.io. Must be an http:// or https:// URL of a registry, without a path.
     * @example "https://registry-1.docker.io"
     */
    upstream: pulumi.Input<string>;
    /**
     * Login at the upstream. Whoever reaches the mirror can pull what this user can read. Must be a user name.
     * @default none
     * @example "robot"
     */
    username?: pulumi.Input<string> | undefined;
    /**
     * Password or token of that user. Must be a password or token. Kept as a secret.
     * @example "the password"
     */
    password?: pulumi.Input<string> | undefined;
    /**
     * CA of the upstream's certificate, where it is no public one. Must be PEM text.
     * @example "-----BEGIN …"
     */
    ca?: pulumi.Input<string> | undefined;
    /**
     * How long an image is kept after it was fetched; 0 keeps it for ever. Must be a whole number with s, m or h, or 0.
     * @default 168h
     * @example "168h"
     */
    ttl?: pulumi.Input<string> | undefined;
    /**
     * Port of the Docker host at which the mirror listens. Must be a whole number from 1 to 65535, another one than the registry's and each other mirror's.
     * @default the front's, under mirrors.NAME.domain
     * @example 5443
     */
    port?: number | undefined;
    /**
     * Name under which the front publishes a mirror without a port. Must be a host name.
     * @default NAME.DOMAIN
     * @example "mirror.example.com"
     */
    domain?: pulumi.Input<string> | undefined;
    /**
     * Address of the Docker host on which the mirror's port opens. Must be an IP address of the Docker host.
     * @default bindAddress
     * @example "127.0.0.1"
     */
    bindAddress?: pulumi.Input<string> | undefined;
    /**
     * The front sends what is cached from the mirror's files itself, which is faster; such a mirror comes and goes with a new container of the front (docs/mirrors.md). Must be true or false.
     * @default false
     * @example true
     */
    blobsFromDisk?: boolean | undefined;
    /**
     * Named volume that holds the cache. Must be a Docker volume name (letters, digits, _ . -).
     * @default PROJECT-STACK-mirror-NAME-data
     * @example "hub-cache"
     */
    volume?: string | undefined;
    /**
     * Folder of the Docker host that holds the cache, instead of a named volume. Must be an absolute path of the Docker host without a colon.
     * @example "/opt/data/hub-cache"
     */
    folder?: string | undefined;
    /**
     * Of target kubernetes: how much the cache may take. Must be a whole number with Mi, Gi or Ti.
     * @default 20Gi
     * @example "100Gi"
     */
    size?: pulumi.Input<string> | undefined;
    /**
     * Of target kubernetes: StorageClass of a PersistentVolumeClaim that holds the cache, so that it outlives its pod. Must be the name of a StorageClass.
     * @default none: the cache lies on the disk of its pod's node, and goes with the pod
     * @example "standard"
     */
    storageClass?: string | undefined;
    /**
     * The cache's volume or claim outlives the mirror. Must be true or false.
     * @default keepData
     * @example false
     */
    keepData?: boolean | undefined;
    /**
     * Memory limit of the mirror's container, MiB. Must be a whole number from 64.
     * @default 256
     * @example 256
     */
    memoryMb?: pulumi.Input<number> | undefined;
    /**
     * CPU limit of the mirror's container. Must be a number above 0.
     * @default none
     * @example 1.5
     */
    cpus?: pulumi.Input<number> | undefined;
}

/** HTTP proxy of a network whose only way out it is (docs/mirrors.md). */
export interface ProxyArgs {
    /**
     * Proxy through which mirrors, registry and stores are reached at http:// URLs. Must be an http://, https:// or socks5:// URL of a host and port, with a login where it needs one. Kept as a secret.
     * @example "http://proxy.example.com:3128"
     */
    http?: pulumi.Input<string> | undefined;
    /**
     * Proxy through which mirrors, registry and stores are reached at https:// URLs. Must be an http://, https:// or socks5:// URL of a host and port, with a login where it needs one. Kept as a secret.
     * @example "http://proxy.example.com:3128"
     */
    https?: pulumi.Input<string> | undefined;
    /**
     * What is reached without the proxy; localhost always is. Must be a list of names, domains (.example.com), IP addresses and networks (10.0.0.0/8).
     * @default none
     * @example [".example.com"]
     */
    none?: pulumi.Input<pulumi.Input<string>[]> | undefined;
}

/** The cluster of target kubernetes, and how the registry runs there (docs/kubernetes.md). */
export interface KubernetesArgs {
    /**
     * Context of the kubeconfig. Must be the name of a context.
     * @default the current one, as kubectl has it
     * @example "production"
     */
    context?: pulumi.Input<string> | undefined;
    /**
     * A kubeconfig, its text. Must be the text of a kubeconfig. Kept as a secret.
     * @default KUBECONFIG, or ~/.kube/config
     * @example "apiVersion: v1"
     */
    kubeconfig?: pulumi.Input<string> | undefined;
    /**
     * Namespace, which must exist. Must be the name of a namespace: up to 63 small letters, digits and hyphens.
     * @default default
     * @example "registry"
     */
    namespace?: pulumi.Input<string> | undefined;
    /**
     * Pods that serve at once. Must be a whole number from 1 to 100.
     * @default 2
     * @example 3
     */
    replicas?: number | undefined;
    /**
     * Pods come and go by the load (a HorizontalPodAutoscaler, which needs metrics-server), in place of replicas. Must be an object of min, max and cpuPercent, or true.
     * @default as many as replicas says
     * @example {"max":20}
     */
    autoscale?: KubernetesAutoscaleArgs | boolean | undefined;
    /**
     * How clients outside reach it: loadBalancer: an address that the cluster's provider gives. nodePort: `port` of every node. clusterIP: not at all, and what stands before it passes TLS on. ingress: an Ingress. gateway: a route of the Gateway that kubernetes.gateway names. Must be one of loadBalancer, nodePort, clusterIP, ingress, gateway.
     * @default loadBalancer
     * @example "nodePort"
     */
    expose?: "loadBalancer" | "nodePort" | "clusterIP" | "ingress" | "gateway" | undefined;
    /**
     * Annotations of the Service, and of the Ingress, by which providers of addresses and controllers are told what to do. Must be an object of names, each with a text.
     * @default none
     * @example {"metallb.io/address-pool":"internal"}
     */
    annotations?: pulumi.Input<Record<string, pulumi.Input<string>>> | undefined;
    /**
     * IngressClass of expose ingress. Must be the name of an IngressClass.
     * @default the cluster's own
     * @example "nginx"
     */
    ingressClass?: pulumi.Input<string> | undefined;
    /**
     * The Gateway of expose gateway, which must exist: a listener of it ends TLS for the domain, with a certificate of its own. Must be an object of name, namespace, listener and ca.
     * @default none
     * @example {"name":"public","namespace":"gateways"}
     */
    gateway?: KubernetesGatewayArgs | undefined;
    /**
     * ServiceAccount of the pods, which must exist: of a cloud's role for its store. Must be the name of a ServiceAccount.
     * @default default, and no token is mounted
     * @example "registry"
     */
    serviceAccount?: pulumi.Input<string> | undefined;
    /**
     * The PersistentVolumeClaim with the images, where storage names no store elsewhere. Must be an object of size, storageClass and accessMode.
     * @example {"size":"500Gi","storageClass":"nfs"}
     */
    claim?: KubernetesClaimArgs | undefined;
    /**
     * Image of rclone, with which `npm run retain`, `delete` and `backup` read a store elsewhere. Must be an image reference.
     * @default rclone/rclone:1.69.1
     * @example "mirror.example.com/rclone/rclone:1.69.1"
     */
    rcloneImage?: pulumi.Input<string> | undefined;
    /**
     * Namespaces that get a Secret for imagePullSecrets, named as the Deployment: of the first user of role pull. Must be a list of names of namespaces.
     * @default none
     * @example ["team-a"]
     */
    pullSecrets?: pulumi.Input<string>[] | undefined;
    /**
     * Each node's containerd trusts the registry and asks its mirrors: a DaemonSet writes hosts.toml and the CA on it, and takes them back on destroy. Must be an object of namespace and folder, or true.
     * @default none
     * @example true
     */
    trustNodes?: KubernetesTrustNodesArgs | boolean | undefined;
    /**
     * A ServiceMonitor of the Prometheus Operator, which asks each pod with the login of the first user of role metrics. Must be an object of labels, or true.
     * @default none
     * @example true
     */
    serviceMonitor?: KubernetesServiceMonitorArgs | boolean | undefined;
    /**
     * A PrometheusRule of the Prometheus Operator, with the alerts of docs/monitoring.md. Must be an object of labels, or true.
     * @default none
     * @example true
     */
    prometheusRule?: KubernetesServiceMonitorArgs | boolean | undefined;
}

/** A ServiceMonitor of the Prometheus Operator, which asks each pod with the login of the first user of role metrics. */
export interface KubernetesServiceMonitorArgs {
    /**
     * Further labels, by which the operator's Prometheus selects what is its own. Must be an object of names, each with a text.
     * @default none
     * @example {"release":"prometheus"}
     */
    labels?: pulumi.Input<Record<string, pulumi.Input<string>>> | undefined;
}

/** Each node's containerd trusts the registry and asks its mirrors: a DaemonSet writes hosts.toml and the CA on it, and takes them back on destroy. */
export interface KubernetesTrustNodesArgs {
    /**
     * Namespace of its pods, which must let them have a folder of the nodes. Must be the name of a namespace: up to 63 small letters, digits and hyphens.
     * @default kube-system
     * @example "registry-nodes"
     */
    namespace?: pulumi.Input<string> | undefined;
    /**
     * Folder of the nodes that their containerd reads (config_path). Must be an absolute path without a colon.
     * @default /etc/containerd/certs.d
     * @example "/etc/containerd/certs.d"
     */
    folder?: pulumi.Input<string> | undefined;
}

/** The PersistentVolumeClaim with the images, where storage names no store elsewhere. */
export interface KubernetesClaimArgs {
    /**
     * How much the claim asks for. Must be a whole number with Mi, Gi or Ti.
     * @default 100Gi
     * @example "500Gi"
     */
    size?: pulumi.Input<string> | undefined;
    /**
     * Its StorageClass. Must be the name of a StorageClass.
     * @default the cluster's own
     * @example "nfs"
     */
    storageClass?: pulumi.Input<string> | undefined;
    /**
     * How pods may mount it: several replicas need ReadWriteMany, since each may run on a node of its own. Must be ReadWriteMany or ReadWriteOnce.
     * @default ReadWriteMany
     * @example "ReadWriteOnce"
     */
    accessMode?: "ReadWriteMany" | "ReadWriteOnce" | undefined;
}

/** The Gateway of expose gateway, which must exist: a listener of it ends TLS for the domain, with a certificate of its own. */
export interface KubernetesGatewayArgs {
    /**
     * Its name. Must be the name of a Gateway.
     * @example "public"
     */
    name: pulumi.Input<string>;
    /**
     * Its namespace, whose listener must let routes of this one in (allowedRoutes). Must be the name of a namespace: up to 63 small letters, digits and hyphens.
     * @default the registry's
     * @example "gateways"
     */
    namespace?: pulumi.Input<string> | undefined;
    /**
     * Its listener. Must be the name of a listener.
     * @default each that takes the domain
     * @example "https"
     */
    listener?: pulumi.Input<string> | undefined;
    /**
     * CA that signed the listener's certificate, where not everyone trusts it: clients are told to. Must be PEM text.
     * @example "-----BEGIN …"
     */
    ca?: pulumi.Input<string> | undefined;
}

/** Pods come and go by the load (a HorizontalPodAutoscaler, which needs metrics-server), in place of replicas. */
export interface KubernetesAutoscaleArgs {
    /**
     * Pods at the least. Must be a whole number from 1 to 100.
     * @default 2
     * @example 3
     */
    min?: number | undefined;
    /**
     * Pods at the most. Must be a whole number from 1 to 100, not less than min.
     * @default 10
     * @example 20
     */
    max?: number | undefined;
    /**
     * What a pod takes on average when another one comes, in percent of a core. Must be a whole number from 10 to 1600.
     * @default 70
     * @example 150
     */
    cpuPercent?: pulumi.Input<number> | undefined;
}

/** Arguments of PrivateRegistry. */
export interface NotificationsItemArgs {
    /**
     * Where events are posted, as the registry's container reaches it. Must be an http:// or https:// URL. Kept as a secret.
     * @example "https://ci.example.com/registry"
     */
    url: pulumi.Input<string>;
    /**
     * HTTP headers that go with them, such as a token. Must be an object of header names, each with a list of values. Kept as a secret.
     * @default none
     * @example {"Authorization":["Bearer TOKEN"]}
     */
    headers?: pulumi.Input<Record<string, pulumi.Input<pulumi.Input<string>[]>>> | undefined;
    /**
     * What is told. Must be a list of push, pull, mount and delete.
     * @default ["push","delete"]
     * @example ["push"]
     */
    events?: pulumi.Input<pulumi.Input<"push" | "pull" | "mount" | "delete">[]> | undefined;
    /**
     * Layers are told too, not images alone. Must be true or false.
     * @default false
     * @example true
     */
    layers?: pulumi.Input<boolean> | undefined;
    /**
     * How long an answer is waited for. Must be a number with ms, s or m.
     * @default 5s
     * @example "5s"
     */
    timeout?: pulumi.Input<string> | undefined;
    /**
     * Failures after which it is left alone for a while. Must be a whole number from 1.
     * @default 5
     * @example 5
     */
    threshold?: pulumi.Input<number> | undefined;
    /**
     * How long that is. Events wait in the registry's memory until then. Must be a number with ms, s or m.
     * @default 10s
     * @example "10s"
     */
    backoff?: pulumi.Input<string> | undefined;
}

/** The registry's check of its own storage. */
export interface HealthArgs {
    /**
     * The registry watches its storage, and answers 503 when it fails. Must be true or false.
     * @default true
     * @example true
     */
    enabled?: pulumi.Input<boolean> | undefined;
    /**
     * Time between two checks of the storage. Must be a number with ms, s, m or h.
     * @default 10s
     * @example "10s"
     */
    interval?: pulumi.Input<string> | undefined;
    /**
     * Failures in a row that make the storage unhealthy. Must be a whole number from 1.
     * @default 3
     * @example 3
     */
    threshold?: pulumi.Input<number> | undefined;
}

/** Where the registry keeps what it knows of blobs. */
export interface CacheArgs {
    /**
     * A Valkey beside the registry, which outlives its restarts. Must be an object of image and memoryMb, or true.
     * @example true
     */
    valkey?: CacheValkeyArgs | boolean | undefined;
}

/** A Valkey beside the registry, which outlives its restarts. */
export interface CacheValkeyArgs {
    /**
     * Image of the cache: Valkey, or Redis 6.2 or newer. Must be an image reference.
     * @default valkey/valkey:8.1
     * @example "valkey/valkey:8.1"
     */
    image?: pulumi.Input<string> | undefined;
    /**
     * What the cache may hold; then what was used longest ago goes, MiB. Must be a whole number from 16.
     * @default 64
     * @example 64
     */
    memoryMb?: pulumi.Input<number> | undefined;
}

/** Where the images lie: in a volume or folder of the Docker host, or in a store elsewhere. */
export interface StorageArgs {
    /**
     * Named volume that holds the images. Must be a Docker volume name (letters, digits, _ . -).
     * @default PROJECT-STACK-data
     * @example "registry-data"
     */
    volume?: string | undefined;
    /**
     * Folder of the Docker host that holds the images, instead of a named volume. Must be an absolute path of the Docker host without a colon.
     * @example "/opt/data/registry"
     */
    folder?: string | undefined;
    /**
     * Clients fetch blobs from the store itself, which they must reach and trust; else through the registry. Must be true or false.
     * @default false
     * @example true
     */
    redirect?: pulumi.Input<boolean> | undefined;
    /**
     * Amazon S3, Ceph, MinIO or whatever else speaks S3 holds the images. Must be an object (storage.s3.*).
     * @example {"bucket":"registry-images"}
     */
    s3?: StorageS3Args | boolean | undefined;
    /**
     * Azure Blob Storage holds the images. Must be an object (storage.azure.*).
     * @example {"container":"registry-images"}
     */
    azure?: StorageAzureArgs | boolean | undefined;
    /**
     * Google Cloud Storage holds the images. Must be an object (storage.gcs.*).
     * @example {"bucket":"registry-images"}
     */
    gcs?: StorageGcsArgs | boolean | undefined;
}

/** Google Cloud Storage holds the images. */
export interface StorageGcsArgs {
    /**
     * Bucket, which must exist. Must be 3 to 63 letters, digits, _ . -.
     * @example "registry-images"
     */
    bucket?: pulumi.Input<string> | undefined;
    /**
     * Key of a service account, JSON. Must be JSON text. Kept as a secret.
     * @default the machine's own account
     * @example "{…}"
     */
    keyFile?: pulumi.Input<string> | undefined;
    /**
     * Folder in the bucket that holds the images. Must be names of letters, digits, _ . - with slashes between them.
     * @default its root
     * @example "registry"
     */
    rootFolder?: pulumi.Input<string> | undefined;
}

/** Azure Blob Storage holds the images. */
export interface StorageAzureArgs {
    /**
     * Storage account. Must be 3 to 24 small letters and digits.
     * @example "exampleaccount"
     */
    accountName?: pulumi.Input<string> | undefined;
    /**
     * Blob container, which must exist. Must be 3 to 63 small letters, digits and hyphens.
     * @example "registry-images"
     */
    container?: pulumi.Input<string> | undefined;
    /**
     * Shared key of the account. Must be a string. Kept as a secret.
     * @default without it and storage.azure.credentials the machine's managed identity
     * @example "KEY"
     */
    accountKey?: pulumi.Input<string> | undefined;
    /**
     * Service principal, instead of the shared key. Must be an object of tenantId, clientId, secret.
     * @example {"clientId":"CLIENT"}
     */
    credentials?: StorageAzureCredentialsArgs | undefined;
    /**
     * Domain of the Azure cloud. Must be a domain.
     * @default core.windows.net
     * @example "core.chinacloudapi.cn"
     */
    realm?: pulumi.Input<string> | undefined;
    /**
     * URL of the blob service. Must be an http:// or https:// URL.
     * @default https://ACCOUNT.blob.REALM
     * @example "https://exampleaccount.blob.core.windows.net"
     */
    serviceUrl?: pulumi.Input<string> | undefined;
    /**
     * Folder in the container that holds the images. Must be names of letters, digits, _ . - with slashes between them.
     * @default its root
     * @example "registry"
     */
    rootFolder?: pulumi.Input<string> | undefined;
}

/** Service principal, instead of the shared key. */
export interface StorageAzureCredentialsArgs {
    /**
     * Tenant of the service principal. Must be a tenant ID.
     * @example "TENANT"
     */
    tenantId?: pulumi.Input<string> | undefined;
    /**
     * Client ID of the service principal. Must be a client ID.
     * @example "CLIENT"
     */
    clientId?: pulumi.Input<string> | undefined;
    /**
     * Client secret of the service principal. Must be a string. Kept as a secret.
     * @example "SECRET"
     */
    secret?: pulumi.Input<string> | undefined;
}

/** Amazon S3, Ceph, MinIO or whatever else speaks S3 holds the images. */
export interface StorageS3Args {
    /**
     * Bucket, which must exist. Must be 3 to 63 letters, digits, _ . -.
     * @example "registry-images"
     */
    bucket?: pulumi.Input<string> | undefined;
    /**
     * AWS region. Must be letters, digits and hyphens.
     * @default with an endpoint us-east-1, which such stores commonly take
     * @example "eu-central-1"
     */
    region?: pulumi.Input<string> | undefined;
    /**
     * URL of a store that is not Amazon's: Ceph, MinIO, any that speaks S3. Must be an http:// or https:// URL without a path.
     * @example "https://s3.example.com"
     */
    endpoint?: pulumi.Input<string> | undefined;
    /**
     * The bucket stands in the path of the URL, not in its host name. Must be true or false.
     * @default true with an endpoint
     * @example true
     */
    pathStyle?: pulumi.Input<boolean> | undefined;
    /**
     * Access key. Must be a string. Kept as a secret.
     * @default without both keys the role of the machine (environment or instance metadata)
     * @example "KEY"
     */
    accessKey?: pulumi.Input<string> | undefined;
    /**
     * Secret key of the access key. Must be a string. Kept as a secret.
     * @example "KEY"
     */
    secretKey?: pulumi.Input<string> | undefined;
    /**
     * The store encrypts what it keeps (server-side encryption). Must be true or false.
     * @default false
     * @example true
     */
    encrypt?: pulumi.Input<boolean> | undefined;
    /**
     * KMS key of the encryption. Must be a key ID or ARN.
     * @default the store's own key
     * @example "1234abcd-12ab-34cd-56ef-1234567890ab"
     */
    keyId?: pulumi.Input<string> | undefined;
    /**
     * Storage class of the objects; NONE for stores that know no classes. Must be one of STANDARD, REDUCED_REDUNDANCY, STANDARD_IA, ONEZONE_IA, INTELLIGENT_TIERING, OUTPOSTS, GLACIER_IR, EXPRESS_ONEZONE, NONE.
     * @default STANDARD
     * @example "STANDARD"
     */
    storageClass?:
        | pulumi.Input<
              | "STANDARD"
              | "REDUCED_REDUNDANCY"
              | "STANDARD_IA"
              | "ONEZONE_IA"
              | "INTELLIGENT_TIERING"
              | "OUTPOSTS"
              | "GLACIER_IR"
              | "EXPRESS_ONEZONE"
              | "NONE"
          >
        | undefined;
    /**
     * Folder in the bucket that holds the images. Must be names of letters, digits, _ . - with slashes between them.
     * @default its root
     * @example "registry"
     */
    rootFolder?: pulumi.Input<string> | undefined;
    /**
     * Certificate authority of an https endpoint with a private certificate. Must be PEM text.
     * @example "-----BEGIN …"
     */
    ca?: pulumi.Input<string> | undefined;
    /**
     * Takes any certificate of the endpoint; storage.s3.ca is the safe way. Must be true or false.
     * @default false
     * @example false
     */
    skipVerify?: pulumi.Input<boolean> | undefined;
}

/** Numbers for Prometheus: of the registry, of the front, of certificates, disk and commands (docs/monitoring.md). Takes the front. */
export interface MetricsArgs {
    /**
     * Port of the Docker host on which the numbers are told in plain HTTP without a login, beside /metrics of the registry's own name, which takes a user of role metrics. Must be a whole number from 1 to 65535.
     * @default none
     * @example 9145
     */
    port?: pulumi.Input<number> | undefined;
    /**
     * Address of the Docker host on which metrics.port listens. Must be a loopback or private IP address: the numbers take no login there.
     * @default 127.0.0.1
     * @example "10.0.0.5"
     */
    bindAddress?: pulumi.Input<string> | undefined;
}

/** An nginx before the registry, which checks passwords once, bounds guessing and flooding, knows roles, and serves further sites. false: none. */
export interface FrontArgs {
    /**
     * No front: the registry itself takes the port. Must be true or false.
     * @default false
     * @example true
     */
    off?: boolean | undefined;
    /**
     * Image of the front, nginx 1.22 or newer. Must be an image reference.
     * @default nginx:1.30
     * @example "nginx:1.30"
     */
    image?: pulumi.Input<string> | undefined;
    /**
     * Anyone may read, users alone may write. Must be true or false.
     * @default false
     * @example true
     */
    anonymousPull?: pulumi.Input<boolean> | undefined;
    /**
     * How long a right password is not checked again; 0 checks on every request, seconds. Must be a whole number from 0 to 3600.
     * @default 60
     * @example 60
     */
    cacheSeconds?: pulumi.Input<number> | undefined;
    /**
     * Password checks a minute that one client address gets, 20 of them at once. Must be a whole number from 1 to 6000.
     * @default 60
     * @example 60
     */
    attemptsPerMinute?: pulumi.Input<number> | undefined;
    /**
     * Requests at once that one client address gets; the next ones are answered 429. Must be a whole number from 16 to 8192.
     * @default 512
     * @example 512
     */
    connectionsPerClient?: pulumi.Input<number> | undefined;
    /**
     * Proxies before the front, such as an Ingress or a load balancer: of them X-Forwarded-For tells the client's address, by which the front counts and logs. Must be a list of IP addresses and networks.
     * @default none
     * @example ["10.244.0.0/16"]
     */
    trustedProxies?: pulumi.Input<pulumi.Input<string>[]> | undefined;
    /**
     * Repositories → tags that keep the image which was pushed first (docs/retention.md). Must be an object of repositories, each with a list of tags, in which * is any part of a tag and ! stands before what is not meant.
     * @default none
     * @example {"team/*":["v*"]}
     */
    immutableTags?: pulumi.Input<Record<string, pulumi.Input<pulumi.Input<string>[]>>> | undefined;
    /**
     * Serves /client.sh and /client.ps1, which set a new client up, to anyone. Must be true or false.
     * @default true
     * @example false
     */
    clientInstaller?: boolean | undefined;
    /**
     * A page at / on which a browser shows what is in the registry (docs/page.md). Must be true or false.
     * @default true
     * @example false
     */
    page?: boolean | undefined;
    /**
     * Who did what, kept for `npm run audit`. false: in `docker logs` alone. Must be an object (front.log.*), true or false.
     * @example {"days":365,"maxMb":2048}
     */
    log?: FrontLogArgs | boolean | undefined;
    /**
     * Port at which plain HTTP is redirected to TLS. Must be a whole number from 1 to 65535.
     * @default none
     * @example 80
     */
    httpPort?: pulumi.Input<number> | undefined;
    /**
     * Host name → a further site on the same port, from an upstream or a folder. Must be an object of host names, each with one of upstream and folder.
     * @default none
     * @example {"docs.example.com":{"folder":"docs"}}
     */
    sites?: Record<string, FrontSitesItemArgs> | undefined;
    /**
     * Folder of the Docker host with the folders that sites serve. Must be an absolute path of the Docker host without a colon.
     * @example "/srv/www"
     */
    sitesFolder?: string | undefined;
    /**
     * Memory limit of the front, MiB. Must be a whole number from 64.
     * @default 128
     * @example 128
     */
    memoryMb?: pulumi.Input<number> | undefined;
}

/** Arguments of PrivateRegistry. */
export interface FrontSitesItemArgs {
    /**
     * Server to which the site's requests are passed on, as the front reaches it. Must be an http:// or https:// URL of a host and port alone.
     * @example "http://192.0.2.10:8080"
     */
    upstream?: pulumi.Input<string> | undefined;
    /**
     * Folder below front.sitesFolder whose files the site serves. Must be a relative path of letters, digits, _ . - and /.
     * @example "docs"
     */
    folder?: pulumi.Input<string> | undefined;
    /**
     * Certificate of the site with its chain, where the registry's CA is not to sign one. Must be PEM text.
     * @example "-----BEGIN …"
     */
    cert?: pulumi.Input<string> | undefined;
    /**
     * Private key of that certificate. Must be PEM text. Kept as a secret.
     * @example "-----BEGIN …"
     */
    key?: pulumi.Input<string> | undefined;
}

/** Who did what, kept for `npm run audit`. false: in `docker logs` alone. */
export interface FrontLogArgs {
    /**
     * Requests are told to the container's own log alone, which goes with the container. Must be true or false.
     * @default false
     * @example true
     */
    off?: boolean | undefined;
    /**
     * How long a request is kept in the log, days. Must be a whole number from 1 to 3650.
     * @default 90
     * @example 365
     */
    days?: pulumi.Input<number> | undefined;
    /**
     * What the log takes on the Docker host's disk at most; the oldest go first, MiB. Must be a whole number from 32.
     * @default 512
     * @example 2048
     */
    maxMb?: pulumi.Input<number> | undefined;
}

/** Arguments of PrivateRegistry. */
export interface UsersItemArgs {
    /**
     * The password, at most 72 bytes (the limit of bcrypt). Must be a string of 1 to 72 bytes. Kept as a secret.
     * @example "a long password"
     */
    password?: pulumi.Input<string> | undefined;
    /**
     * true: a password of 24 random characters, shown by `pulumi stack output --show-secrets passwords`. Must be true or false.
     * @example true
     */
    generate?: boolean | undefined;
    /**
     * A ready bcrypt hash, as `htpasswd -nB NAME` prints it. Must be a bcrypt hash ($2a$, $2b$ or $2y$). Kept as a secret.
     * @example "$2y$10$EXAMPLEEXAMPLEEXAMPLEEXAMPLEEXAMPLEEXAMPLEEXAMPLEEXAM"
     */
    bcryptHash?: pulumi.Input<string> | undefined;
    /**
     * Which generated password, counted from 1: another number makes another one. Must be a whole number from 1 to 9999.
     * @default 1
     * @example 2
     */
    generation?: number | undefined;
    /**
     * Takes the front. Until when the generated password of the generation before is taken too: a day, to its end, or a time, in UTC. Must be a day such as 2027-01-31 or a time such as 2027-01-31T18:00:00Z.
     * @example "2027-01-31"
     */
    previous?: string | undefined;
    /**
     * Takes the front. push: reads, writes and deletes. pull: reads. metrics: reads the numbers at /metrics, and nothing else. Must be push, pull or metrics.
     * @default push
     * @example "pull"
     */
    role?: pulumi.Input<"push" | "pull" | "metrics"> | undefined;
    /**
     * Takes the front. Repositories that the user may use, team/app or team/* for all below. Must be a list of repositories in lower case, each whole or with /* at its end.
     * @default all
     * @example ["team/*"]
     */
    repositories?: pulumi.Input<pulumi.Input<string>[]> | undefined;
}

/** The certificate that the registry shows. false: plain HTTP, for a closed network. */
export interface TlsArgs {
    /**
     * Plain HTTP, for a closed network. Must be true or false.
     * @default false
     * @example true
     */
    off?: boolean | undefined;
    /**
     * A CA of the deployment's own, or one that you bring, signs the site certificate. Must be an object (tls.ownCa.*), or true.
     * @default where none of tls.files, tls.acme, tls.secret and tls.off is set
     * @example {"keyAlgorithm":"RSA-4096"}
     */
    ownCa?: TlsOwnCaArgs | boolean | undefined;
    /**
     * A certificate that you bring. Must be an object of cert, key and chain.
     * @example {"cert":"./site.crt"}
     */
    files?: TlsFilesArgs | boolean | undefined;
    /**
     * A directory such as Let's Encrypt issues the certificate, and the front renews it by itself (docs/acme.md). tls.ownCa beside it signs what is shown until it is there. Must be an object (tls.acme.*).
     * @default none
     * @example {"email":"admin@example.com","acceptTerms":true}
     */
    acme?: TlsAcmeArgs | undefined;
    /**
     * Name of a Secret of type kubernetes.io/tls in kubernetes.namespace, as cert-manager keeps one: what renews it there is shown without an `up`. Its ca.crt is what clients get to trust. Must be the name of a Secret.
     * @example "registry-tls"
     */
    secret?: string | undefined;
}

/** A directory such as Let's Encrypt issues the certificate, and the front renews it by itself (docs/acme.md). tls.ownCa beside it signs what is shown until it is there. */
export interface TlsAcmeArgs {
    /**
     * Address of the account at the directory, to which it writes where it must. Must be an e-mail address.
     * @example "admin@example.com"
     */
    email: pulumi.Input<string>;
    /**
     * You accept the directory's terms of service (of Let's Encrypt: letsencrypt.org/repository); nothing is asked for without. Must be true or false.
     * @default false
     * @example true
     */
    acceptTerms?: pulumi.Input<boolean> | undefined;
    /**
     * URL of the directory. To try: https://acme-staging-v02.api.letsencrypt.org/directory, whose certificates nobody trusts. Must be an https:// URL without a login.
     * @default https://acme-v02.api.letsencrypt.org/directory
     * @example "https://acme-staging-v02.api.letsencrypt.org/directory"
     */
    directory?: pulumi.Input<string> | undefined;
    /**
     * Authority of a private directory's own certificate, such as step-ca's; with it names need not be public. Must be PEM text.
     * @default those that everyone trusts
     * @example "-----BEGIN …"
     */
    directoryCa?: pulumi.Input<string> | undefined;
    /**
     * Authority of the certificates that a private directory issues, which clients are given to trust. Must be PEM text.
     * @default clients trust it already
     * @example "-----BEGIN …"
     */
    trust?: pulumi.Input<string> | undefined;
    /**
     * Shows by a record in DNS (dns-01) whose the names are: also of names with a star, and of a host that the world does not reach. Must be an object of provider, credentials, resolvers, checkPropagation.
     * @default by port 80 of each name (http-01)
     * @example {"provider":"cloudflare","credentials":{"CLOUDFLARE_DNS_API_TOKEN":"TOKEN"}}
     */
    dns?: TlsAcmeDnsArgs | undefined;
    /**
     * Names of the certificate, where one with a star is to stand for several. Must be a list of at most 100 host names, of which the first label may be *.
     * @default the domain, dnsNames, and the sites of the front without a certificate of their own
     * @example ["docker.example.com","*.docker.example.com"]
     */
    names?: pulumi.Input<pulumi.Input<string>[]> | undefined;
    /**
     * How long before its end the certificate is renewed; at most a third of its life, days. Must be a whole number from 1 to 365.
     * @default 30
     * @example 30
     */
    renewBeforeDays?: pulumi.Input<number> | undefined;
    /**
     * Key of the certificate, a new one at each renewal. Must be one of ECDSA-P256, ECDSA-P384, RSA-2048, RSA-4096.
     * @default ECDSA-P256
     * @example "RSA-2048"
     */
    keyAlgorithm?: pulumi.Input<"ECDSA-P256" | "ECDSA-P384" | "RSA-2048" | "RSA-4096"> | undefined;
    /**
     * Image of lego 4, 4.9 or newer, with a shell and busybox. Must be an image reference.
     * @default goacme/lego:v4.25.2
     * @example "goacme/lego:v4.25.2"
     */
    image?: pulumi.Input<string> | undefined;
}

/** Shows by a record in DNS (dns-01) whose the names are: also of names with a star, and of a host that the world does not reach. */
export interface TlsAcmeDnsArgs {
    /**
     * Code of the DNS provider (go-acme.github.io/lego/dns). Must be a code of lego's, such as cloudflare, route53, rfc2136 or httpreq; not manual, not exec.
     * @example "cloudflare"
     */
    provider: pulumi.Input<string>;
    /**
     * Variables of that provider, which lego alone gets. Must be an object of variables. Kept as a secret.
     * @default none
     * @example {"CLOUDFLARE_DNS_API_TOKEN":"TOKEN"}
     */
    credentials?: pulumi.Input<Record<string, pulumi.Input<string>>> | undefined;
    /**
     * Name servers that are asked for the zone, where this network's own show another one. Must be a list of host:port.
     * @default the Docker host's
     * @example ["9.9.9.9:53"]
     */
    resolvers?: pulumi.Input<pulumi.Input<string>[]> | undefined;
    /**
     * Waits until every name server of the zone has the record. Must be true or false.
     * @default true
     * @example false
     */
    checkPropagation?: pulumi.Input<boolean> | undefined;
}

/** A certificate that you bring. */
export interface TlsFilesArgs {
    /**
     * The site certificate; its issuers may follow. Must be PEM text.
     * @example "-----BEGIN …"
     */
    cert?: pulumi.Input<string> | undefined;
    /**
     * Private key of the site certificate. Must be PEM text. Kept as a secret.
     * @example "-----BEGIN …"
     */
    key?: pulumi.Input<string> | undefined;
    /**
     * The issuing certificates, which clients are given to trust. Must be PEM text.
     * @example "-----BEGIN …"
     */
    chain?: pulumi.Input<string> | undefined;
}

/** A CA of the deployment's own, or one that you bring, signs the site certificate. */
export interface TlsOwnCaArgs {
    /**
     * Subject of the CA. Must be an object of commonName, organization, organizationalUnit, country, province, locality.
     * @example {"organization":"Example Ltd"}
     */
    subject?: TlsOwnCaSubjectArgs | undefined;
    /**
     * Key of the CA. Another algorithm makes a new CA, which every client has to trust anew. Must be one of ECDSA-P256, ECDSA-P384, RSA-2048, RSA-3072, RSA-4096.
     * @default ECDSA-P384
     * @example "RSA-4096"
     */
    keyAlgorithm?:
        pulumi.Input<"ECDSA-P256" | "ECDSA-P384" | "RSA-2048" | "RSA-3072" | "RSA-4096"> | undefined;
    /**
     * How long the CA certificate is valid, days. Must be a whole number from 1 to 36500.
     * @default 3650
     * @example 3650
     */
    validityDays?: pulumi.Input<number> | undefined;
    /**
     * Path length constraint of the CA (RFC 5280 section 4.2.1.9). Must be a whole number from 1 to 10 (the tls provider cannot express 0).
     * @default 1
     * @example 1
     */
    pathLength?: pulumi.Input<number> | undefined;
    /**
     * Certificate of a CA that you bring. Must be PEM text.
     * @example "-----BEGIN …"
     */
    cert?: pulumi.Input<string> | undefined;
    /**
     * Private key of a CA that you bring. Must be PEM text. Kept as a secret.
     * @example "-----BEGIN …"
     */
    key?: pulumi.Input<string> | undefined;
    /**
     * Which CA of the kit's own, counted from 1: another number makes another one. Must be a whole number from 1 to 9999.
     * @default 1
     * @example 2
     */
    generation?: number | undefined;
    /**
     * The CA that takes the place of this one, and is trusted beside it until then (docs/keys.md). Without cert: one of the kit's own, of the next generation. Must be an object (tls.ownCa.next.*), or true.
     * @default no other CA is trusted
     * @example {"signs":true}
     */
    next?: TlsOwnCaNextArgs | boolean | undefined;
    /**
     * The site certificate that the CA signs. Must be an object (tls.ownCa.site.*).
     * @example {"validityDays":397}
     */
    site?: TlsOwnCaSiteArgs | undefined;
}

/** The site certificate that the CA signs. */
export interface TlsOwnCaSiteArgs {
    /**
     * Which key of the site certificate, counted from 1: another number makes another one. Must be a whole number from 1 to 9999.
     * @default 1
     * @example 2
     */
    generation?: number | undefined;
    /**
     * Subject of the site certificate; clients read its SAN alone. Must be an object of commonName, organization, organizationalUnit, country, province, locality.
     * @example {"organization":"Example Ltd"}
     */
    subject?: TlsOwnCaSiteSubjectArgs | undefined;
    /**
     * Key of the site certificate. Must be one of ECDSA-P256, ECDSA-P384, RSA-2048, RSA-3072, RSA-4096.
     * @default ECDSA-P256
     * @example "RSA-4096"
     */
    keyAlgorithm?:
        pulumi.Input<"ECDSA-P256" | "ECDSA-P384" | "RSA-2048" | "RSA-3072" | "RSA-4096"> | undefined;
    /**
     * How long the site certificate is valid; clients of Apple's and the CA/Browser Forum's rules refuse more than 397, days. Must be a whole number from 1 to 825.
     * @default 397
     * @example 397
     */
    validityDays?: pulumi.Input<number> | undefined;
    /**
     * How long before its end `pulumi up` renews the site certificate, days. Must be a whole number from 0, less than tls.ownCa.site.validityDays.
     * @default 30
     * @example 30
     */
    earlyRenewalDays?: pulumi.Input<number> | undefined;
    /**
     * localhost and 127.0.0.1 stand in the site certificate too. Must be true or false.
     * @default true
     * @example false
     */
    localNames?: pulumi.Input<boolean> | undefined;
}

/** Subject of the site certificate; clients read its SAN alone. */
export interface TlsOwnCaSiteSubjectArgs {
    /**
     * Common name (CN) of the site certificate. Must be 1 to 64 characters.
     * @default the domain
     * @example "docker.example.com"
     */
    commonName?: pulumi.Input<string> | undefined;
    /**
     * Organization (O). Must be 1 to 64 characters.
     * @example "Example Ltd"
     */
    organization?: pulumi.Input<string> | undefined;
    /**
     * Organizational unit (OU). Must be 1 to 64 characters.
     * @example "Platform"
     */
    organizationalUnit?: pulumi.Input<string> | undefined;
    /**
     * Country (C), ISO 3166 code. Must be two capital letters.
     * @example "CN"
     */
    country?: pulumi.Input<string> | undefined;
    /**
     * State or province (ST). Must be 1 to 64 characters.
     * @example "Shanxi"
     */
    province?: pulumi.Input<string> | undefined;
    /**
     * Locality (L). Must be 1 to 64 characters.
     * @example "Datong"
     */
    locality?: pulumi.Input<string> | undefined;
}

/** The CA that takes the place of this one, and is trusted beside it until then (docs/keys.md). Without cert: one of the kit's own, of the next generation. */
export interface TlsOwnCaNextArgs {
    /**
     * The next CA signs the site certificate, and the former one is trusted still. Must be true or false.
     * @default false
     * @example true
     */
    signs?: boolean | undefined;
    /**
     * Certificate of the next CA, where you bring it. Must be PEM text.
     * @example "-----BEGIN …"
     */
    cert?: pulumi.Input<string> | undefined;
    /**
     * Private key of the next CA, where you bring it. Must be PEM text. Kept as a secret.
     * @example "-----BEGIN …"
     */
    key?: pulumi.Input<string> | undefined;
}

/** Subject of the CA. */
export interface TlsOwnCaSubjectArgs {
    /**
     * Common name (CN) of the CA. Must be 1 to 64 characters.
     * @default Private Registry CA
     * @example "Example Registry CA"
     */
    commonName?: pulumi.Input<string> | undefined;
    /**
     * Organization (O). Must be 1 to 64 characters.
     * @example "Example Ltd"
     */
    organization?: pulumi.Input<string> | undefined;
    /**
     * Organizational unit (OU). Must be 1 to 64 characters.
     * @example "Platform"
     */
    organizationalUnit?: pulumi.Input<string> | undefined;
    /**
     * Country (C), ISO 3166 code. Must be two capital letters.
     * @example "CN"
     */
    country?: pulumi.Input<string> | undefined;
    /**
     * State or province (ST). Must be 1 to 64 characters.
     * @example "Shanxi"
     */
    province?: pulumi.Input<string> | undefined;
    /**
     * Locality (L). Must be 1 to 64 characters.
     * @example "Datong"
     */
    locality?: pulumi.Input<string> | undefined;
}

/** Arguments of CertificateAuthority. */
export interface CertificateAuthorityArgs {
    /**
     * Subject of the CA. Must be an object of commonName, organization, organizationalUnit, country, province, locality.
     * @example {"organization":"Example Ltd"}
     */
    subject?: TlsOwnCaSubjectArgs | undefined;
    /**
     * Key of the CA. Another algorithm makes a new CA, which every client has to trust anew. Must be one of ECDSA-P256, ECDSA-P384, RSA-2048, RSA-3072, RSA-4096.
     * @default ECDSA-P384
     * @example "RSA-4096"
     */
    keyAlgorithm?:
        pulumi.Input<"ECDSA-P256" | "ECDSA-P384" | "RSA-2048" | "RSA-3072" | "RSA-4096"> | undefined;
    /**
     * How long the CA certificate is valid, days. Must be a whole number from 1 to 36500.
     * @default 3650
     * @example 3650
     */
    validityDays?: pulumi.Input<number> | undefined;
    /**
     * Path length constraint of the CA (RFC 5280 section 4.2.1.9). Must be a whole number from 1 to 10 (the tls provider cannot express 0).
     * @default 1
     * @example 1
     */
    pathLength?: pulumi.Input<number> | undefined;
    /**
     * Certificate of a CA that you bring. Must be PEM text.
     * @example "-----BEGIN …"
     */
    cert?: pulumi.Input<string> | undefined;
    /**
     * Private key of a CA that you bring. Must be PEM text. Kept as a secret.
     * @example "-----BEGIN …"
     */
    key?: pulumi.Input<string> | undefined;
}

/** Arguments of SiteCertificate. */
export interface SiteCertificateArgs {
    /**
     * Certificate of the CA that signs; its issuers may follow. Must be PEM text.
     * @example "-----BEGIN …"
     */
    caCertPem: pulumi.Input<string>;
    /**
     * Private key of that CA. Must be PEM text. Kept as a secret.
     * @example "-----BEGIN …"
     */
    caPrivateKeyPem: pulumi.Input<string>;
    /**
     * Host names and IP addresses for the SAN; the first is the common name too. Must be a list of host names and IP addresses.
     * @example ["docker.example.com"]
     */
    names: pulumi.Input<pulumi.Input<string>[]>;
    /**
     * Which key of the site certificate, counted from 1: another number makes another one. Must be a whole number from 1 to 9999.
     * @default 1
     * @example 2
     */
    generation?: number | undefined;
    /**
     * Subject of the site certificate; clients read its SAN alone. Must be an object of commonName, organization, organizationalUnit, country, province, locality.
     * @example {"organization":"Example Ltd"}
     */
    subject?: TlsOwnCaSiteSubjectArgs | undefined;
    /**
     * Key of the site certificate. Must be one of ECDSA-P256, ECDSA-P384, RSA-2048, RSA-3072, RSA-4096.
     * @default ECDSA-P256
     * @example "RSA-4096"
     */
    keyAlgorithm?:
        pulumi.Input<"ECDSA-P256" | "ECDSA-P384" | "RSA-2048" | "RSA-3072" | "RSA-4096"> | undefined;
    /**
     * How long the site certificate is valid; clients of Apple's and the CA/Browser Forum's rules refuse more than 397, days. Must be a whole number from 1 to 825.
     * @default 397
     * @example 397
     */
    validityDays?: pulumi.Input<number> | undefined;
    /**
     * How long before its end `pulumi up` renews the site certificate, days. Must be a whole number from 0, less than tls.ownCa.site.validityDays.
     * @default 30
     * @example 30
     */
    earlyRenewalDays?: pulumi.Input<number> | undefined;
}

/** Arguments of Accounts. */
export interface AccountsArgs {
    /**
     * User name → one of password, generate: true, bcryptHash. Must be an object of user names, each with one of password, generate, bcryptHash.
     * @default none
     * @example {"admin":{"generate":true}}
     */
    users?: Record<string, UsersItemArgs> | undefined;
    /**
     * Cost of the hash of given passwords; each step doubles the time of every request's check. Must be a whole number from 4 to 14.
     * @default 10
     * @example 10
     */
    bcryptCost?: pulumi.Input<number> | undefined;
    /**
     * Generated passwords get the same cost, so that the time of a refused login does not tell them apart. For a front, which checks a password once a minute; the registry itself does on every request. Must be true or false.
     * @default false
     * @example true
     */
    evenCost?: boolean | undefined;
}
