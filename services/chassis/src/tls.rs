//! TLS of listeners and links, from PEM files that may be replaced while the process runs: a new connection is made with
//! what the files hold by then. Files that cannot be used leave in use what was there before.

use std::{
    error::Error as StdError,
    io,
    path::{Path, PathBuf},
    sync::{Arc, Mutex, PoisonError, RwLock},
    time::Duration,
};

use rustls::{
    CertificateError, ClientConfig, RootCertStore, ServerConfig,
    crypto::{CryptoProvider, ring},
    pki_types::{CertificateDer, PrivateKeyDer, pem::PemObject as _},
    server::WebPkiClientVerifier,
};
use tokio_util::sync::CancellationToken;

use crate::secret::sha256;

/// How often the files are looked at.
const LOOK: Duration = Duration::from_secs(1);

/// A port that is listened on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Port {
    /// All gRPC services of the process.
    Grpc,
    /// Dialects, health and metrics.
    Http,
}

impl Port {
    /// Its name in settings, logs and metrics.
    pub fn name(self) -> &'static str {
        match self {
            Self::Grpc => "grpc",
            Self::Http => "http",
        }
    }

    fn protocols(self) -> Vec<Vec<u8>> {
        match self {
            Self::Grpc => vec![b"h2".to_vec()],
            Self::Http => vec![b"h2".to_vec(), b"http/1.1".to_vec()],
        }
    }
}

/// A certificate and its key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct IdentityFiles {
    /// The certificate, and behind it those that lead to an authority.
    pub certificate: PathBuf,
    /// Its private key.
    pub key: PathBuf,
}

/// What a listener shows, and what it asks for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ListenerFiles {
    /// What it shows.
    pub identity: IdentityFiles,
    /// Authorities of which every caller has to show a certificate; callers need none when absent.
    pub client_authorities: Option<PathBuf>,
}

/// What links trust, and what they show.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LinkFiles {
    /// Authorities of which the other side has to show a certificate.
    pub authorities: PathBuf,
    /// What is shown to a listener that asks for it.
    pub identity: Option<IdentityFiles>,
}

/// Why PEM files cannot be used. Never with what is in them.
#[derive(Debug, thiserror::Error)]
pub enum TlsError {
    /// A file is not there, or may not be read.
    #[error("{} cannot be read: {cause}", .path.display())]
    Unreadable {
        /// The file.
        path: PathBuf,
        /// What the system said.
        cause: io::Error,
    },
    /// A file does not hold what it is for.
    #[error("{} holds no {what} in PEM", .path.display())]
    Nothing {
        /// The file.
        path: PathBuf,
        /// What it is for.
        what: &'static str,
    },
    /// What a file holds is of no use, or does not belong to the rest.
    #[error("{} cannot be used: {cause}", .path.display())]
    Refused {
        /// The file.
        path: PathBuf,
        /// What TLS said.
        cause: String,
    },
}

impl TlsError {
    fn refused(path: &Path, cause: impl ToString) -> Self {
        Self::Refused {
            path: path.to_owned(),
            cause: cause.to_string(),
        }
    }
}

impl IdentityFiles {
    fn paths(&self) -> [&PathBuf; 2] {
        [&self.certificate, &self.key]
    }

    fn read(&self) -> Result<(Vec<CertificateDer<'static>>, PrivateKeyDer<'static>), TlsError> {
        let chain = certificates(&self.certificate)?;
        let key = PrivateKeyDer::from_pem_slice(&read(&self.key)?);
        let key = key.map_err(|_| TlsError::Nothing {
            path: self.key.clone(),
            what: "private key",
        })?;
        Ok((chain, key))
    }
}

impl ListenerFiles {
    /// Whether they can be used.
    pub fn check(&self, port: Port) -> Result<(), TlsError> {
        self.config(port).map(drop)
    }

    fn paths(&self) -> Vec<PathBuf> {
        let paths = self.identity.paths().into_iter();
        paths.chain(&self.client_authorities).cloned().collect()
    }

    fn config(&self, port: Port) -> Result<ServerConfig, TlsError> {
        let (chain, key) = self.identity.read()?;
        let provider = provider();
        let refused = |cause| TlsError::refused(&self.identity.certificate, cause);
        let builder = ServerConfig::builder_with_provider(provider.clone())
            .with_safe_default_protocol_versions()
            .map_err(refused)?;
        let builder = match &self.client_authorities {
            None => builder.with_no_client_auth(),
            Some(path) => {
                let roots = Arc::new(authorities(path)?);
                let verifier = WebPkiClientVerifier::builder_with_provider(roots, provider)
                    .build()
                    .map_err(|cause| TlsError::refused(path, cause))?;
                builder.with_client_cert_verifier(verifier)
            }
        };
        let mut config = builder.with_single_cert(chain, key).map_err(refused)?;
        config.alpn_protocols = port.protocols();
        Ok(config)
    }
}

impl LinkFiles {
    /// Whether they can be used.
    pub fn check(&self) -> Result<(), TlsError> {
        self.config().map(drop)
    }

    fn paths(&self) -> Vec<PathBuf> {
        let identity = self.identity.iter().flat_map(IdentityFiles::paths);
        identity.chain([&self.authorities]).cloned().collect()
    }

    fn config(&self) -> Result<ClientConfig, TlsError> {
        let builder = ClientConfig::builder_with_provider(provider())
            .with_safe_default_protocol_versions()
            .map_err(|cause| TlsError::refused(&self.authorities, cause))?
            .with_root_certificates(authorities(&self.authorities)?);
        let mut config = match &self.identity {
            None => builder.with_no_client_auth(),
            Some(identity) => {
                let (chain, key) = identity.read()?;
                builder
                    .with_client_auth_cert(chain, key)
                    .map_err(|cause| TlsError::refused(&identity.certificate, cause))?
            }
        };
        config.alpn_protocols = Port::Grpc.protocols();
        Ok(config)
    }
}

/// The same cryptography as everywhere else in the process.
fn provider() -> Arc<CryptoProvider> {
    Arc::new(ring::default_provider())
}

fn read(path: &Path) -> Result<Vec<u8>, TlsError> {
    std::fs::read(path).map_err(|cause| TlsError::Unreadable {
        path: path.to_owned(),
        cause,
    })
}

fn certificates(path: &Path) -> Result<Vec<CertificateDer<'static>>, TlsError> {
    let text = read(path)?;
    let found: Result<Vec<_>, _> = CertificateDer::pem_slice_iter(&text).collect();
    found
        .ok()
        .filter(|found| !found.is_empty())
        .ok_or_else(|| TlsError::Nothing {
            path: path.to_owned(),
            what: "certificate",
        })
}

fn authorities(path: &Path) -> Result<RootCertStore, TlsError> {
    let mut roots = RootCertStore::empty();
    for authority in certificates(path)? {
        let added = roots.add(authority);
        added.map_err(|cause| TlsError::refused(path, cause))?;
    }
    Ok(roots)
}

/// What some files make, made again when they change. Cheap to clone; all clones are one.
pub struct Tls<Made>(Arc<Files<Made>>);

/// TLS of a listener.
pub type ListenerTls = Tls<ServerConfig>;
/// TLS of links.
pub type LinkTls = Tls<ClientConfig>;

struct Files<Made> {
    purpose: &'static str,
    paths: Vec<PathBuf>,
    make: Box<dyn Fn() -> Result<Made, TlsError> + Send + Sync>,
    current: RwLock<Arc<Made>>,
    /// What was in the files when they were looked at last; nothing where one could not be read.
    seen: Mutex<Vec<Option<[u8; 32]>>>,
}

impl<Made> Clone for Tls<Made> {
    fn clone(&self) -> Self {
        Self(self.0.clone())
    }
}

impl Tls<ServerConfig> {
    /// Reads the files of a listener.
    pub fn listener(port: Port, files: &ListenerFiles) -> Result<Self, TlsError> {
        let own = files.clone();
        Self::open(port.name(), files.paths(), move || own.config(port))
    }
}

impl Tls<ClientConfig> {
    /// Reads the files of links.
    pub fn links(files: &LinkFiles) -> Result<Self, TlsError> {
        let own = files.clone();
        Self::open("links", files.paths(), move || own.config())
    }
}

impl<Made: Send + Sync + 'static> Tls<Made> {
    fn open(
        purpose: &'static str,
        paths: Vec<PathBuf>,
        make: impl Fn() -> Result<Made, TlsError> + Send + Sync + 'static,
    ) -> Result<Self, TlsError> {
        // Before they are used: what changes in between is seen at the next look.
        let seen = digests(&paths);
        let made = make()?;
        tell(purpose, true, 0);
        Ok(Self(Arc::new(Files {
            purpose,
            paths,
            make: Box::new(make),
            current: RwLock::new(Arc::new(made)),
            seen: Mutex::new(seen),
        })))
    }

    /// What connections are made with now.
    pub fn current(&self) -> Arc<Made> {
        let current = self.0.current.read();
        current.unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// What it is for: `grpc`, `http` or `links`.
    pub fn purpose(&self) -> &'static str {
        self.0.purpose
    }

    /// Takes in what changes in the files, until shutdown.
    pub async fn watch(self, shutdown: CancellationToken) {
        loop {
            let pause = tokio::time::sleep(LOOK);
            if shutdown.run_until_cancelled(pause).await.is_none() {
                return;
            }
            let files = self.0.clone();
            if let Err(panic) = tokio::task::spawn_blocking(move || files.look()).await {
                tracing::error!(%panic, purpose = self.0.purpose, "TLS files could not be looked at");
            }
        }
    }
}

impl<Made> Files<Made> {
    fn look(&self) {
        let now = digests(&self.paths);
        let mut seen = self.seen.lock().unwrap_or_else(PoisonError::into_inner);
        if *seen == now {
            return;
        }
        *seen = now;
        match (self.make)() {
            Ok(made) => {
                let mut current = self.current.write().unwrap_or_else(PoisonError::into_inner);
                *current = Arc::new(made);
                tracing::info!(purpose = self.purpose, "new TLS files are in use");
                tell(self.purpose, true, 1);
            }
            Err(error) => {
                tracing::error!(
                    purpose = self.purpose, %error,
                    "new TLS files cannot be used; those before them stay in use"
                );
                tell(self.purpose, false, 0);
            }
        }
    }
}

fn digests(paths: &[PathBuf]) -> Vec<Option<[u8; 32]>> {
    let digest = |path: &PathBuf| std::fs::read(path).ok().map(|text| sha256(&text));
    paths.iter().map(digest).collect()
}

fn tell(purpose: &'static str, usable: bool, rotations: u64) {
    metrics::gauge!("perennial_tls_files_usable", "purpose" => purpose).set(u8::from(usable));
    metrics::counter!("perennial_tls_rotations_total", "purpose" => purpose).increment(rotations);
}

/// What TLS said, if that is why something failed.
pub fn refusal<'a>(error: &'a (dyn StdError + 'static)) -> Option<&'a rustls::Error> {
    let mut next = Some(error);
    while let Some(error) = next {
        if let Some(found) = error.downcast_ref::<rustls::Error>() {
            return Some(found);
        }
        // What an I/O error was made of is not its source.
        let inside = error
            .downcast_ref::<io::Error>()
            .and_then(io::Error::get_ref);
        next = match inside {
            Some(inside) => Some(inside),
            None => error.source(),
        };
    }
    None
}

/// Whether a certificate was refused because its time is over.
pub fn is_expired(error: &rustls::Error) -> bool {
    matches!(
        error,
        rustls::Error::InvalidCertificate(
            CertificateError::Expired | CertificateError::ExpiredContext { .. }
        )
    )
}

#[cfg(test)]
mod tests;
