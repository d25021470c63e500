//! The operations of Elastic Load Balancing. A new one gets its `mod` line and its entry here; how to write one stands in
//! `aws`.

mod add_tags;
mod create_listener;
mod create_load_balancer;
mod create_rule;
mod create_target_group;
mod delete_listener;
mod delete_load_balancer;
mod delete_rule;
mod delete_target_group;
mod deregister_targets;
mod describe_capacity_reservation;
mod describe_listener_attributes;
mod describe_listeners;
mod describe_load_balancer_attributes;
mod describe_load_balancers;
mod describe_rules;
mod describe_tags;
mod describe_target_group_attributes;
mod describe_target_groups;
mod describe_target_health;
mod modify_listener;
mod modify_listener_attributes;
mod modify_load_balancer_attributes;
mod modify_rule;
mod modify_target_group;
mod modify_target_group_attributes;
mod register_targets;
mod remove_tags;
mod set_ip_address_type;
mod set_rule_priorities;
mod set_security_groups;
mod set_subnets;

use app::api::Call;
use aws::Entry;
use serde::{Deserialize, Serialize};

use self::add_tags::AddTags;
use self::create_listener::CreateListener;
use self::create_load_balancer::CreateLoadBalancer;
use self::create_rule::CreateRule;
use self::create_target_group::CreateTargetGroup;
use self::delete_listener::DeleteListener;
use self::delete_load_balancer::DeleteLoadBalancer;
use self::delete_rule::DeleteRule;
use self::delete_target_group::DeleteTargetGroup;
use self::deregister_targets::DeregisterTargets;
use self::describe_capacity_reservation::DescribeCapacityReservation;
use self::describe_listener_attributes::DescribeListenerAttributes;
use self::describe_listeners::DescribeListeners;
use self::describe_load_balancer_attributes::DescribeLoadBalancerAttributes;
use self::describe_load_balancers::DescribeLoadBalancers;
use self::describe_rules::DescribeRules;
use self::describe_tags::DescribeTags;
use self::describe_target_group_attributes::DescribeTargetGroupAttributes;
use self::describe_target_groups::DescribeTargetGroups;
use self::describe_target_health::DescribeTargetHealth;
use self::modify_listener::ModifyListener;
use self::modify_listener_attributes::ModifyListenerAttributes;
use self::modify_load_balancer_attributes::ModifyLoadBalancerAttributes;
use self::modify_rule::ModifyRule;
use self::modify_target_group::ModifyTargetGroup;
use self::modify_target_group_attributes::ModifyTargetGroupAttributes;
use self::register_targets::RegisterTargets;
use self::remove_tags::RemoveTags;
use self::set_ip_address_type::SetIpAddressType;
use self::set_rule_priorities::SetRulePriorities;
use self::set_security_groups::SetSecurityGroups;
use self::set_subnets::SetSubnets;
use crate::arns::Named;
use crate::error::{Error, Result};
use crate::tags::MAX_RESOURCES;

/// What Elastic Load Balancing can do.
pub(crate) const OPERATIONS: &[Entry<Call>] = &[
    Entry::of::<AddTags>(),
    Entry::of::<CreateListener>(),
    Entry::of::<CreateLoadBalancer>(),
    Entry::of::<CreateRule>(),
    Entry::of::<CreateTargetGroup>(),
    Entry::of::<DeleteListener>(),
    Entry::of::<DeleteLoadBalancer>(),
    Entry::of::<DeleteRule>(),
    Entry::of::<DeleteTargetGroup>(),
    Entry::of::<DeregisterTargets>(),
    Entry::of::<DescribeCapacityReservation>(),
    Entry::of::<DescribeListenerAttributes>(),
    Entry::of::<DescribeListeners>(),
    Entry::of::<DescribeLoadBalancerAttributes>(),
    Entry::of::<DescribeLoadBalancers>(),
    Entry::of::<DescribeRules>(),
    Entry::of::<DescribeTags>(),
    Entry::of::<DescribeTargetGroupAttributes>(),
    Entry::of::<DescribeTargetGroups>(),
    Entry::of::<DescribeTargetHealth>(),
    Entry::of::<ModifyListener>(),
    Entry::of::<ModifyListenerAttributes>(),
    Entry::of::<ModifyLoadBalancerAttributes>(),
    Entry::of::<ModifyRule>(),
    Entry::of::<ModifyTargetGroup>(),
    Entry::of::<ModifyTargetGroupAttributes>(),
    Entry::of::<RegisterTargets>(),
    Entry::of::<RemoveTags>(),
    Entry::of::<SetIpAddressType>(),
    Entry::of::<SetRulePriorities>(),
    Entry::of::<SetSecurityGroups>(),
    Entry::of::<SetSubnets>(),
];

/// The answer of an operation that has nothing to say: an empty result, where clients look for one.
#[derive(Debug, Serialize)]
pub(crate) struct Empty {}

/// Something of which only matters that it is there.
#[derive(Debug, Deserialize)]
pub(crate) struct Present {}

/// The resources that a request names.
fn resources(arns: &[String]) -> Result<Vec<Named>> {
    if arns.is_empty() || arns.len() > MAX_RESOURCES {
        return Err(Error::Validation(format!("There must be between 1 and {MAX_RESOURCES} resource ARNs")));
    }
    let read = |arn: &String| {
        let shown: String = arn.chars().filter(|character| !character.is_control()).take(256).collect();
        Named::parse(arn).ok_or_else(|| Error::Validation(format!("'{shown}' is not a valid resource ARN")))
    };
    arns.iter().map(read).collect()
}

/// Refuses lists that are longer than a page.
fn check_count(count: usize) -> Result<()> {
    if count > 400 {
        return Err(Error::Validation("Up to 400 resources can be described at once".to_owned()));
    }
    Ok(())
}

/// Refuses transforms of requests, which there are not.
fn check_transforms(transforms: &[Present]) -> Result<()> {
    if transforms.is_empty() {
        return Ok(());
    }
    Err(Error::InvalidConfigurationRequest("Transforms of requests are not supported".to_owned()))
}
