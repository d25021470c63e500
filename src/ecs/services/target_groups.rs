//! Whether the tasks of a service can be in the target groups that somebody names. Which of them they are in is in `targets`.

use elb::target_groups::{self, About};
use store::Conn;
use types::RegistryId;

use super::revision::Revision;
use crate::error::{Error, Result};
use crate::task_definitions::definition::NetworkMode;

/// What ECS says of a target group that it cannot see. Seen in <https://github.com/Shippable/support/issues/4698>; Terraform
/// tries again when it reads the second sentence.
const UNSEEN: &str = "Unable to assume role and validate the specified targetGroupArn. Please verify that the ECS service role being passed has the proper permissions.";

/// Refuses target groups that are not there, that no load balancer forwards to, or whose targets are of another kind than
/// tasks of the network mode are.
pub(super) async fn check(
    conn: &mut Conn,
    registry: &RegistryId,
    revision: &Revision,
    network_mode: NetworkMode,
) -> Result<()> {
    for arn in revision.load_balancers.iter().filter_map(|balancer| balancer.target_group_arn.as_deref()) {
        let home = format!("arn:aws:elasticloadbalancing:{}:{}:", registry.region, registry.account);
        let about = match target_groups::about(conn, arn).await {
            Ok(about) if arn.starts_with(&home) => about,
            Ok(_) | Err(elb::Error::TargetGroupNotFound(_) | elb::Error::Validation(_)) => {
                return Err(Error::InvalidParameter(UNSEEN.to_owned()));
            }
            Err(error) => {
                tracing::warn!(?error, target_group = arn, "a target group of a service cannot be looked at");
                return Err(Error::Rule(app::Error::Unavailable("load balancers")));
            }
        };
        if let Some(why) = misfit(arn, &about, network_mode) {
            return Err(Error::InvalidParameter(why));
        }
    }
    Ok(())
}

/// Why a target group does not fit, in the words of ECS.
fn misfit(arn: &str, about: &About, network_mode: NetworkMode) -> Option<String> {
    let (needed, mode) = match network_mode {
        NetworkMode::Awsvpc => ("ip", "awsvpc"),
        NetworkMode::Bridge => ("instance", "bridge"),
        NetworkMode::Host => ("instance", "host"),
        NetworkMode::None => ("instance", "none"),
    };
    if about.target_type != needed {
        // Seen in <https://github.com/riboseinc/terraform-aws-ecs-gitlab/issues/5>.
        return Some(format!(
            "The provided target group {arn} has target type {}, which is incompatible with the {mode} network mode specified in the task definition.",
            about.target_type
        ));
    }
    // Seen in <https://github.com/umotif-public/terraform-aws-ecs-fargate/issues/43>.
    about
        .load_balancers
        .is_empty()
        .then(|| format!("The target group with targetGroupArn {arn} does not have an associated load balancer."))
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    fn group(target_type: &str, balanced: bool) -> About {
        About {
            target_type: target_type.to_owned(),
            port: 80,
            load_balancers: if balanced { vec!["arn:lb".to_owned()] } else { Vec::new() },
            deregistration_delay: Duration::ZERO,
        }
    }

    #[test]
    fn tasks_with_addresses_of_their_own_are_targets_of_type_ip_and_others_are_instances() {
        let modes = [
            (NetworkMode::Awsvpc, "ip", "instance", "awsvpc"),
            (NetworkMode::Bridge, "instance", "ip", "bridge"),
            (NetworkMode::Host, "instance", "ip", "host"),
        ];
        for (mode, fits, other, name) in modes {
            assert_eq!(misfit("arn:g", &group(fits, true), mode), None, "{name}");
            let why = format!(
                "The provided target group arn:g has target type {other}, which is incompatible with the {name} network mode specified in the task definition."
            );
            assert_eq!(misfit("arn:g", &group(other, true), mode), Some(why));
        }
    }

    #[test]
    fn a_target_group_needs_a_load_balancer() {
        assert_eq!(
            misfit("arn:g", &group("instance", false), NetworkMode::Bridge).as_deref(),
            Some("The target group with targetGroupArn arn:g does not have an associated load balancer.")
        );
    }
}
