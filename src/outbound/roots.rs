//! Certificates that an operator trusts beside those of the system: those of a network of one's own.

use reqwest::Certificate;

/// Certificates of authorities.
#[derive(Debug, Clone, Default)]
pub struct Roots(Vec<Certificate>);

impl Roots {
    /// Reads a PEM file. It must hold at least one certificate.
    pub fn parse(pem: &[u8]) -> Result<Self, String> {
        match Certificate::from_pem_bundle(pem) {
            Ok(certificates) if certificates.is_empty() => Err("holds no certificate".to_owned()),
            Ok(certificates) => {
                // What is inside each is looked at only when a client is set up with it.
                let client = reqwest::Client::builder().tls_certs_only(certificates.clone()).build();
                client.map_err(|error| format!("holds a certificate that cannot be read: {error}"))?;
                Ok(Self(certificates))
            }
            Err(error) => Err(format!("holds no certificates: {error}")),
        }
    }

    /// Them, for a client of its own kind.
    pub fn certificates(&self) -> impl Iterator<Item = Certificate> + use<> {
        self.0.clone().into_iter()
    }
}
