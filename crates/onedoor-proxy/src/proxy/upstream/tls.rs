//! TLS towards external upstreams: certificates verified against the system's roots or the route's own CA, SNI and
//! name check from the URL. All rustls types stay in this file.

use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, ServerName};
use rustls::{ClientConfig, RootCertStore};
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;

use crate::proxy::config::{Origin, TlsTrust, UpstreamSpec};
use crate::proxy::route::UpstreamId;

/// A ready connector per https upstream; shared by all workers, so that sessions resume across them.
#[derive(Clone)]
pub(in crate::proxy) struct Connectors {
    by_upstream: Arc<[Option<Connector>]>,
}

#[derive(Clone)]
struct Connector {
    tls: TlsConnector,
    name: ServerName<'static>,
}

/// What is wrong with an upstream's TLS settings; found before the first request.
#[derive(Debug, thiserror::Error)]
pub(in crate::proxy) enum TlsSetupError {
    #[error("{path}: cannot be read as PEM certificates: {why}", path = path.display())]
    BadCa { path: PathBuf, why: String },
    #[error("{path}: holds no certificate", path = path.display())]
    EmptyCa { path: PathBuf },
    #[error("{host}: not a name that a certificate could carry")]
    BadName { host: String },
    #[error("TLS cannot be set up: {0}")]
    Rustls(#[from] rustls::Error),
}

impl std::fmt::Debug for Connectors {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Connectors").field("upstreams", &self.by_upstream.len()).finish()
    }
}

impl Connectors {
    pub(in crate::proxy) fn new(upstreams: &[UpstreamSpec]) -> Result<Self, TlsSetupError> {
        let mut system: Option<Arc<ClientConfig>> = None;
        let mut connectors = Vec::with_capacity(upstreams.len());
        for spec in upstreams {
            let Origin::Https { host, trust, .. } = &spec.origin else {
                connectors.push(None);
                continue;
            };
            let config = match trust {
                TlsTrust::Ca(path) => Arc::new(client_config(roots_in(path)?)?),
                TlsTrust::System => match &system {
                    Some(config) => Arc::clone(config),
                    None => Arc::clone(system.insert(Arc::new(client_config(system_roots())?))),
                },
            };
            let bare = host.strip_prefix('[').and_then(|inner| inner.strip_suffix(']')).unwrap_or(host);
            let name = ServerName::try_from(bare.to_owned())
                .map_err(|_| TlsSetupError::BadName { host: host.to_string() })?;
            connectors.push(Some(Connector { tls: TlsConnector::from(config), name }));
        }
        Ok(Self { by_upstream: connectors.into() })
    }

    pub(in crate::proxy) async fn handshake(
        &self,
        id: UpstreamId,
        tcp: TcpStream,
    ) -> io::Result<TlsStream<TcpStream>> {
        let connector = self.by_upstream.get(usize::from(id.0)).and_then(Option::as_ref);
        let connector = connector.ok_or_else(|| io::Error::other("the upstream is not an https one"))?;
        connector.tls.connect(connector.name.clone(), tcp).await
    }
}

fn client_config(roots: RootCertStore) -> Result<ClientConfig, rustls::Error> {
    // The provider is named: with two of them in the graph the default one panics at run time.
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let mut config = ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()?
        .with_root_certificates(roots)
        .with_no_client_auth();
    config.alpn_protocols = vec![b"http/1.1".to_vec()];
    Ok(config)
}

/// SSL_CERT_FILE or the system's bundle; in an image that has neither, the roots that are built in.
fn system_roots() -> RootCertStore {
    let mut roots = RootCertStore::empty();
    roots.add_parsable_certificates(rustls_native_certs::load_native_certs().certs);
    if roots.is_empty() {
        roots.extend(webpki_roots::TLS_SERVER_ROOTS.iter().cloned());
    }
    roots
}

fn roots_in(path: &Path) -> Result<RootCertStore, TlsSetupError> {
    let bad = |why: String| TlsSetupError::BadCa { path: path.to_owned(), why };
    let mut roots = RootCertStore::empty();
    for certificate in CertificateDer::pem_file_iter(path).map_err(|error| bad(error.to_string()))? {
        let certificate = certificate.map_err(|error| bad(error.to_string()))?;
        roots.add(certificate).map_err(|error| bad(error.to_string()))?;
    }
    if roots.is_empty() { Err(TlsSetupError::EmptyCa { path: path.to_owned() }) } else { Ok(roots) }
}
