//! The parts of a service that clients write and that decide how it goes about its deployments: their members, their
//! defaults, and what they may be.

use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::decide::model::{Breaker, Strategy, Threshold};
use crate::error::{Error, Result};
use crate::placement;
use crate::task_definitions::TaskDefinition;

/// The most constraints.
const MOST_CONSTRAINTS: usize = 10;
/// The most strategies.
const MOST_STRATEGIES: usize = 5;

/// <https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_DeploymentConfiguration.html>
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub(crate) struct Configuration {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) deployment_circuit_breaker: Option<CircuitBreaker>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) maximum_percent: Option<i64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) minimum_healthy_percent: Option<i64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) alarms: Option<Alarms>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) strategy: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) bake_time_in_minutes: Option<i64>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(crate) lifecycle_hooks: Vec<Value>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) linear_configuration: Option<Value>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) canary_configuration: Option<Value>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) early_success_criteria: Option<Value>,
}

/// <https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_DeploymentCircuitBreaker.html>
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct CircuitBreaker {
    pub(crate) enable: bool,
    pub(crate) rollback: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) reset_on_healthy_task: Option<bool>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) threshold_configuration: Option<ThresholdConfiguration>,
}

/// How many failures are too many.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct ThresholdConfiguration {
    pub(crate) r#type: String,
    pub(crate) value: i64,
}

/// Alarms that end a deployment.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Alarms {
    pub(crate) alarm_names: Vec<String>,
    pub(crate) rollback: bool,
    pub(crate) enable: bool,
}

/// A placement constraint as on the wire.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) struct PlacementConstraint {
    #[serde(default)]
    pub(crate) r#type: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) expression: Option<String>,
}

/// A placement strategy as on the wire.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) struct PlacementStrategy {
    #[serde(default)]
    pub(crate) r#type: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) field: Option<String>,
}

fn invalid<T>(message: impl Into<String>) -> Result<T> {
    Err(Error::InvalidParameter(message.into()))
}

impl Configuration {
    /// What a service gets that says nothing, over which goes what it does say.
    pub(crate) fn over(mut self, before: &Self) -> Self {
        let Self { deployment_circuit_breaker, maximum_percent, minimum_healthy_percent, alarms, .. } = before.clone();
        self.deployment_circuit_breaker = self.deployment_circuit_breaker.or(deployment_circuit_breaker);
        self.maximum_percent = self.maximum_percent.or(maximum_percent);
        self.minimum_healthy_percent = self.minimum_healthy_percent.or(minimum_healthy_percent);
        self.alarms = self.alarms.or(alarms);
        self.strategy = self.strategy.or_else(|| before.strategy.clone());
        self.bake_time_in_minutes = self.bake_time_in_minutes.or(before.bake_time_in_minutes);
        self
    }

    /// The defaults of ECS.
    pub(crate) fn default_of(strategy: Strategy) -> Self {
        let (minimum, maximum) = match strategy {
            Strategy::Replica => (100, 200),
            Strategy::Daemon => (0, 100),
        };
        Self {
            deployment_circuit_breaker: Some(CircuitBreaker {
                enable: false,
                rollback: false,
                reset_on_healthy_task: None,
                threshold_configuration: None,
            }),
            maximum_percent: Some(maximum),
            minimum_healthy_percent: Some(minimum),
            strategy: Some("ROLLING".to_owned()),
            bake_time_in_minutes: Some(0),
            ..Self::default()
        }
    }

    /// Refuses what cannot be, and what Wharf does not do.
    pub(crate) fn check(&self, strategy: Strategy) -> Result<()> {
        let unsupported = |what: &str| Err(Error::Unsupported(format!("{what} are not supported by this server.")));
        if self.strategy.as_deref().is_some_and(|strategy| strategy != "ROLLING") {
            return match self.strategy.as_deref() {
                Some("BLUE_GREEN" | "LINEAR" | "CANARY") => unsupported("Deployment strategies other than ROLLING"),
                _ => invalid("Invalid deployment strategy. Valid values are ROLLING, BLUE_GREEN, LINEAR and CANARY."),
            };
        }
        if !self.lifecycle_hooks.is_empty() {
            return unsupported("Deployment lifecycle hooks");
        }
        if self.linear_configuration.is_some() || self.canary_configuration.is_some() {
            return unsupported("Deployment strategies other than ROLLING");
        }
        if self.early_success_criteria.is_some() {
            return unsupported("Early success criteria");
        }
        if self.alarms.as_ref().is_some_and(|alarms| alarms.enable) {
            return unsupported("Deployment alarms");
        }
        if self.bake_time_in_minutes.is_some_and(|minutes| minutes != 0) {
            return unsupported("Bake times of rolling deployments");
        }
        let minimum = self.minimum_healthy_percent.unwrap_or_default();
        let maximum = self.maximum_percent.unwrap_or(100);
        if !(0..=100).contains(&minimum) {
            return invalid("minimumHealthyPercent must be between 0 and 100, inclusive.");
        }
        if !(100..=100_000).contains(&maximum) {
            return invalid("maximumPercent must be at least 100.");
        }
        if strategy == Strategy::Daemon && minimum == 100 && maximum == 100 {
            return invalid(
                "The deployment configuration is invalid. A service can not deploy when minimumHealthyPercent and maximumPercent are both 100.",
            );
        }
        self.deployment_circuit_breaker.as_ref().map_or(Ok(()), CircuitBreaker::check)
    }

    /// For the decision.
    pub(crate) fn breaker(&self) -> Option<Breaker> {
        let breaker = self.deployment_circuit_breaker.as_ref().filter(|breaker| breaker.enable)?;
        Some(Breaker {
            rollback: breaker.rollback,
            threshold: breaker.threshold(),
            reset_on_healthy_task: breaker.reset_on_healthy_task.unwrap_or(true),
        })
    }
}

impl CircuitBreaker {
    fn check(&self) -> Result<()> {
        let Some(ThresholdConfiguration { r#type, value }) = &self.threshold_configuration else {
            return Ok(());
        };
        let legal = match r#type.as_str() {
            "COUNT" => 1..=i64::from(u32::MAX),
            "BOUNDED_PERCENT" | "UNBOUNDED_PERCENT" => 1..=100,
            _ => return invalid("Valid types of a threshold are COUNT, BOUNDED_PERCENT and UNBOUNDED_PERCENT."),
        };
        if legal.contains(value) { Ok(()) } else { invalid("The value of the threshold is out of range.") }
    }

    fn threshold(&self) -> Threshold {
        let value = |value: i64| u64::try_from(value).unwrap_or(1);
        match &self.threshold_configuration {
            Some(given) if given.r#type == "COUNT" => Threshold::Count(value(given.value)),
            Some(given) if given.r#type == "UNBOUNDED_PERCENT" => Threshold::UnboundedPercent(value(given.value)),
            Some(given) => Threshold::BoundedPercent(value(given.value)),
            None => Threshold::BoundedPercent(50),
        }
    }
}

/// Reads constraints for placement.
pub(crate) fn constraints(given: &[PlacementConstraint]) -> Result<Vec<placement::Constraint>> {
    if given.len() > MOST_CONSTRAINTS {
        return invalid(format!("placementConstraints can not have more than {MOST_CONSTRAINTS} elements."));
    }
    given.iter().map(|one| placement::Constraint::read(&one.r#type, one.expression.as_deref())).collect()
}

/// The constraints of a definition and those of a service; all of them must hold.
pub(crate) fn all_constraints(
    definition: &TaskDefinition,
    given: &[PlacementConstraint],
) -> Result<Vec<placement::Constraint>> {
    let own = definition.definition.placement_constraints.iter();
    let own = own.map(|one| placement::Constraint::read(&one.r#type, one.expression.as_deref()));
    own.chain(constraints(given)?.into_iter().map(Ok)).collect()
}

/// Reads strategies for placement.
pub(crate) fn strategies(given: &[PlacementStrategy]) -> Result<Vec<placement::Strategy>> {
    if given.len() > MOST_STRATEGIES {
        return invalid(format!("placementStrategy can not have more than {MOST_STRATEGIES} elements."));
    }
    given.iter().map(|one| placement::Strategy::read(&one.r#type, one.field.as_deref())).collect()
}

/// `REPLICA` or `DAEMON`.
pub(crate) fn scheduling_strategy(given: Option<&str>) -> Result<Strategy> {
    match given {
        None | Some("REPLICA") => Ok(Strategy::Replica),
        Some("DAEMON") => Ok(Strategy::Daemon),
        Some(_) => invalid("Invalid scheduling strategy. Valid values are REPLICA and DAEMON."),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_service_does_not_say_is_as_before() {
        let before = Configuration::default_of(Strategy::Replica);
        let said = Configuration { maximum_percent: Some(150), ..Configuration::default() };
        let after = said.over(&before);
        assert_eq!((after.minimum_healthy_percent, after.maximum_percent), (Some(100), Some(150)));
        assert_eq!(after.breaker(), None);
        assert!(after.check(Strategy::Replica).is_ok());
    }

    #[test]
    fn what_cannot_be_is_refused() {
        let refused = |change: fn(&mut Configuration)| {
            let mut configuration = Configuration::default_of(Strategy::Replica);
            change(&mut configuration);
            configuration.check(Strategy::Replica).unwrap_err()
        };
        assert!(matches!(refused(|it| it.maximum_percent = Some(99)), Error::InvalidParameter(_)));
        assert!(matches!(refused(|it| it.minimum_healthy_percent = Some(101)), Error::InvalidParameter(_)));
        assert!(matches!(refused(|it| it.strategy = Some("CANARY".to_owned())), Error::Unsupported(_)));
        assert!(matches!(refused(|it| it.strategy = Some("BIG_BANG".to_owned())), Error::InvalidParameter(_)));
        assert!(matches!(refused(|it| it.lifecycle_hooks = vec![Value::Null]), Error::Unsupported(_)));
    }
}
