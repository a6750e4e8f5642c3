/** The components of the kit, for use from another Pulumi program. */
export { type AccountArgs, Accounts, type AccountsArgs } from "./auth/accounts";
export { bcrypt, renderHtpasswd } from "./auth/htpasswd";
export { type ClientFacts, clientSetup } from "./client/setup";
export { containerdHostsToml, dockerDaemonJson, type MirrorFacts, registriesConf } from "./mirror/clients";
export { Mirror, type MirrorAccess, type MirrorArgs, type MirrorSettings } from "./mirror/mirror";
export { Nexus, type NexusArgs } from "./nexus/nexus";
export {
    type DockerRepositories,
    type HostedRepository,
    NEXUS_IMAGE,
    type Schedule as NexusSchedule,
} from "./nexus/plan";
export { Front, type FrontArgs, type SiteArgs } from "./front/front";
export { renderNginx } from "./front/nginx-conf";
export { type FrontOptions, type SiteOptions } from "./front/options";
export { type FrontSettings, type FrontSite, type FrontUser } from "./front/settings";
export { type OutboundArgs, type ProxyArgs } from "./outbound";
export { PrivateRegistry } from "./private-registry";
export { type PrivateRegistryArgs } from "./private-registry-args";
export { type RegistrySettings, renderConfig } from "./registry/config-yml";
export { Redis, type RedisArgs, type RedisOptions } from "./registry/redis";
export { Registry, type RegistryArgs, type TlsFiles } from "./registry/registry";
export {
    type AzureStorage,
    type GcsStorage,
    type RemoteStorage,
    type RemoteStorageArgs,
    type S3Storage,
} from "./registry/storage";
export {
    CertificateAuthority,
    type CertificateAuthorityArgs,
    type GivenCaArgs,
    type SubjectArgs,
} from "./tls/certificate-authority";
export { type KeyAlgorithm } from "./tls/algorithm";
export { type FilesTls, type NoTls, type OwnCaTls } from "./tls/site-tls";
export { SiteCertificate, type SiteCertificateArgs } from "./tls/site-certificate";
