//! The operations. A new one gets its `mod` line and its entry here; how to write one stands in `aws`.

mod create_cluster;
mod delete_cluster;
mod delete_task_definitions;
mod deregister_task_definition;
mod describe_clusters;
mod describe_task_definition;
mod list_clusters;
mod list_task_definition_families;
mod list_task_definitions;
mod register_task_definition;

use app::api::Call;
use aws::Entry;

use self::create_cluster::CreateCluster;
use self::delete_cluster::DeleteCluster;
use self::delete_task_definitions::DeleteTaskDefinitions;
use self::deregister_task_definition::DeregisterTaskDefinition;
use self::describe_clusters::DescribeClusters;
use self::describe_task_definition::DescribeTaskDefinition;
use self::list_clusters::ListClusters;
use self::list_task_definition_families::ListTaskDefinitionFamilies;
use self::list_task_definitions::ListTaskDefinitions;
use self::register_task_definition::RegisterTaskDefinition;

/// Everything that ECS does here.
pub(crate) const OPERATIONS: &[Entry<Call>] = &[
    Entry::of::<CreateCluster>(),
    Entry::of::<DeleteCluster>(),
    Entry::of::<DeleteTaskDefinitions>(),
    Entry::of::<DeregisterTaskDefinition>(),
    Entry::of::<DescribeClusters>(),
    Entry::of::<DescribeTaskDefinition>(),
    Entry::of::<ListClusters>(),
    Entry::of::<ListTaskDefinitionFamilies>(),
    Entry::of::<ListTaskDefinitions>(),
    Entry::of::<RegisterTaskDefinition>(),
];
