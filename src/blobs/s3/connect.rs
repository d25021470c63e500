//! The HTTP client of a bucket: time-outs, few retries, no proxy, every request counted.

use std::future::Future;
use std::pin::Pin;
use std::time::Duration;

use object_store::aws::{AmazonS3, AmazonS3Builder};
use object_store::client::{HttpClient, HttpConnector, HttpError, HttpRequest, HttpResponse, HttpService};
use object_store::{ClientOptions, RetryConfig};

use crate::metrics::RequestLabels;
use crate::{Error, Metrics, Result, S3Config};

/// How long one request and its repetitions may take together before no further one is begun.
const RETRY_WITHIN: Duration = Duration::from_secs(20);
const CONNECT_WITHIN: Duration = Duration::from_secs(5);

/// A client that reads nothing from the environment. A total time-out would cut the long download of a slow client, so
/// silence is what is limited: also the silence between the end of a request and its answer.
pub(crate) fn http_client(config: &S3Config) -> Result<reqwest::Client> {
    let client = reqwest::Client::builder()
        .no_proxy()
        .redirect(reqwest::redirect::Policy::none())
        .http1_only()
        .tls_certs_merge(config.certificates.iter().cloned())
        .connect_timeout(CONNECT_WITHIN)
        .read_timeout(config.request_timeout)
        .build();
    client.map_err(|error| Error::Config { message: format!("cannot make an HTTP client for the bucket: {error}") })
}

/// A client of the bucket.
pub(crate) fn bucket(builder: AmazonS3Builder) -> Result<AmazonS3> {
    builder.build().map_err(|error| Error::Config { message: format!("cannot use the bucket: {error}") })
}

/// What makes clients of the bucket, as reached through `endpoint`.
pub(crate) fn builder(
    config: &S3Config,
    endpoint: Option<&str>,
    http: &reqwest::Client,
    metrics: &Metrics,
) -> AmazonS3Builder {
    let secure = endpoint.is_none_or(|endpoint| endpoint.starts_with("https://"));
    let mut builder = AmazonS3Builder::new()
        .with_bucket_name(&config.bucket)
        .with_region(&config.region)
        .with_virtual_hosted_style_request(!config.path_style)
        .with_allow_http(!secure)
        // TLS protects the bytes already; without it the signature covers them. Hashing every part twice costs a third
        // of the speed.
        .with_unsigned_payload(secure)
        .with_http_connector(Connector { http: http.clone(), metrics: metrics.clone() })
        .with_retry(RetryConfig { max_retries: config.retries, retry_timeout: RETRY_WITHIN, ..RetryConfig::default() });
    if let Some(endpoint) = endpoint {
        builder = builder.with_endpoint(endpoint.trim_end_matches('/'));
    }
    if let (Some(id), Some(secret)) = (&config.access_key_id, &config.secret_access_key) {
        builder = builder.with_access_key_id(id).with_secret_access_key(secret.expose());
    }
    if let Some(token) = &config.session_token {
        builder = builder.with_token(token.expose());
    }
    builder
}

#[derive(Debug)]
struct Connector {
    http: reqwest::Client,
    metrics: Metrics,
}

impl HttpConnector for Connector {
    fn connect(&self, _options: &ClientOptions) -> object_store::Result<HttpClient> {
        let client = HttpClient::new(self.http.clone());
        Ok(HttpClient::new(Counted { client, metrics: self.metrics.clone() }))
    }
}

#[derive(Debug)]
struct Counted {
    client: HttpClient,
    metrics: Metrics,
}

impl HttpService for Counted {
    // The trait is declared with the async_trait macro; this is what that macro makes of `async fn call`.
    fn call<'life0, 'async_trait>(
        &'life0 self,
        request: HttpRequest,
    ) -> Pin<Box<dyn Future<Output = std::result::Result<HttpResponse, HttpError>> + Send + 'async_trait>>
    where
        'life0: 'async_trait,
        Self: 'async_trait,
    {
        Box::pin(async move {
            let method = request.method().as_str().to_owned();
            let result = self.client.execute(request).await;
            let status =
                result.as_ref().map_or_else(|_| "none".to_owned(), |answer| answer.status().as_str().to_owned());
            self.metrics.requests.get_or_create(&RequestLabels { method, status }).inc();
            result
        })
    }
}
