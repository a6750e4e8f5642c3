/** The components of the kit, for use from another Pulumi program. */
export { type AccountArgs, Accounts, type AccountsArgs } from "./auth/accounts";
export { bcrypt, renderHtpasswd } from "./auth/htpasswd";
export { type ClientFacts, clientSetup } from "./client/setup";
export { Front, type FrontArgs, type SiteArgs } from "./front/front";
export { renderNginx } from "./front/nginx-conf";
export { type FrontOptions, type SiteOptions } from "./front/options";
export { type FrontSettings, type FrontSite, type FrontUser } from "./front/settings";
export {
    type FilesTls,
    type NoTls,
    type OwnCaTls,
    PrivateRegistry,
    type PrivateRegistryArgs,
} from "./private-registry";
export { type RegistrySettings, renderConfig } from "./registry/config-yml";
export { Registry, type RegistryArgs, type TlsFiles } from "./registry/registry";
export {
    CertificateAuthority,
    type CertificateAuthorityArgs,
    type GivenCaArgs,
    type SubjectArgs,
} from "./tls/certificate-authority";
export { type KeyAlgorithm } from "./tls/algorithm";
export { SiteCertificate, type SiteCertificateArgs } from "./tls/site-certificate";
