//! The places where artifacts lie.

use k8s_openapi::api::core::v1::{ConfigMapKeySelector, SecretKeySelector};

use super::wire::wire;

wire! {
    /// An object in an S3 bucket.
    pub struct S3Artifact {
        /// Host and port of the server.
        pub endpoint: String,
        /// Name of the bucket.
        pub bucket: String,
        /// Region of the bucket.
        pub region: String,
        /// Whether to speak HTTP without TLS.
        pub insecure: Option<bool>,
        /// The access key.
        pub access_key_secret: Option<SecretKeySelector>,
        /// The secret key.
        pub secret_key_secret: Option<SecretKeySelector>,
        /// A session token.
        pub session_token_secret: Option<SecretKeySelector>,
        /// A role to assume.
        #[serde(rename = "roleARN")]
        pub role_arn: String,
        /// Whether credentials come from the environment.
        #[serde(rename = "useSDKCreds")]
        pub use_sdk_creds: bool,
        /// Creates a missing bucket.
        pub create_bucket_if_not_present: Option<CreateS3BucketOptions>,
        /// Encryption on the server.
        pub encryption_options: Option<S3EncryptionOptions>,
        /// Certificates that the server is checked against.
        pub ca_secret: Option<SecretKeySelector>,
        /// Key of the object.
        pub key: String,
    }

    /// How a missing bucket is made.
    pub struct CreateS3BucketOptions {
        /// Whether objects in it can be locked.
        pub object_locking: bool,
    }

    /// Encryption of objects in S3.
    pub struct S3EncryptionOptions {
        /// A key of the key service.
        pub kms_key_id: String,
        /// Context for the key service, as JSON.
        pub kms_encryption_context: String,
        /// Whether to encrypt.
        pub enable_encryption: bool,
        /// A key that the customer holds.
        pub server_side_customer_key_secret: Option<SecretKeySelector>,
    }

    /// A checkout of a Git repository.
    pub struct GitArtifact {
        /// URL of the repository.
        pub repo: String,
        /// Commit, tag or branch.
        pub revision: String,
        /// How many commits to fetch.
        pub depth: Option<u64>,
        /// Refspecs to fetch.
        pub fetch: Vec<String>,
        /// User name.
        pub username_secret: Option<SecretKeySelector>,
        /// Password.
        pub password_secret: Option<SecretKeySelector>,
        /// Private key.
        pub ssh_private_key_secret: Option<SecretKeySelector>,
        /// Whether any host key is accepted.
        pub insecure_ignore_host_key: bool,
        /// Whether submodules are left out.
        pub disable_submodules: bool,
        /// Whether only one branch is fetched.
        pub single_branch: bool,
        /// That branch.
        pub branch: String,
        /// Whether any certificate is accepted.
        #[serde(rename = "insecureSkipTLS")]
        pub insecure_skip_tls: bool,
    }

    /// A file in Artifactory.
    pub struct ArtifactoryArtifact {
        /// URL of the file.
        pub url: String,
        /// User name.
        pub username_secret: Option<SecretKeySelector>,
        /// Password.
        pub password_secret: Option<SecretKeySelector>,
    }

    /// A blob in an Azure container.
    pub struct AzureArtifact {
        /// URL of the account.
        pub endpoint: String,
        /// Name of the container.
        pub container: String,
        /// Key of the account.
        pub account_key_secret: Option<SecretKeySelector>,
        /// Whether credentials come from the environment.
        #[serde(rename = "useSDKCreds")]
        pub use_sdk_creds: bool,
        /// Name of the blob.
        pub blob: String,
    }

    /// A file in HDFS.
    pub struct HdfsArtifact {
        /// Addresses of the name nodes.
        pub addresses: Vec<String>,
        /// User to act as.
        pub hdfs_user: String,
        /// Protection level of transfers.
        pub data_transfer_protection: String,
        /// Kerberos credential cache.
        #[serde(rename = "krbCCacheSecret")]
        pub krb_c_cache_secret: Option<SecretKeySelector>,
        /// Kerberos key table.
        pub krb_keytab_secret: Option<SecretKeySelector>,
        /// Kerberos user.
        pub krb_username: String,
        /// Kerberos realm.
        pub krb_realm: String,
        /// Kerberos configuration.
        pub krb_config_config_map: Option<ConfigMapKeySelector>,
        /// Kerberos principal of the service.
        pub krb_service_principal_name: String,
        /// Path of the file.
        pub path: String,
        /// Whether an existing file is overwritten.
        pub force: bool,
    }

    /// Text written in the manifest.
    pub struct RawArtifact {
        /// The text.
        pub data: String,
    }

    /// A header of an HTTP request.
    pub struct Header {
        /// Its name.
        pub name: String,
        /// Its value.
        pub value: String,
    }

    /// A user name and a password.
    pub struct BasicAuth {
        /// User name.
        pub username_secret: Option<SecretKeySelector>,
        /// Password.
        pub password_secret: Option<SecretKeySelector>,
    }

    /// A client certificate.
    pub struct ClientCertAuth {
        /// The certificate.
        pub client_cert_secret: Option<SecretKeySelector>,
        /// Its key.
        pub client_key_secret: Option<SecretKeySelector>,
    }

    /// OAuth 2 client credentials.
    pub struct OAuth2Auth {
        /// Client id.
        #[serde(rename = "clientIDSecret")]
        pub client_id_secret: Option<SecretKeySelector>,
        /// Client secret.
        pub client_secret_secret: Option<SecretKeySelector>,
        /// Where tokens come from.
        #[serde(rename = "tokenURLSecret")]
        pub token_url_secret: Option<SecretKeySelector>,
        /// Scopes to ask for.
        pub scopes: Vec<String>,
        /// Further parameters of the request for a token.
        pub endpoint_params: Vec<OAuth2EndpointParam>,
    }

    /// One parameter of a request for a token.
    pub struct OAuth2EndpointParam {
        /// Its name.
        pub key: String,
        /// Its value.
        pub value: String,
    }

    /// Credentials for an HTTP server; one field is set.
    pub struct HttpAuth {
        /// A client certificate.
        pub client_cert: ClientCertAuth,
        /// OAuth 2.
        pub oauth2: OAuth2Auth,
        /// User name and password.
        pub basic_auth: BasicAuth,
    }

    /// A file behind a URL.
    pub struct HttpArtifact {
        /// The URL.
        pub url: String,
        /// Headers of the request.
        pub headers: Vec<Header>,
        /// Credentials.
        pub auth: Option<HttpAuth>,
    }

    /// An object in a Google bucket.
    pub struct GcsArtifact {
        /// Name of the bucket.
        pub bucket: String,
        /// Key of a service account.
        pub service_account_key_secret: Option<SecretKeySelector>,
        /// Key of the object.
        pub key: String,
    }

    /// An object in an Alibaba bucket.
    pub struct OssArtifact {
        /// Host of the server.
        pub endpoint: String,
        /// Name of the bucket.
        pub bucket: String,
        /// The access key.
        pub access_key_secret: Option<SecretKeySelector>,
        /// The secret key.
        pub secret_key_secret: Option<SecretKeySelector>,
        /// Whether a missing bucket is made.
        pub create_bucket_if_not_present: bool,
        /// A session token.
        pub security_token: String,
        /// When objects are moved or deleted.
        pub lifecycle_rule: Option<OssLifecycleRule>,
        /// Whether credentials come from the environment.
        #[serde(rename = "useSDKCreds")]
        pub use_sdk_creds: bool,
        /// Key of the object.
        pub key: String,
    }

    /// When objects are moved or deleted.
    pub struct OssLifecycleRule {
        /// Days until cold storage.
        pub mark_infrequent_access_after_days: i32,
        /// Days until deletion.
        pub mark_deletion_after_days: i32,
    }
}
