//! What this process counts becomes metrics of CloudWatch, `AWS/ApplicationELB`, once a minute. Processes add up to one
//! metric: each writes what it has counted since it wrote last. The only file that writes figures.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;
use std::time::Duration;

use app::App;
use cloudwatch::metrics::{self, Datum, Metric, Statistics};
use tokio::time::{sleep, timeout};
use tokio_util::sync::CancellationToken;
use types::{RegistryId, Timestamp};

use crate::figures::{Figures, LoadBalancerFigures, TargetGroupFigures};
use crate::live::Live;

const MINUTE: i64 = 60_000_000;

/// How long the last figures may take when the process ends.
const LEAVE: Duration = Duration::from_secs(2);

/// Names of metrics for the classes of status from 2xx on.
const TARGET_CODES: [&str; 4] = [
    "HTTPCode_Target_2XX_Count",
    "HTTPCode_Target_3XX_Count",
    "HTTPCode_Target_4XX_Count",
    "HTTPCode_Target_5XX_Count",
];
/// From 3xx on.
const ELB_CODES: [&str; 3] = ["HTTPCode_ELB_3XX_Count", "HTTPCode_ELB_4XX_Count", "HTTPCode_ELB_5XX_Count"];

/// Writes at the end of each minute until it is told to stop, and then what is left.
pub(crate) async fn run(app: Arc<App>, live: Arc<Live>, stop: CancellationToken) {
    let mut written = BTreeMap::new();
    loop {
        let begun = app.now();
        let left = MINUTE - begun.micros().rem_euclid(MINUTE);
        let stopped = tokio::select! {
            () = stop.cancelled() => true,
            () = sleep(Duration::from_micros(left.unsigned_abs())) => false,
        };
        // It belongs to the minute in which it was counted.
        let publish = publish(&app, &live, &mut written, begun);
        if stopped {
            let _ = timeout(LEAVE, publish).await;
            return;
        }
        publish.await;
    }
}

/// Writes what was counted since it was written last. What fails is written with the next minute.
async fn publish(app: &App, live: &Live, written: &mut BTreeMap<RegistryId, Figures>, at: Timestamp) {
    let mut registries: BTreeMap<RegistryId, Figures> = BTreeMap::new();
    let figures = live.figures();
    for one in figures.load_balancers {
        registries.entry(one.registry.clone()).or_default().load_balancers.push(one);
    }
    for one in figures.target_groups {
        registries.entry(one.registry.clone()).or_default().target_groups.push(one);
    }
    written.retain(|registry, _| registries.contains_key(registry));
    for (registry, figures) in registries {
        let before = written.entry(registry.clone()).or_default();
        let data = since(before, &figures, at);
        let done = if data.is_empty() { Ok(()) } else { metrics::put_all(app, &registry, data).await };
        match done {
            Ok(()) => *before = figures,
            Err(error) => tracing::warn!(%error, "the figures of load balancers could not be written"),
        }
    }
}

/// What was counted between two looks.
fn since(before: &Figures, now: &Figures, at: Timestamp) -> Vec<Datum> {
    let mut data = Data { at, data: Vec::new() };
    let known: HashMap<&str, &LoadBalancerFigures> =
        before.load_balancers.iter().map(|one| (one.load_balancer.as_str(), one)).collect();
    for one in &now.load_balancers {
        data.of_load_balancer(known.get(one.load_balancer.as_str()).copied(), one);
    }
    let known: HashMap<&str, &TargetGroupFigures> =
        before.target_groups.iter().map(|one| (one.target_group.as_str(), one)).collect();
    for one in &now.target_groups {
        data.of_target_group(known.get(one.target_group.as_str()).copied(), one);
    }
    data.data
}

type Dimensions<'d> = &'d [(&'d str, &'d str)];

struct Data {
    at: Timestamp,
    data: Vec<Datum>,
}

impl Data {
    fn of_load_balancer(&mut self, before: Option<&LoadBalancerFigures>, now: &LoadBalancerFigures) {
        let dimensions: Dimensions<'_> = &[("LoadBalancer", &now.load_balancer)];
        let passed = |of: fn(&LoadBalancerFigures) -> u64| of(now).saturating_sub(before.map_or(0, of));
        // That there was none is told too: whoever scales by it must know.
        self.count("RequestCount", dimensions, passed(|one| one.request_count));
        for (place, name) in TARGET_CODES.into_iter().enumerate() {
            let known = before.map_or(0, |one| one.target_codes[place]);
            self.count_some(name, dimensions, now.target_codes[place].saturating_sub(known));
        }
        for (place, name) in ELB_CODES.into_iter().enumerate() {
            let known = before.map_or(0, |one| one.elb_codes[place]);
            self.count_some(name, dimensions, now.elb_codes[place].saturating_sub(known));
        }
        self.count_some("HTTP_Fixed_Response_Count", dimensions, passed(|one| one.fixed_responses));
        self.count_some("HTTP_Redirect_Count", dimensions, passed(|one| one.redirects));
        self.count_some("TargetConnectionErrorCount", dimensions, passed(|one| one.target_connection_errors));
    }

    fn of_target_group(&mut self, before: Option<&TargetGroupFigures>, now: &TargetGroupFigures) {
        let Some(load_balancer) = &now.load_balancer else {
            return;
        };
        let passed = |of: fn(&TargetGroupFigures) -> u64| of(now).saturating_sub(before.map_or(0, of));
        let requests = passed(|one| one.request_count);
        let answers = passed(|one| one.target_response_times);
        let time = now.target_response_time_sum - before.map_or(0.0, |one| one.target_response_time_sum);
        let group = ("TargetGroup", now.target_group.as_str());
        let both: Dimensions<'_> = &[group, ("LoadBalancer", load_balancer)];
        for dimensions in [&both[..1], both] {
            self.count("RequestCountPerTarget", dimensions, 0);
            if let (true, Some(last)) = (now.healthy > 0, self.data.last_mut()) {
                last.statistics = Statistics::of(requests as f64 / now.healthy as f64);
            }
        }
        self.count("RequestCount", both, requests);
        for (place, name) in TARGET_CODES.into_iter().enumerate() {
            let known = before.map_or(0, |one| one.target_codes[place]);
            self.count_some(name, both, now.target_codes[place].saturating_sub(known));
        }
        self.count_some("TargetConnectionErrorCount", both, passed(|one| one.target_connection_errors));
        self.count("HealthyHostCount", both, now.healthy);
        self.count("UnHealthyHostCount", both, now.unhealthy);
        if answers > 0 {
            // Only the sum is counted; the least and the greatest are those of the means of minutes.
            let mean = time.max(0.0) / answers as f64;
            let statistics =
                Statistics { sample_count: answers as f64, sum: time.max(0.0), minimum: mean, maximum: mean };
            for dimensions in [&both[1..], both] {
                self.add("TargetResponseTime", dimensions, "Seconds", statistics);
            }
        }
    }

    fn count_some(&mut self, name: &str, dimensions: Dimensions<'_>, count: u64) {
        if count > 0 {
            self.count(name, dimensions, count);
        }
    }

    fn count(&mut self, name: &str, dimensions: Dimensions<'_>, count: u64) {
        self.add(name, dimensions, "Count", Statistics::of(count as f64));
    }

    fn add(&mut self, name: &str, dimensions: Dimensions<'_>, unit: &str, statistics: Statistics) {
        let dimensions = dimensions.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
        let metric = Metric { namespace: "AWS/ApplicationELB".to_owned(), name: name.to_owned(), dimensions };
        self.data.push(Datum { metric, unit: unit.to_owned(), at: self.at, statistics });
    }
}

#[cfg(test)]
mod tests {
    use http::StatusCode;

    use super::*;
    use crate::figures::Counts;

    fn figures(counts: &Counts, healthy: u64) -> Figures {
        let registry = RegistryId { account: "000000000000".parse().unwrap(), region: "us-east-1".parse().unwrap() };
        let group = counts.of_target_group(&registry, "targetgroup/web/1", Some("app/web/2"));
        Figures {
            load_balancers: vec![counts.of_load_balancer(&registry, "app/web/2")],
            target_groups: vec![TargetGroupFigures { healthy, ..group }],
        }
    }

    fn told(data: &[Datum], name: &str, dimensions: &[&str]) -> Option<Statistics> {
        let found = data
            .iter()
            .filter(|one| one.metric.name == name && one.metric.dimensions.keys().eq(dimensions.iter().copied()));
        let found: Vec<Statistics> = found.map(|one| one.statistics).collect();
        assert!(found.len() < 2, "{name} is told once");
        found.first().copied()
    }

    #[test]
    fn what_was_counted_since_the_last_time_is_told() {
        let counts = Counts::default();
        let at = Timestamp::from_micros(0);
        for _ in 0..6 {
            counts.answered(StatusCode::OK, Duration::from_millis(500));
        }
        counts.failed(StatusCode::BAD_GATEWAY);
        let first = figures(&counts, 2);
        let data = since(&Figures::default(), &first, at);
        let both: &[&str] = &["LoadBalancer", "TargetGroup"];
        assert_eq!(told(&data, "RequestCount", &["LoadBalancer"]), Some(Statistics::of(6.0)));
        assert_eq!(told(&data, "RequestCount", both), Some(Statistics::of(6.0)));
        assert_eq!(told(&data, "RequestCountPerTarget", &["TargetGroup"]), Some(Statistics::of(3.0)));
        assert_eq!(told(&data, "RequestCountPerTarget", both), Some(Statistics::of(3.0)));
        assert_eq!(told(&data, "HTTPCode_Target_2XX_Count", both), Some(Statistics::of(6.0)));
        assert_eq!(told(&data, "HTTPCode_ELB_5XX_Count", &["LoadBalancer"]), Some(Statistics::of(1.0)));
        assert_eq!(told(&data, "HealthyHostCount", both), Some(Statistics::of(2.0)));
        let time = Statistics { sample_count: 6.0, sum: 3.0, minimum: 0.5, maximum: 0.5 };
        assert_eq!(told(&data, "TargetResponseTime", both), Some(time));
        // Then nothing happens, and there is no target any more.
        let data = since(&first, &figures(&counts, 0), at);
        assert_eq!(told(&data, "RequestCount", &["LoadBalancer"]), Some(Statistics::of(0.0)));
        assert_eq!(told(&data, "RequestCountPerTarget", &["TargetGroup"]), Some(Statistics::of(0.0)));
        assert_eq!(told(&data, "HTTPCode_Target_2XX_Count", both), None);
        assert_eq!(told(&data, "TargetResponseTime", both), None);
    }
}
