//! What is counted: for each load balancer and each target group, since the process began.

use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::time::Duration;

use http::StatusCode;
use types::RegistryId;

/// What was counted since the process began. Each figure only grows.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Figures {
    /// For each load balancer.
    pub load_balancers: Vec<LoadBalancerFigures>,
    /// For each target group.
    pub target_groups: Vec<TargetGroupFigures>,
}

/// Of a load balancer.
#[derive(Debug, Clone, PartialEq)]
pub struct LoadBalancerFigures {
    /// Whose it is, and where.
    pub registry: RegistryId,
    /// `app/<name>/<id>`, the dimension `LoadBalancer`.
    pub load_balancer: String,
    /// `RequestCount`: requests that a target answered.
    pub request_count: u64,
    /// `HTTPCode_ELB_3XX_Count`, `…4XX…`, `…5XX…`: answers of the load balancer itself.
    pub elb_codes: [u64; 3],
    /// `HTTPCode_Target_2XX_Count`, `…3XX…`, `…4XX…`, `…5XX…`: answers of targets.
    pub target_codes: [u64; 4],
    /// `HTTP_Fixed_Response_Count`.
    pub fixed_responses: u64,
    /// `HTTP_Redirect_Count`.
    pub redirects: u64,
    /// `NewConnectionCount` is not counted; `TargetConnectionErrorCount` is: connections that could not be made.
    pub target_connection_errors: u64,
}

/// Of a target group.
#[derive(Debug, Clone, PartialEq)]
pub struct TargetGroupFigures {
    /// Whose it is, and where.
    pub registry: RegistryId,
    /// `targetgroup/<name>/<id>`, the dimension `TargetGroup`.
    pub target_group: String,
    /// The load balancer that forwards to it, if one does.
    pub load_balancer: Option<String>,
    /// `RequestCount`; divided by the healthy targets it is `RequestCountPerTarget`.
    pub request_count: u64,
    /// `HTTPCode_Target_2XX_Count`, `…3XX…`, `…4XX…`, `…5XX…`.
    pub target_codes: [u64; 4],
    /// `TargetConnectionErrorCount`.
    pub target_connection_errors: u64,
    /// How many answers the next sum is of.
    pub target_response_times: u64,
    /// `TargetResponseTime` as a sum, in seconds.
    pub target_response_time_sum: f64,
    /// `HealthyHostCount` at the moment, as this process sees it.
    pub healthy: u64,
    /// `UnHealthyHostCount` at the moment.
    pub unhealthy: u64,
}

/// Counts of a load balancer or a target group.
#[derive(Debug, Default)]
pub(crate) struct Counts {
    requests: AtomicU64,
    elb_codes: [AtomicU64; 3],
    target_codes: [AtomicU64; 4],
    fixed_responses: AtomicU64,
    redirects: AtomicU64,
    connection_errors: AtomicU64,
    response_times: AtomicU64,
    response_micros: AtomicU64,
}

impl Counts {
    /// A target answered.
    pub(crate) fn answered(&self, status: StatusCode, took: Duration) {
        self.requests.fetch_add(1, Relaxed);
        self.response_times.fetch_add(1, Relaxed);
        self.response_micros.fetch_add(u64::try_from(took.as_micros()).unwrap_or(u64::MAX), Relaxed);
        // 101 is a success that has no class of its own.
        let class = usize::from(status.as_u16() / 100).saturating_sub(2);
        if let Some(count) = self.target_codes.get(class) {
            count.fetch_add(1, Relaxed);
        }
    }

    /// The load balancer itself failed.
    pub(crate) fn failed(&self, status: StatusCode) {
        let class = usize::from(status.as_u16() / 100).saturating_sub(3);
        if let Some(count) = self.elb_codes.get(class) {
            count.fetch_add(1, Relaxed);
        }
    }

    pub(crate) fn fixed(&self) {
        self.fixed_responses.fetch_add(1, Relaxed);
    }

    pub(crate) fn redirected(&self) {
        self.redirects.fetch_add(1, Relaxed);
        self.elb_codes[0].fetch_add(1, Relaxed);
    }

    pub(crate) fn connection_error(&self) {
        self.connection_errors.fetch_add(1, Relaxed);
    }

    pub(crate) fn of_load_balancer(&self, registry: &RegistryId, name: &str) -> LoadBalancerFigures {
        LoadBalancerFigures {
            registry: registry.clone(),
            load_balancer: name.to_owned(),
            request_count: self.requests.load(Relaxed),
            elb_codes: self.elb_codes.each_ref().map(|count| count.load(Relaxed)),
            target_codes: self.target_codes.each_ref().map(|count| count.load(Relaxed)),
            fixed_responses: self.fixed_responses.load(Relaxed),
            redirects: self.redirects.load(Relaxed),
            target_connection_errors: self.connection_errors.load(Relaxed),
        }
    }

    pub(crate) fn of_target_group(
        &self,
        registry: &RegistryId,
        name: &str,
        load_balancer: Option<&str>,
    ) -> TargetGroupFigures {
        TargetGroupFigures {
            registry: registry.clone(),
            target_group: name.to_owned(),
            load_balancer: load_balancer.map(str::to_owned),
            request_count: self.requests.load(Relaxed),
            target_codes: self.target_codes.each_ref().map(|count| count.load(Relaxed)),
            target_connection_errors: self.connection_errors.load(Relaxed),
            target_response_times: self.response_times.load(Relaxed),
            target_response_time_sum: self.response_micros.load(Relaxed) as f64 / 1e6,
            healthy: 0,
            unhealthy: 0,
        }
    }
}
