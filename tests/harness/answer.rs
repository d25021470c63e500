//! The answer to a call, and what can be demanded of it. That every error is the specification's JSON is demanded of each
//! answer that is built, so no test can forget it.

use bytes::Bytes;
use http::{HeaderMap, Method, StatusCode};
use serde_json::Value;

/// The codes a client may be shown: the specification's list, and `TAG_INVALID`, which Docker's registry gave and clients know.
const CODES: &[&str] = &[
    "BLOB_UNKNOWN",
    "BLOB_UPLOAD_INVALID",
    "BLOB_UPLOAD_UNKNOWN",
    "DENIED",
    "DIGEST_INVALID",
    "EXTENSION_UNKNOWN",
    "MANIFEST_BLOB_UNKNOWN",
    "MANIFEST_INVALID",
    "MANIFEST_UNKNOWN",
    "NAME_INVALID",
    "NAME_UNKNOWN",
    "SIZE_INVALID",
    "TAG_INVALID",
    "TOOMANYREQUESTS",
    "UNAUTHORIZED",
    "UNSUPPORTED",
];

/// A whole answer.
#[derive(Clone, Debug)]
pub struct Answer {
    request: String,
    status: StatusCode,
    headers: HeaderMap,
    body: Bytes,
}

impl Answer {
    /// Takes an answer and checks what every answer must keep.
    pub fn new(method: Method, target: String, status: StatusCode, headers: HeaderMap, body: Bytes) -> Self {
        let answer = Self { request: format!("{method} {target}"), status, headers, body };
        let registry = target.contains("/v2/") || target.ends_with("/v2") || target.starts_with("/token");
        if registry {
            assert!(answer.header_opt("x-request-id").is_some(), "{answer}: no X-Request-Id");
            assert!(answer.header_opt("content-encoding").is_none(), "{answer}: must not be compressed");
            if status.as_u16() >= 400 && method != Method::HEAD {
                answer.assert_error_shape();
            }
            // Object stores put names of buckets and other tenants into such headers.
            for name in answer.headers.keys() {
                let name = name.as_str();
                assert!(!name.starts_with("x-amz-") && !name.starts_with("x-ms-"), "{answer}: leaks the header {name}");
            }
        }
        answer
    }

    fn assert_error_shape(&self) {
        let kind = self.header_opt("content-type").unwrap_or_default();
        assert!(kind.starts_with("application/json"), "{self}: an error must be application/json, not {kind:?}");
        let document: Value = serde_json::from_slice(&self.body).unwrap_or_else(|error| panic!("{self}: {error}"));
        let errors = document["errors"].as_array().unwrap_or_else(|| panic!("{self}: no errors array"));
        assert!(!errors.is_empty(), "{self}: the errors array is empty");
        for error in errors {
            let code = error["code"].as_str().unwrap_or_else(|| panic!("{self}: no code"));
            assert!(code.bytes().all(|byte| byte.is_ascii_uppercase() || byte == b'_'), "{self}: code {code}");
            if self.status.is_client_error() {
                assert!(CODES.contains(&code), "{self}: {code} is not in the specification's list");
            }
            assert!(error["message"].as_str().is_some_and(|message| !message.is_empty()), "{self}: no message");
        }
        let text = String::from_utf8_lossy(&self.body).to_lowercase();
        for leak in ["sqlx", "select ", "insert into", "/tmp/", "wharf-data", "panicked", "os error", "src/"] {
            assert!(!text.contains(leak), "{self}: leaks {leak:?}");
        }
    }

    /// The status as a number.
    pub fn status(&self) -> u16 {
        self.status.as_u16()
    }

    /// The body.
    pub fn body(&self) -> &Bytes {
        &self.body
    }

    /// All headers.
    pub fn headers(&self) -> &HeaderMap {
        &self.headers
    }

    /// A header that may be absent.
    pub fn header_opt(&self, name: &str) -> Option<&str> {
        self.headers.get(name).map(|value| value.to_str().expect("headers are ASCII"))
    }

    /// A header that must be there, once.
    #[track_caller]
    pub fn header(&self, name: &str) -> &str {
        let values: Vec<_> = self.headers.get_all(name).iter().collect();
        assert_eq!(values.len(), 1, "{self}: {name} must be there exactly once");
        values[0].to_str().expect("headers are ASCII")
    }

    /// Demands a status.
    #[track_caller]
    pub fn expect(self, status: u16) -> Self {
        assert_eq!(self.status(), status, "{self}");
        self
    }

    /// Demands one of several statuses.
    #[track_caller]
    pub fn expect_one_of(self, statuses: &[u16]) -> Self {
        assert!(statuses.contains(&self.status()), "expected one of {statuses:?}: {self}");
        self
    }

    /// Demands an error with this status and this code first.
    #[track_caller]
    pub fn expect_error(self, status: u16, code: &str) -> Self {
        assert_eq!((self.status(), self.code().as_str()), (status, code), "{self}");
        self
    }

    /// Demands a header with a value.
    #[track_caller]
    pub fn expect_header(self, name: &str, value: &str) -> Self {
        assert_eq!(self.header(name), value, "{self}: {name}");
        self
    }

    /// Demands that a header is absent.
    #[track_caller]
    pub fn expect_no_header(self, name: &str) -> Self {
        assert!(self.header_opt(name).is_none(), "{self}: {name} must be absent");
        self
    }

    /// Demands a body, byte for byte.
    #[track_caller]
    pub fn expect_body(self, body: &[u8]) -> Self {
        assert!(self.body == body, "{self}: {} bytes that are not the {} expected", self.body.len(), body.len());
        self
    }

    /// The first error code, empty when there is none.
    pub fn code(&self) -> String {
        self.codes().into_iter().next().unwrap_or_default()
    }

    /// All error codes.
    pub fn codes(&self) -> Vec<String> {
        let document: Value = serde_json::from_slice(&self.body).unwrap_or(Value::Null);
        let errors = document["errors"].as_array().cloned().unwrap_or_default();
        errors.iter().filter_map(|error| error["code"].as_str().map(str::to_owned)).collect()
    }

    /// The body as JSON.
    #[track_caller]
    pub fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap_or_else(|error| panic!("{self}: not JSON: {error}"))
    }

    /// The strings of an array in the body's JSON.
    #[track_caller]
    pub fn strings(&self, field: &str) -> Vec<String> {
        let document = self.json();
        let array = document[field].as_array().unwrap_or_else(|| panic!("{self}: {field} is not an array"));
        array.iter().map(|value| value.as_str().expect("an array of strings").to_owned()).collect()
    }

    /// The target of `Link: <…>; rel="next"`, which must be the only link and relative.
    #[track_caller]
    pub fn next(&self) -> Option<String> {
        self.header_opt("link")?;
        let link = self.header("link");
        let (target, parameters) = link.split_once('>').unwrap_or_else(|| panic!("{self}: Link is {link}"));
        assert_eq!(parameters.trim_start_matches(';').trim(), "rel=\"next\"", "{self}: Link is {link}");
        let target = target.strip_prefix('<').unwrap_or_else(|| panic!("{self}: Link is {link}"));
        assert!(target.starts_with("/v2/"), "{self}: the link must be relative to the host: {link}");
        Some(target.to_owned())
    }
}

impl std::fmt::Display for Answer {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let shown = &self.body[..self.body.len().min(400)];
        write!(f, "{} gave {}: {}", self.request, self.status, String::from_utf8_lossy(shown))?;
        for (name, value) in &self.headers {
            write!(f, "\n    {name}: {}", String::from_utf8_lossy(value.as_bytes()))?;
        }
        Ok(())
    }
}
