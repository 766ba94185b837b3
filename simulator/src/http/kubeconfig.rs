//! The file that tells kubectl where the server is and how to be let in.

use std::fs::{self, OpenOptions, Permissions};
use std::io::{self, Write};
use std::net::SocketAddr;
use std::os::unix::fs::{OpenOptionsExt, PermissionsExt};
use std::path::Path;

use base64::Engine;
use base64::prelude::BASE64_STANDARD;

/// What a client needs to reach a server.
#[derive(Clone, PartialEq, Eq)]
pub struct Access {
    /// `https://host:port`.
    pub url: String,
    /// Where others than this host reach the port; `None` if none can.
    pub advertised: Option<SocketAddr>,
    /// The certificate of the authority that signed the server's, in PEM.
    pub authority_pem: String,
    /// The bearer token.
    pub token: String,
}

impl Access {
    /// The kubeconfig: one context `arcsim` in the namespace `default`.
    ///
    /// Source: `spec/kube-api.md` §1.1.
    #[must_use]
    pub fn kubeconfig(&self) -> String {
        let authority = BASE64_STANDARD.encode(&self.authority_pem);
        let (url, token) = (&self.url, &self.token);
        format!(
            r"apiVersion: v1
kind: Config
clusters:
- name: arcsim
  cluster:
    server: {url}
    certificate-authority-data: {authority}
users:
- name: arcsim
  user:
    token: {token}
contexts:
- name: arcsim
  context:
    cluster: arcsim
    user: arcsim
    namespace: default
current-context: arcsim
"
        )
    }

    /// Writes the kubeconfig so that only its owner may read it.
    ///
    /// # Errors
    /// Whatever the file system refuses.
    pub fn write_kubeconfig(&self, path: &Path) -> io::Result<()> {
        let mut file = OpenOptions::new()
            .write(true)
            .create(true)
            .truncate(true)
            .mode(0o600)
            .open(path)?;
        // The mode above counts for new files only.
        fs::set_permissions(path, Permissions::from_mode(0o600))?;
        file.write_all(self.kubeconfig().as_bytes())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn access() -> Access {
        Access {
            advertised: None,
            url: "https://127.0.0.1:6443".to_owned(),
            authority_pem: "pem".to_owned(),
            token: "t0ken".to_owned(),
        }
    }

    #[test]
    fn a_kubeconfig_names_server_authority_and_token() {
        let config = kube::config::Kubeconfig::from_yaml(&access().kubeconfig()).unwrap();
        let cluster = config.clusters[0].cluster.as_ref().unwrap();
        let context = config.contexts[0].context.as_ref().unwrap();
        assert_eq!(cluster.server.as_deref(), Some("https://127.0.0.1:6443"));
        assert_eq!(cluster.certificate_authority_data.as_deref(), Some("cGVt"));
        assert_eq!(context.namespace.as_deref(), Some("default"));
        assert_eq!(config.current_context.as_deref(), Some("arcsim"));
    }

    #[test]
    fn only_its_owner_may_read_a_kubeconfig_even_if_the_file_was_open_to_all() {
        let path = std::env::temp_dir().join(format!("arcsim-kubeconfig-{}", std::process::id()));
        fs::write(&path, "a longer text than any kubeconfig: ".repeat(100)).unwrap();
        fs::set_permissions(&path, Permissions::from_mode(0o644)).unwrap();
        access().write_kubeconfig(&path).unwrap();
        let (mode, text) = (
            fs::metadata(&path).unwrap().permissions().mode(),
            fs::read_to_string(&path).unwrap(),
        );
        fs::remove_file(&path).unwrap();
        assert_eq!((mode & 0o777, text), (0o600, access().kubeconfig()));
    }
}
