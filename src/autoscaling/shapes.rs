//! Parts that several operations take and answer with.

use std::collections::BTreeMap;

use cloudwatch::metrics::{Metric, Statistic};
use serde::{Deserialize, Serialize};

use crate::error::Error;
use crate::failures;

/// What is switched off for a while.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
pub(crate) struct SuspendedState {
    pub(crate) dynamic_scaling_in_suspended: bool,
    pub(crate) dynamic_scaling_out_suspended: bool,
    pub(crate) scheduled_scaling_suspended: bool,
}

/// The limits that a scheduled action sets.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct ScalableTargetAction {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) min_capacity: Option<i64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) max_capacity: Option<i64>,
}

/// A metric that is kept at a value.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct TargetTracking {
    pub(crate) target_value: f64,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) predefined_metric_specification: Option<PredefinedMetric>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) customized_metric_specification: Option<CustomizedMetric>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) scale_out_cooldown: Option<i64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) scale_in_cooldown: Option<i64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) disable_scale_in: Option<bool>,
}

/// A metric that has a name here.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct PredefinedMetric {
    pub(crate) predefined_metric_type: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) resource_label: Option<String>,
}

/// Any metric.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct CustomizedMetric {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) metric_name: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) namespace: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) dimensions: Option<Vec<Dimension>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) statistic: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) unit: Option<String>,
    #[serde(skip_serializing)]
    pub(crate) metrics: Option<Vec<serde_json::Value>>,
}

/// A name and a value.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct Dimension {
    pub(crate) name: String,
    pub(crate) value: String,
}

/// What is read of the metrics for a policy.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Source {
    pub(crate) metric: Metric,
    pub(crate) unit: Option<String>,
    pub(crate) statistic: Statistic,
}

impl TargetTracking {
    /// Whether tasks may be taken away by it.
    pub(crate) fn scales_in(&self) -> bool {
        self.disable_scale_in != Some(true)
    }

    /// Checks it for a service, and says what is to be read.
    pub(crate) fn source(&self, (cluster, service): (&str, &str)) -> Result<Source, Error> {
        if !(self.target_value.is_finite() && self.target_value > 0.0 && self.target_value < 1e12) {
            return Err(failures::invalid("Target value must be greater than 0"));
        }
        for cooldown in [self.scale_out_cooldown, self.scale_in_cooldown].into_iter().flatten() {
            if !(0..=86_400).contains(&cooldown) {
                return Err(failures::invalid("Cooldowns must be between 0 and 86400 seconds"));
            }
        }
        match (&self.predefined_metric_specification, &self.customized_metric_specification) {
            (Some(predefined), None) => predefined.source(cluster, service),
            (None, Some(customized)) => customized.source(),
            _ => Err(failures::invalid(
                "Exactly one of PredefinedMetricSpecification and CustomizedMetricSpecification must be specified",
            )),
        }
    }
}

impl PredefinedMetric {
    fn source(&self, cluster: &str, service: &str) -> Result<Source, Error> {
        let (namespace, name, dimensions, statistic) = match self.predefined_metric_type.as_str() {
            kind @ ("ECSServiceAverageCPUUtilization" | "ECSServiceAverageMemoryUtilization") => {
                if self.resource_label.is_some() {
                    return Err(failures::invalid(format!("Resource label must not be specified for {kind}")));
                }
                let name = if kind.ends_with("CPUUtilization") { "CPUUtilization" } else { "MemoryUtilization" };
                let dimensions = [("ClusterName", cluster.to_owned()), ("ServiceName", service.to_owned())];
                ("AWS/ECS", name, dimensions, Statistic::Average)
            }
            "ALBRequestCountPerTarget" => {
                let (balancer, group) = self.label()?;
                let dimensions = [("LoadBalancer", balancer), ("TargetGroup", group)];
                ("AWS/ApplicationELB", "RequestCountPerTarget", dimensions, Statistic::Sum)
            }
            other => {
                let shown: String = other.chars().take(256).collect();
                return Err(failures::invalid(format!("Unsupported predefined metric type: {shown}")));
            }
        };
        let dimensions = dimensions.into_iter().map(|(name, value)| (name.to_owned(), value)).collect();
        let metric = Metric { namespace: namespace.to_owned(), name: name.to_owned(), dimensions };
        Ok(Source { metric, unit: None, statistic })
    }

    /// `app/NAME/ID/targetgroup/NAME/ID`
    fn label(&self) -> Result<(String, String), Error> {
        let label = self.resource_label.as_deref().unwrap_or_default();
        let place = label.find("/targetgroup/").filter(|_| label.starts_with("app/") && label.len() <= 1023);
        let parts = place.map(|place| (label[..place].to_owned(), label[place + 1..].to_owned()));
        parts.filter(|(balancer, group)| balancer.split('/').count() == 3 && group.split('/').count() == 3).ok_or_else(
            || {
                failures::invalid(
                    "Resource label must be app/LOAD-BALANCER-NAME/ID/targetgroup/TARGET-GROUP-NAME/ID for \
                     ALBRequestCountPerTarget",
                )
            },
        )
    }
}

impl CustomizedMetric {
    fn source(&self) -> Result<Source, Error> {
        if self.metrics.is_some() {
            return Err(failures::invalid("Metric math is not supported"));
        }
        let (Some(name), Some(namespace), Some(statistic)) = (&self.metric_name, &self.namespace, &self.statistic)
        else {
            return Err(failures::invalid("MetricName, Namespace and Statistic are required"));
        };
        let statistic = Statistic::named(statistic)
            .ok_or_else(|| failures::invalid("Statistic must be one of Average, Minimum, Maximum, SampleCount, Sum"))?;
        let dimensions = self.dimensions.as_deref().unwrap_or_default();
        let long = |text: &str| !(1..=1024).contains(&text.chars().count());
        if dimensions.len() > 30
            || [name, namespace].into_iter().any(|text| long(text))
            || dimensions.iter().any(|one| long(&one.name) || long(&one.value))
        {
            return Err(failures::invalid(
                "A metric has a name, a namespace and at most 30 dimensions, of at most 1024 characters each",
            ));
        }
        let dimensions: BTreeMap<String, String> =
            dimensions.iter().map(|one| (one.name.clone(), one.value.clone())).collect();
        let metric = Metric { namespace: namespace.clone(), name: name.clone(), dimensions };
        Ok(Source { metric, unit: self.unit.clone(), statistic })
    }
}
