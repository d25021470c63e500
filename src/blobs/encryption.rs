//! What an S3 service is asked to encrypt an object with, at rest and by itself. Who wants what is decided by the caller; here
//! are the words for it.

use object_store::aws::{AmazonS3Builder, AmazonS3ConfigKey};
use serde::{Deserialize, Serialize};

/// How the service is to encrypt what an upload becomes. An upload that has none gets what is set for the bucket.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ObjectEncryption {
    /// With keys of the service (SSE-S3).
    Aes256,
    /// With a key of KMS (SSE-KMS).
    Kms {
        /// Its id, ARN or alias; none means the one that the service keeps for itself.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        key: Option<String>,
    },
    /// With a key of KMS, in two layers (DSSE-KMS).
    KmsDsse {
        /// As for [`Self::Kms`].
        #[serde(default, skip_serializing_if = "Option::is_none")]
        key: Option<String>,
    },
}

impl ObjectEncryption {
    /// The value of `x-amz-server-side-encryption`.
    pub(crate) fn algorithm(&self) -> &'static str {
        match self {
            Self::Aes256 => "AES256",
            Self::Kms { .. } => "aws:kms",
            Self::KmsDsse { .. } => "aws:kms:dsse",
        }
    }

    /// The value of `x-amz-server-side-encryption-aws-kms-key-id`.
    fn key(&self) -> Option<&str> {
        match self {
            Self::Aes256 => None,
            Self::Kms { key } | Self::KmsDsse { key } => key.as_deref(),
        }
    }

    /// Whether the service names what it encrypts so by something else than MD5s.
    pub(crate) fn hides_etags(&self) -> bool {
        !matches!(self, Self::Aes256)
    }

    /// A client whose new objects are encrypted so.
    pub(crate) fn applied_to(&self, builder: AmazonS3Builder) -> object_store::Result<AmazonS3Builder> {
        // The type of these keys has no name outside of object_store.
        let setting = |name: &str| name.parse::<AmazonS3ConfigKey>();
        let builder = builder.with_config(setting("aws_server_side_encryption")?, self.algorithm());
        Ok(match self.key() {
            Some(key) => builder.with_config(setting("aws_sse_kms_key_id")?, key),
            None => builder,
        })
    }
}

/// Why a service did not encrypt or decrypt: its word for it, if its answer is about that.
///
/// `asked` is what it was asked to encrypt with. Services differ in how they refuse an encryption that they do not know or do
/// not have; of a request that asks for one, these refusals are about it.
pub(crate) fn refusal(answer: &str, asked: Option<&ObjectEncryption>) -> Option<String> {
    const ABOUT_ENCRYPTION: [&str; 4] =
        ["InvalidArgument", "InvalidEncryptionAlgorithmError", "InvalidRequest", "NotImplemented"];
    /// Of a KMS that is there and busy or in trouble: the same may work in a moment.
    const PASSING: [&str; 5] = ["Throttling", "LimitExceeded", "Internal", "Timeout", "Unavailable"];
    let (_, rest) = answer.split_once("<Code>")?;
    let (code, _) = rest.split_once("</Code>")?;
    let word = code.len() <= 80 && code.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'.');
    let kms = code.contains("KMS") && !PASSING.iter().any(|passing| code.contains(passing));
    // What one may not do with a key is said in the words of IAM: "not authorized to perform: kms:Decrypt on …". Not by all:
    // of a request that names KMS it may be the key as well as the bucket.
    let of_kms = asked.is_some_and(|asked| *asked != ObjectEncryption::Aes256);
    let forbidden = code == "AccessDenied" && (of_kms || rest.contains(" kms:"));
    let refused = kms || forbidden || (asked.is_some() && ABOUT_ENCRYPTION.contains(&code));
    (word && refused).then(|| code.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn kms(key: Option<&str>) -> ObjectEncryption {
        ObjectEncryption::Kms { key: key.map(str::to_owned) }
    }

    #[test]
    fn each_encryption_has_its_headers() {
        let dsse = ObjectEncryption::KmsDsse { key: Some("alias/k".to_owned()) };
        let said = |encryption: &ObjectEncryption| (encryption.algorithm(), encryption.key().map(str::to_owned));
        assert_eq!(said(&ObjectEncryption::Aes256), ("AES256", None));
        assert_eq!(said(&kms(None)), ("aws:kms", None));
        assert_eq!(said(&kms(Some("k"))), ("aws:kms", Some("k".to_owned())));
        assert_eq!(said(&dsse), ("aws:kms:dsse", Some("alias/k".to_owned())));
        let usable = |encryption: &ObjectEncryption| {
            let builder = AmazonS3Builder::new().with_bucket_name("bucket").with_region("us-east-1");
            encryption.applied_to(builder).and_then(AmazonS3Builder::build).is_ok()
        };
        for encryption in [ObjectEncryption::Aes256, kms(None), kms(Some("arn:aws:kms:a:1:key/k")), dsse] {
            assert!(usable(&encryption), "{encryption:?}");
        }
        assert!(!usable(&kms(Some("two\nlines"))));
    }

    #[test]
    fn they_are_kept_as_json() {
        for (encryption, text) in [
            (ObjectEncryption::Aes256, r#""aes256""#),
            (kms(None), r#"{"kms":{}}"#),
            (kms(Some("k")), r#"{"kms":{"key":"k"}}"#),
            (ObjectEncryption::KmsDsse { key: None }, r#"{"kms_dsse":{}}"#),
        ] {
            assert_eq!(serde_json::to_string(&encryption).unwrap(), text);
            assert_eq!(serde_json::from_str::<ObjectEncryption>(text).unwrap(), encryption);
        }
    }

    #[test]
    fn a_refusal_is_known_by_its_code() {
        let answer = |code: &str, message: &str| {
            format!("400 Bad Request: <Error><Code>{code}</Code><Message>{message}</Message></Error>")
        };
        let said = |code: &str, asked: Option<&ObjectEncryption>| refusal(&answer(code, "No."), asked);
        for code in ["KMS.NotFoundException", "KMS.DisabledException", "KMS.KMSInvalidStateException"] {
            assert_eq!(said(code, None).as_deref(), Some(code));
        }
        for code in ["AccessDenied", "NotImplemented", "InvalidEncryptionAlgorithmError"] {
            assert_eq!(said(code, Some(&kms(None))).as_deref(), Some(code));
            assert_eq!(said(code, None), None, "{code} says nothing about encryption");
        }
        assert_eq!(said("AccessDenied", Some(&ObjectEncryption::Aes256)), None, "the bucket may not be written to");
        let forbidden = answer("AccessDenied", "u is not authorized to perform: kms:Decrypt on resource: k");
        assert_eq!(refusal(&forbidden, None).as_deref(), Some("AccessDenied"));
        for code in ["SlowDown", "NoSuchBucket", "KMS.ThrottlingException", "KMS.InternalException", "KMS <b>"] {
            assert_eq!(said(code, Some(&kms(None))), None, "{code}");
        }
        assert_eq!(refusal("connection refused", Some(&kms(None))), None);
    }
}
