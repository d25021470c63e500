//! TLS: certificate and key from files, and the configuration that serves them. The files are looked at every few
//! seconds and read again when they changed; a bad new pair is reported and the old one stays in use.

use std::{path::PathBuf, sync::Arc, time::Duration};

use arc_swap::ArcSwap;
use rustls::{
    ServerConfig,
    crypto::{CryptoProvider, aws_lc_rs},
    server::{ClientHello, ResolvesServerCert},
    sign::CertifiedKey,
};
use rustls_pki_types::{CertificateDer, PrivateKeyDer, pem::PemObject};
use tokio_rustls::TlsAcceptor;
use tracing::{error, info};

/// Where certificate and key are.
#[derive(Debug, Clone)]
pub struct Files {
    /// PEM file with the certificate chain, the server's own first.
    pub certificate: PathBuf,
    /// PEM file with the private key.
    pub key: PathBuf,
}

/// Why certificate and key cannot be used. The texts contain nothing of the key.
#[derive(Debug, thiserror::Error)]
pub enum ReadError {
    /// The certificate file is missing or malformed.
    #[error("certificate: {0}")]
    Certificate(String),
    /// The key file is missing, malformed, or does not belong to the certificate.
    #[error("key: {0}")]
    Key(String),
}

impl Files {
    /// Reads both files and verifies that they belong together.
    pub fn read(&self) -> Result<CertifiedKey, ReadError> {
        let certificate = |fault: String| ReadError::Certificate(format!("{}: {fault}", self.certificate.display()));
        let key = |fault: String| ReadError::Key(format!("{}: {fault}", self.key.display()));
        let pem = std::fs::read(&self.certificate).map_err(|error| certificate(error.to_string()))?;
        let chain: Vec<CertificateDer<'static>> = CertificateDer::pem_slice_iter(&pem)
            .collect::<Result<_, _>>()
            .map_err(|error| certificate(error.to_string()))?;
        if chain.is_empty() {
            return Err(certificate("holds no PEM certificate".to_owned()));
        }
        let pem = std::fs::read(&self.key).map_err(|error| key(error.to_string()))?;
        let private = PrivateKeyDer::from_pem_slice(&pem).map_err(|_| key("holds no PEM private key".to_owned()))?;
        let signer = provider().key_provider.load_private_key(private).map_err(|error| key(error.to_string()))?;
        let pair = CertifiedKey::new(chain, signer);
        match pair.keys_match() {
            Ok(()) => Ok(pair),
            Err(rustls::Error::InconsistentKeys(rustls::InconsistentKeys::KeyMismatch)) => {
                Err(key(format!("does not belong to the certificate in {}", self.certificate.display())))
            }
            Err(error) => Err(certificate(error.to_string())),
        }
    }

    /// What changes when a file is replaced or written to.
    fn stamp(&self) -> Stamp {
        [&self.certificate, &self.key].map(|path| {
            use std::os::unix::fs::MetadataExt;
            let about = std::fs::metadata(path).ok()?;
            Some((about.mtime(), about.mtime_nsec(), about.len(), about.ino()))
        })
    }
}

/// Modification time, length and inode number of both files; `None` for one that is not there.
type Stamp = [Option<(i64, i64, u64, u64)>; 2];

/// The TLS side of the listener.
pub struct Tls {
    files: Files,
    current: Arc<Current>,
    stamp: Stamp,
}

/// The certificate and key in use.
#[derive(Debug)]
struct Current(ArcSwap<CertifiedKey>);

impl ResolvesServerCert for Current {
    fn resolve(&self, _hello: ClientHello<'_>) -> Option<Arc<CertifiedKey>> {
        Some(self.0.load_full())
    }
}

impl Tls {
    /// Reads the files for the first time.
    pub fn new(files: Files) -> Result<Self, ReadError> {
        // The stamp comes first: a file that changes in between is then read again.
        let stamp = files.stamp();
        let current = Arc::new(Current(ArcSwap::from_pointee(files.read()?)));
        Ok(Self { files, current, stamp })
    }

    /// What shakes hands with clients; it follows reloads by itself.
    pub(super) fn acceptor(&self) -> TlsAcceptor {
        let mut config = ServerConfig::builder_with_provider(provider())
            .with_safe_default_protocol_versions()
            .expect("the provider supports TLS 1.2 and 1.3")
            .with_no_client_auth()
            .with_cert_resolver(self.current.clone());
        config.alpn_protocols = vec![b"h2".to_vec(), b"http/1.1".to_vec()];
        TlsAcceptor::from(Arc::new(config))
    }

    /// Looks at the files every `interval`, for ever.
    pub(super) async fn watch(mut self, interval: Duration) {
        loop {
            tokio::time::sleep(interval).await;
            let checked = tokio::task::spawn_blocking(move || {
                self.reload_if_changed();
                self
            });
            match checked.await {
                Ok(tls) => self = tls,
                Err(_) => return,
            }
        }
    }

    fn reload_if_changed(&mut self) {
        let stamp = self.files.stamp();
        if stamp == self.stamp {
            return;
        }
        // Also after a failure: the next change is the next occasion, and the log does not fill up until then.
        self.stamp = stamp;
        match self.files.read() {
            Ok(pair) => {
                self.current.0.store(Arc::new(pair));
                info!("TLS certificate and key were read again");
            }
            Err(error) => error!(%error, "the new TLS certificate and key cannot be used; the old ones stay in use"),
        }
    }
}

fn provider() -> Arc<CryptoProvider> {
    Arc::new(aws_lc_rs::default_provider())
}
