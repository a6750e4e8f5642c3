/** The components of the kit, for use from another Pulumi program. */
export * from "./args";
export { type AccountArgs, Accounts, type AccountsArgs } from "./auth/accounts";
export { bcrypt, renderHtpasswd } from "./auth/htpasswd";
export { type ClientFacts, clientSetup } from "./client/setup";
export { containerdHostsToml, dockerDaemonJson, type MirrorFacts, registriesConf } from "./mirror/clients";
export { Mirror, type MirrorAccess, type MirrorArgs } from "./mirror/mirror";
export { Nexus, type NexusComponentArgs } from "./nexus/nexus";
export { NEXUS_IMAGE } from "./nexus/plan";
export { Front, type FrontArgs as FrontComponentArgs, type SiteArgs } from "./front/front";
export { renderNginx } from "./front/nginx-conf";
export { type FrontSettings, type FrontSite, type FrontUser } from "./front/settings";
export { type OutboundArgs } from "./outbound";
export { PrivateRegistry } from "./private-registry";
export { type RegistrySettings, renderConfig } from "./registry/config-yml";
export { Redis, type RedisArgs, type RedisOptions } from "./registry/redis";
export { Registry, type RegistryArgs, type TlsFiles } from "./registry/registry";
export { type RemoteStorage, type RemoteStorageArgs } from "./registry/storage";
export {
    CertificateAuthority,
    type CertificateAuthorityArgs,
    type SubjectArgs,
} from "./tls/certificate-authority";
export { type KeyAlgorithm } from "./tls/options";
export { SiteCertificate, type SiteCertificateArgs } from "./tls/site-certificate";
