//! The operations. A new one gets its `mod` line and its entry here; how to write one stands in `aws`.

mod create_cluster;
mod delete_cluster;
mod delete_task_definitions;
mod deregister_container_instance;
mod deregister_task_definition;
mod describe_clusters;
mod describe_container_instances;
mod describe_task_definition;
mod describe_tasks;
mod discover_poll_endpoint;
mod list_clusters;
mod list_container_instances;
mod list_task_definition_families;
mod list_task_definitions;
mod list_tasks;
mod register_container_instance;
mod register_task_definition;
mod run_task;
mod start_task;
mod stop_task;
mod submit_attachment_state_changes;
mod submit_container_state_change;
mod submit_task_state_change;
mod update_container_instances_state;

use app::api::Call;
use aws::Entry;

use self::create_cluster::CreateCluster;
use self::delete_cluster::DeleteCluster;
use self::delete_task_definitions::DeleteTaskDefinitions;
use self::deregister_container_instance::DeregisterContainerInstance;
use self::deregister_task_definition::DeregisterTaskDefinition;
use self::describe_clusters::DescribeClusters;
use self::describe_container_instances::DescribeContainerInstances;
use self::describe_task_definition::DescribeTaskDefinition;
use self::describe_tasks::DescribeTasks;
use self::discover_poll_endpoint::DiscoverPollEndpoint;
use self::list_clusters::ListClusters;
use self::list_container_instances::ListContainerInstances;
use self::list_task_definition_families::ListTaskDefinitionFamilies;
use self::list_task_definitions::ListTaskDefinitions;
use self::list_tasks::ListTasks;
use self::register_container_instance::RegisterContainerInstance;
use self::register_task_definition::RegisterTaskDefinition;
use self::run_task::RunTask;
use self::start_task::StartTask;
use self::stop_task::StopTask;
use self::submit_attachment_state_changes::SubmitAttachmentStateChanges;
use self::submit_container_state_change::SubmitContainerStateChange;
use self::submit_task_state_change::SubmitTaskStateChange;
use self::update_container_instances_state::UpdateContainerInstancesState;

/// Everything that ECS does here.
pub(crate) const OPERATIONS: &[Entry<Call>] = &[
    Entry::of::<CreateCluster>(),
    Entry::of::<DeleteCluster>(),
    Entry::of::<DeleteTaskDefinitions>(),
    Entry::of::<DeregisterContainerInstance>(),
    Entry::of::<DeregisterTaskDefinition>(),
    Entry::of::<DescribeClusters>(),
    Entry::of::<DescribeContainerInstances>(),
    Entry::of::<DescribeTaskDefinition>(),
    Entry::of::<DescribeTasks>(),
    Entry::of::<DiscoverPollEndpoint>(),
    Entry::of::<ListClusters>(),
    Entry::of::<ListContainerInstances>(),
    Entry::of::<ListTaskDefinitionFamilies>(),
    Entry::of::<ListTaskDefinitions>(),
    Entry::of::<ListTasks>(),
    Entry::of::<RegisterContainerInstance>(),
    Entry::of::<RegisterTaskDefinition>(),
    Entry::of::<RunTask>(),
    Entry::of::<StartTask>(),
    Entry::of::<StopTask>(),
    Entry::of::<SubmitAttachmentStateChanges>(),
    Entry::of::<SubmitContainerStateChange>(),
    Entry::of::<SubmitTaskStateChange>(),
    Entry::of::<UpdateContainerInstancesState>(),
];
