//! TLS, and certificates that change under way. The keys in `testdata` were made for these tests and protect nothing.

use std::{
    path::{Path, PathBuf},
    sync::Arc,
};

use rustls::{ClientConfig, RootCertStore, crypto::aws_lc_rs};
use rustls_pki_types::{CertificateDer, ServerName, pem::PemObject};
use tokio_rustls::{TlsConnector, client::TlsStream};

use super::*;
use crate::tls::{Files, ReadError};

fn testdata(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("testdata").join(name)
}

/// Certificate and key in a directory of their own, removed at the end.
struct Installed(PathBuf);

impl Installed {
    fn new(name: &str) -> Self {
        let directory = std::env::temp_dir().join(format!("wharf-tls-{}", uuid::Uuid::new_v4()));
        std::fs::create_dir(&directory).unwrap();
        let installed = Self(directory);
        installed.install(name, name);
        installed
    }

    fn install(&self, certificate: &str, key: &str) {
        let files = self.files();
        std::fs::copy(testdata(&format!("{certificate}.crt")), files.certificate).unwrap();
        std::fs::copy(testdata(&format!("{key}.key")), files.key).unwrap();
    }

    fn files(&self) -> Files {
        Files { certificate: self.0.join("tls.crt"), key: self.0.join("tls.key") }
    }
}

impl Drop for Installed {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

/// Connects as a client that trusts this certificate and no other.
async fn connect(address: SocketAddr, trusted: &str) -> std::io::Result<TlsStream<TcpStream>> {
    let mut roots = RootCertStore::empty();
    roots.add(CertificateDer::from_pem_file(testdata(&format!("{trusted}.crt"))).unwrap()).unwrap();
    let mut config = ClientConfig::builder_with_provider(Arc::new(aws_lc_rs::default_provider()))
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_root_certificates(roots)
        .with_no_client_auth();
    config.alpn_protocols = vec![b"h2".to_vec(), b"http/1.1".to_vec()];
    let name = ServerName::try_from(format!("{trusted}.test")).unwrap();
    TlsConnector::from(Arc::new(config)).connect(name, TcpStream::connect(address).await?).await
}

/// Waits until a client that trusts this certificate is served.
async fn served(address: SocketAddr, trusted: &str) {
    let trying = async {
        while connect(address, trusted).await.is_err() {
            sleep(Duration::from_millis(20)).await;
        }
    };
    timeout(PATIENCE, trying).await.unwrap_or_else(|_| panic!("{trusted} is served"));
}

#[tokio::test]
async fn requests_are_served_over_tls_and_http2_is_offered() {
    let installed = Installed::new("first");
    let running = Running::start_with(quick(), Some(Tls::new(installed.files()).unwrap()));
    let mut stream = connect(running.address, "first").await.unwrap();
    assert_eq!(stream.get_ref().1.alpn_protocol(), Some(&b"h2"[..]));
    // The server takes the protocol from the bytes, whatever was negotiated.
    stream.write_all(b"GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n").await.unwrap();
    let mut answer = String::new();
    let _ = stream.read_to_string(&mut answer).await;
    assert!(answer.ends_with("tls=true"), "{answer}");
    running.stop().await;
}

#[tokio::test]
async fn a_handshake_that_does_not_come_is_given_up() {
    let installed = Installed::new("first");
    let running = Running::start_with(quick(), Some(Tls::new(installed.files()).unwrap()));
    let mut client = running.connect().await;
    assert_eq!(client.read_to_end().await, "");
    running.stop().await;
}

#[tokio::test]
async fn a_new_certificate_is_taken_up_and_a_bad_one_is_not() {
    let installed = Installed::new("first");
    let running = Running::start_with(quick(), Some(Tls::new(installed.files()).unwrap()));
    served(running.address, "first").await;
    installed.install("second", "second");
    served(running.address, "second").await;
    assert!(connect(running.address, "first").await.is_err());
    // A certificate with the key of another, then one that is cut short.
    installed.install("first", "second");
    sleep(Duration::from_millis(150)).await;
    served(running.address, "second").await;
    std::fs::write(installed.files().certificate, "-----BEGIN CERTIFICATE-----\n").unwrap();
    sleep(Duration::from_millis(150)).await;
    served(running.address, "second").await;
    installed.install("first", "first");
    served(running.address, "first").await;
    running.stop().await;
}

#[test]
fn what_is_wrong_with_the_files_is_said_of_the_right_one() {
    let installed = Installed::new("first");
    let missing = || PathBuf::from("/nonexistent/tls.pem");
    let fault = |certificate: PathBuf, key: PathBuf| Files { certificate, key }.read().unwrap_err();
    assert!(matches!(fault(missing(), testdata("first.key")), ReadError::Certificate(_)));
    assert!(matches!(fault(testdata("first.key"), testdata("first.key")), ReadError::Certificate(_)));
    assert!(matches!(fault(testdata("first.crt"), missing()), ReadError::Key(_)));
    assert!(matches!(fault(testdata("first.crt"), testdata("first.crt")), ReadError::Key(_)));
    let ReadError::Key(mismatch) = fault(testdata("first.crt"), testdata("second.key")) else { panic!("wrong file") };
    assert!(mismatch.contains("does not belong to the certificate"), "{mismatch}");
    assert!(installed.files().read().is_ok());
}
