//! Operations that ECS has on AWS and that Wharf does not do, without a file of their own: whatever they are given, they are
//! refused as ECS refuses a feature where it is not offered.

use aws::Fault;

use crate::error::Error;

/// Names, with what they are about.
const UNSUPPORTED: &[(&str, &[&str])] = &[
    ("Updates of agents", &["UpdateContainerAgent"]),
    (
        "Express services",
        &[
            "CreateExpressGatewayService",
            "DeleteExpressGatewayService",
            "DescribeExpressGatewayService",
            "UpdateExpressGatewayService",
        ],
    ),
    (
        "Gateways",
        &[
            "AssociateGatewayWithCluster",
            "CreateGateway",
            "DeleteGateway",
            "DescribeGateway",
            "DescribeGatewayResources",
            "DescribeGatewayRoute",
            "DisassociateGatewayFromCluster",
            "ListGatewayClusterAssociations",
            "ListGatewayRoutes",
            "ListGateways",
            "UpdateGateway",
        ],
    ),
    (
        "Managed daemons",
        &[
            "CreateDaemon",
            "DeleteDaemon",
            "DeleteDaemonTaskDefinition",
            "DescribeDaemon",
            "DescribeDaemonDeployments",
            "DescribeDaemonRevisions",
            "DescribeDaemonTaskDefinition",
            "ListDaemonDeployments",
            "ListDaemonTaskDefinitions",
            "ListDaemons",
            "RegisterDaemonTaskDefinition",
            "UpdateDaemon",
        ],
    ),
];

/// The refusal of such an operation; none if there is no operation of that name.
pub(crate) fn refusal(operation: &str) -> Option<Fault> {
    let (what, _) = UNSUPPORTED.iter().find(|(_, operations)| operations.contains(&operation))?;
    Some(Error::Unsupported(format!("{what} are not supported by this server.")).into())
}
