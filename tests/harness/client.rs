//! A small HTTP client for registries: a base address, credentials and calls whose answers can be checked. It follows no
//! redirects and decodes nothing, so that a test sees what the server sent. Malformed HTTP is the business of `raw`.

use std::net::IpAddr;
use std::time::Duration;

use bytes::Bytes;
use futures_util::Stream;
use http::Method;

use super::answer::Answer;
use super::repository::Repository;

/// The credentials that a client sends with every request.
#[derive(Clone, Debug)]
pub enum Auth {
    /// None at all.
    None,
    /// `Authorization: Basic`.
    Basic(String, String),
    /// `Authorization: Bearer`.
    Bearer(String),
    /// This value of `Authorization`, as it is.
    Verbatim(Vec<u8>),
}

impl Auth {
    /// `Authorization: Basic`.
    pub fn basic(user: &str, password: &str) -> Self {
        Self::Basic(user.to_owned(), password.to_owned())
    }
}

/// A client of one server with one set of credentials.
#[derive(Clone, Debug)]
pub struct Client {
    http: reqwest::Client,
    base: String,
    auth: Auth,
}

/// A request that is being put together.
pub struct Call {
    request: reqwest::RequestBuilder,
    method: Method,
    target: String,
}

fn builder() -> reqwest::ClientBuilder {
    reqwest::Client::builder()
        .no_proxy()
        .redirect(reqwest::redirect::Policy::none())
        // Reading the system's certificates takes longer than most tests, and no test server has one of them.
        .tls_certs_only([])
        // A server that hangs must fail the test, not the patience of whoever runs it.
        .connect_timeout(Duration::from_secs(30))
        .read_timeout(Duration::from_secs(100))
}

impl Client {
    /// A client of the server at `base`.
    pub fn new(base: &str, auth: Auth) -> Self {
        let http = builder().build().expect("the client's settings are valid");
        Self { http, base: base.to_owned(), auth }
    }

    /// A client whose connections come from this local address.
    pub fn from(base: &str, auth: Auth, source: IpAddr) -> Self {
        let http = builder().local_address(source).build().expect("the client's settings are valid");
        Self { http, base: base.to_owned(), auth }
    }

    /// The same connections with other credentials.
    #[must_use]
    pub fn as_(&self, auth: Auth) -> Self {
        Self { auth, ..self.clone() }
    }

    /// The same credentials towards another server.
    #[must_use]
    pub fn at(&self, base: &str) -> Self {
        Self { base: base.to_owned(), ..self.clone() }
    }

    /// `http://host:port` of the server.
    pub fn base(&self) -> &str {
        &self.base
    }

    /// A repository on the server.
    pub fn repository(&self, name: &str) -> Repository {
        Repository::new(self.clone(), name)
    }

    /// A call of any method. `target` is a path with its query, or an absolute URL that must be on this server.
    pub fn call(&self, method: Method, target: &str) -> Call {
        let url = match target.contains("://") {
            true => {
                assert!(target.starts_with(&self.base), "{target} leads away from {}", self.base);
                target.to_owned()
            }
            false => format!("{}{target}", self.base),
        };
        let request = self.http.request(method.clone(), url);
        let request = match &self.auth {
            Auth::None => request,
            Auth::Basic(user, password) => request.basic_auth(user, Some(password)),
            Auth::Bearer(token) => request.bearer_auth(token),
            Auth::Verbatim(value) => request.header("authorization", value.as_slice()),
        };
        Call { request, method, target: target.to_owned() }
    }

    /// GET.
    pub fn get(&self, target: &str) -> Call {
        self.call(Method::GET, target)
    }

    /// HEAD.
    pub fn head(&self, target: &str) -> Call {
        self.call(Method::HEAD, target)
    }

    /// POST.
    pub fn post(&self, target: &str) -> Call {
        self.call(Method::POST, target)
    }

    /// PUT.
    pub fn put(&self, target: &str) -> Call {
        self.call(Method::PUT, target)
    }

    /// PATCH.
    pub fn patch(&self, target: &str) -> Call {
        self.call(Method::PATCH, target)
    }

    /// DELETE.
    pub fn delete(&self, target: &str) -> Call {
        self.call(Method::DELETE, target)
    }
}

impl Call {
    /// Adds a header.
    #[must_use]
    pub fn header(mut self, name: &str, value: impl AsRef<[u8]>) -> Self {
        self.request = self.request.header(name, value.as_ref());
        self
    }

    /// Sends these bytes with their `Content-Length`.
    #[must_use]
    pub fn body(mut self, body: impl Into<Bytes>) -> Self {
        self.request = self.request.body(body.into());
        self
    }

    /// Sends a body of unannounced length, `Transfer-Encoding: chunked`.
    #[must_use]
    pub fn stream<S>(mut self, body: S) -> Self
    where
        S: Stream<Item = std::io::Result<Bytes>> + Send + 'static,
    {
        self.request = self.request.body(reqwest::Body::wrap_stream(body));
        self
    }

    /// Sends a form.
    #[must_use]
    pub fn form(self, fields: &[(&str, &str)]) -> Self {
        let encoded: Vec<String> =
            fields.iter().map(|(name, value)| format!("{}={}", encode(name), encode(value))).collect();
        self.header("content-type", "application/x-www-form-urlencoded").body(encoded.join("&"))
    }

    /// Sends the request and reads the whole answer; fails the test when there is none.
    pub async fn send(self) -> Answer {
        let name = format!("{} {}", self.method, self.target);
        self.try_send().await.unwrap_or_else(|error| panic!("{name}: no whole answer: {error:?}"))
    }

    /// Sends the request; an error is a connection that broke before the whole answer was there.
    pub async fn try_send(self) -> reqwest::Result<Answer> {
        let response = self.request.send().await?;
        let (status, headers) = (response.status(), response.headers().clone());
        let body = response.bytes().await?;
        Ok(Answer::new(self.method, self.target, status, headers, body))
    }

    /// Sends the request and gives the answer before its body is read.
    pub async fn open(self) -> reqwest::Result<reqwest::Response> {
        self.request.send().await
    }
}

/// Percent-encodes everything but unreserved characters, as a value in a query needs it.
pub fn encode(text: &str) -> String {
    text.bytes()
        .map(|byte| match byte {
            b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' => char::from(byte).to_string(),
            other => format!("%{other:02X}"),
        })
        .collect()
}
