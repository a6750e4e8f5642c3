/** The components of the kit that a Pulumi program can use: each by itself, and the renderers of their files. */
export * from "./args";
export { Accounts } from "./auth/accounts";
export { bcrypt, renderHtpasswd } from "./auth/htpasswd";
export { type ClientFacts, clientSetup } from "../clients/setup";
export { containerdHostsToml, dockerDaemonJson, type MirrorFacts, registriesConf } from "./mirror/clients";
export { type MirrorAccess } from "./mirror/mirror";
export { Nexus, type NexusComponentArgs } from "./nexus/nexus";
export { NEXUS_IMAGE } from "./nexus/plan";
export { renderNginx } from "./front/nginx-conf";
export { type FrontSettings, type FrontSite, type FrontUser } from "./front/settings";
export { PrivateRegistry } from "./private-registry";
export { type RegistrySettings, renderConfig } from "./registry/config-yml";
export { type RemoteStorage } from "./storage/storage";
export { CertificateAuthority } from "./tls/certificate-authority";
export { type KeyAlgorithm } from "./tls/options";
export { SiteCertificate } from "./tls/site-certificate";
