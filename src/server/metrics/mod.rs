//! Metrics for Prometheus: the registry that every part of the program adds its own to, and the page that shows them.

mod http;
mod process;

use std::sync::Arc;

use axum::{Extension, Router, extract::State, http::header, response::IntoResponse, routing::get};
use prometheus_client::{encoding::text, metrics::info::Info, registry::Registry};

pub(crate) use self::http::HttpMetrics;
use crate::middleware::RouteLabel;

/// All metrics of the program.
pub(crate) struct Metrics {
    registry: Registry,
    http: Arc<HttpMetrics>,
}

impl Metrics {
    /// The metrics of the process and of HTTP, and the version.
    pub(crate) fn new() -> Self {
        let mut registry = Registry::default();
        registry.register_collector(Box::new(process::Process::new()));
        let http = Arc::new(HttpMetrics::default());
        let ours = registry.sub_registry_with_prefix("wharf");
        ours.register("build", "Version of the program", Info::new([("version", env!("CARGO_PKG_VERSION"))]));
        ours.register_collector(Box::new(http.clone()));
        Self { registry, http }
    }

    /// Where other parts register theirs; their names begin with `wharf_` by themselves.
    pub(crate) fn registry(&mut self) -> &mut Registry {
        self.registry.sub_registry_with_prefix("wharf")
    }

    /// The counters that the middleware counts with.
    pub(crate) fn http(&self) -> Arc<HttpMetrics> {
        self.http.clone()
    }

    /// `GET /metrics`, once everything is registered.
    pub(crate) fn into_router(self) -> Router {
        Router::new().route("/metrics", get(show)).with_state(Arc::new(self))
    }

    fn render(&self) -> Result<String, std::fmt::Error> {
        let mut page = String::new();
        text::encode(&mut page, &self.registry)?;
        Ok(page)
    }
}

async fn show(State(metrics): State<Arc<Metrics>>) -> impl IntoResponse {
    let page = metrics.render().expect("writing to a string does not fail");
    let content_type = [(header::CONTENT_TYPE, "application/openmetrics-text; version=1.0.0; charset=utf-8")];
    (Extension(RouteLabel("metrics")), content_type, page)
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use axum::http::Method;

    use super::*;

    fn line<'a>(page: &'a str, start: &str) -> &'a str {
        page.lines().find(|line| line.starts_with(start)).unwrap_or_else(|| panic!("no {start} in {page}"))
    }

    #[test]
    fn requests_are_counted_by_route_method_and_status() {
        let metrics = Metrics::new();
        let http = metrics.http();
        http.answered("manifest", &Method::GET, 200, Duration::from_millis(2));
        http.answered("manifest", &Method::GET, 200, Duration::from_millis(20));
        http.answered("manifest", &Method::GET, 404, Duration::from_secs(100));
        http.answered("other", &Method::from_bytes(b"BREW").unwrap(), 405, Duration::ZERO);
        http.received(7);
        http.sent(9);
        http.begin();
        let page = metrics.render().unwrap();
        let ok = r#"wharf_http_requests_total{route="manifest",method="GET",status="200"}"#;
        assert_eq!(line(&page, ok), format!("{ok} 2"));
        assert!(line(&page, r#"wharf_http_requests_total{route="other",method="other",status="405"}"#).ends_with(" 1"));
        let bucket = |bound| {
            let start =
                format!(r#"wharf_http_request_duration_seconds_bucket{{le="{bound}",route="manifest",method="GET"}}"#);
            line(&page, &start)[start.len() + 1..].to_owned()
        };
        assert_eq!(
            (bucket("0.001"), bucket("0.0025"), bucket("60.0"), bucket("+Inf")),
            ("0".into(), "1".into(), "2".into(), "3".into())
        );
        assert!(line(&page, "wharf_http_requests_in_flight").ends_with(" 1"));
        assert!(line(&page, "wharf_http_received_bytes_total").ends_with(" 7"));
        assert!(line(&page, "wharf_http_sent_bytes_total").ends_with(" 9"));
        assert!(page.ends_with("# EOF\n"));
    }

    #[test]
    fn the_process_reports_itself() {
        let page = Metrics::new().render().unwrap();
        for name in ["process_resident_memory_bytes", "process_open_fds", "process_max_fds", "process_threads"] {
            let value: f64 = line(&page, &format!("{name} ")).rsplit(' ').next().unwrap().parse().unwrap();
            assert!(value > 0.0, "{name}");
        }
        line(&page, "process_cpu_seconds_total ");
        assert!(line(&page, "wharf_build_info").contains(env!("CARGO_PKG_VERSION")));
    }

    #[test]
    fn threads_that_meet_a_new_row_lose_no_count() {
        let http = HttpMetrics::default();
        std::thread::scope(|scope| {
            for _ in 0..4 {
                scope.spawn(|| {
                    for status in 200..300 {
                        http.answered("blob", &Method::GET, status, Duration::ZERO);
                    }
                });
            }
        });
        let mut metrics = Metrics::new();
        metrics.registry().register_collector(Box::new(Arc::new(http)));
        let page = metrics.render().unwrap();
        assert_eq!(
            page.lines().filter(|line| line.starts_with("wharf_http_requests_total") && line.ends_with(" 4")).count(),
            100
        );
    }
}
