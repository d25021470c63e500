//! The operations. A new one gets its `mod` line and its entry here; how to write one stands in `aws`.

mod delete_scaling_policy;
mod delete_scheduled_action;
mod deregister_scalable_target;
mod describe_scalable_targets;
mod describe_scaling_activities;
mod describe_scaling_policies;
mod describe_scheduled_actions;
mod list_tags_for_resource;
mod put_scaling_policy;
mod put_scheduled_action;
mod register_scalable_target;
mod tag_resource;
mod untag_resource;

use app::api::Call;
use aws::Entry;

use self::delete_scaling_policy::DeleteScalingPolicy;
use self::delete_scheduled_action::DeleteScheduledAction;
use self::deregister_scalable_target::DeregisterScalableTarget;
use self::describe_scalable_targets::DescribeScalableTargets;
use self::describe_scaling_activities::DescribeScalingActivities;
use self::describe_scaling_policies::DescribeScalingPolicies;
use self::describe_scheduled_actions::DescribeScheduledActions;
use self::list_tags_for_resource::ListTagsForResource;
use self::put_scaling_policy::PutScalingPolicy;
use self::put_scheduled_action::PutScheduledAction;
use self::register_scalable_target::RegisterScalableTarget;
use self::tag_resource::TagResource;
use self::untag_resource::UntagResource;

/// Every operation of Application Auto Scaling that exists here. Others of it are not supported.
pub(crate) const OPERATIONS: &[Entry<Call>] = &[
    Entry::of::<DeleteScalingPolicy>(),
    Entry::of::<DeleteScheduledAction>(),
    Entry::of::<DeregisterScalableTarget>(),
    Entry::of::<DescribeScalableTargets>(),
    Entry::of::<DescribeScalingActivities>(),
    Entry::of::<DescribeScalingPolicies>(),
    Entry::of::<DescribeScheduledActions>(),
    Entry::of::<ListTagsForResource>(),
    Entry::of::<PutScalingPolicy>(),
    Entry::of::<PutScheduledAction>(),
    Entry::of::<RegisterScalableTarget>(),
    Entry::of::<TagResource>(),
    Entry::of::<UntagResource>(),
];
