//! The figures for Prometheus.

use std::fmt;
use std::sync::Arc;

use prometheus_client::collector::Collector;
use prometheus_client::encoding::{DescriptorEncoder, EncodeMetric};
use prometheus_client::metrics::MetricType;
use prometheus_client::metrics::counter::ConstCounter;
use prometheus_client::metrics::gauge::ConstGauge;

use crate::figures::Figures;
use crate::live::Live;

const CLASSES: [&str; 4] = ["2xx", "3xx", "4xx", "5xx"];

/// The figures of the balancer. There is a row for each load balancer and target group that is there, so what is gone takes
/// its rows along. Clones show the same.
#[derive(Clone)]
pub struct BalancerMetrics(Arc<Live>);

impl BalancerMetrics {
    pub(crate) fn new(live: Arc<Live>) -> Self {
        Self(live)
    }

    /// What was counted since the process began, for each load balancer and target group that there is.
    pub fn figures(&self) -> Figures {
        self.0.figures()
    }
}

impl fmt::Debug for BalancerMetrics {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("BalancerMetrics")
    }
}

impl Collector for BalancerMetrics {
    fn encode(&self, mut encoder: DescriptorEncoder<'_>) -> fmt::Result {
        let figures = self.0.figures();
        let (balancers, groups) = (&figures.load_balancers, &figures.target_groups);
        let help = "Answers of load balancers themselves, by class of status";
        let mut family = encoder.encode_descriptor("balancer_own_responses", help, None, MetricType::Counter)?;
        for one in balancers {
            for (class, count) in CLASSES[1..].iter().zip(one.elb_codes) {
                let labels = [("load_balancer", one.load_balancer.as_str()), ("status", class)];
                ConstCounter::new(count).encode(family.encode_family(&labels)?)?;
            }
        }
        let help = "Answers of targets, by class of status";
        let mut family = encoder.encode_descriptor("balancer_target_responses", help, None, MetricType::Counter)?;
        for one in groups {
            for (class, count) in CLASSES.iter().zip(one.target_codes) {
                let labels = [("target_group", one.target_group.as_str()), ("status", class)];
                ConstCounter::new(count).encode(family.encode_family(&labels)?)?;
            }
        }
        let help = "Requests that a target answered";
        let mut family = encoder.encode_descriptor("balancer_requests", help, None, MetricType::Counter)?;
        for one in groups {
            let labels = [("target_group", one.target_group.as_str())];
            ConstCounter::new(one.request_count).encode(family.encode_family(&labels)?)?;
        }
        let help = "Time until targets answered, in all";
        let mut family =
            encoder.encode_descriptor("balancer_target_response_seconds", help, None, MetricType::Counter)?;
        for one in groups {
            let labels = [("target_group", one.target_group.as_str())];
            ConstCounter::new(one.target_response_time_sum).encode(family.encode_family(&labels)?)?;
        }
        let help = "Connections to targets that could not be made";
        let mut family =
            encoder.encode_descriptor("balancer_target_connection_errors", help, None, MetricType::Counter)?;
        for one in groups {
            let labels = [("target_group", one.target_group.as_str())];
            ConstCounter::new(one.target_connection_errors).encode(family.encode_family(&labels)?)?;
        }
        let help = "Targets, by what this process found out about them";
        let mut family = encoder.encode_descriptor("balancer_targets", help, None, MetricType::Gauge)?;
        for one in groups {
            for (state, count) in [("healthy", one.healthy), ("unhealthy", one.unhealthy)] {
                let labels = [("target_group", one.target_group.as_str()), ("state", state)];
                ConstGauge::new(count as f64).encode(family.encode_family(&labels)?)?;
            }
        }
        Ok(())
    }
}
