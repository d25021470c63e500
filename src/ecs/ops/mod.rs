//! The operations. A new one gets its `mod` line and its entry here; how to write one stands in `aws`.

mod create_capacity_provider;
mod create_cluster;
mod delete_account_setting;
mod delete_attributes;
mod delete_capacity_provider;
mod delete_cluster;
mod delete_task_definitions;
mod deregister_container_instance;
mod deregister_task_definition;
mod describe_capacity_providers;
mod describe_clusters;
mod describe_container_instances;
mod describe_task_definition;
mod describe_tasks;
mod discover_poll_endpoint;
mod list_account_settings;
mod list_attributes;
mod list_clusters;
mod list_container_instances;
mod list_tags_for_resource;
mod list_task_definition_families;
mod list_task_definitions;
mod list_tasks;
mod put_account_setting;
mod put_account_setting_default;
mod put_attributes;
mod put_cluster_capacity_providers;
mod register_container_instance;
mod register_task_definition;
mod run_task;
mod start_task;
mod stop_task;
mod submit_attachment_state_changes;
mod submit_container_state_change;
mod submit_task_state_change;
mod tag_resource;
mod untag_resource;
mod update_capacity_provider;
mod update_cluster;
mod update_cluster_settings;
mod update_container_instances_state;

use app::api::Call;
use aws::Entry;

use self::create_capacity_provider::CreateCapacityProvider;
use self::create_cluster::CreateCluster;
use self::delete_account_setting::DeleteAccountSetting;
use self::delete_attributes::DeleteAttributes;
use self::delete_capacity_provider::DeleteCapacityProvider;
use self::delete_cluster::DeleteCluster;
use self::delete_task_definitions::DeleteTaskDefinitions;
use self::deregister_container_instance::DeregisterContainerInstance;
use self::deregister_task_definition::DeregisterTaskDefinition;
use self::describe_capacity_providers::DescribeCapacityProviders;
use self::describe_clusters::DescribeClusters;
use self::describe_container_instances::DescribeContainerInstances;
use self::describe_task_definition::DescribeTaskDefinition;
use self::describe_tasks::DescribeTasks;
use self::discover_poll_endpoint::DiscoverPollEndpoint;
use self::list_account_settings::ListAccountSettings;
use self::list_attributes::ListAttributes;
use self::list_clusters::ListClusters;
use self::list_container_instances::ListContainerInstances;
use self::list_tags_for_resource::ListTagsForResource;
use self::list_task_definition_families::ListTaskDefinitionFamilies;
use self::list_task_definitions::ListTaskDefinitions;
use self::list_tasks::ListTasks;
use self::put_account_setting::PutAccountSetting;
use self::put_account_setting_default::PutAccountSettingDefault;
use self::put_attributes::PutAttributes;
use self::put_cluster_capacity_providers::PutClusterCapacityProviders;
use self::register_container_instance::RegisterContainerInstance;
use self::register_task_definition::RegisterTaskDefinition;
use self::run_task::RunTask;
use self::start_task::StartTask;
use self::stop_task::StopTask;
use self::submit_attachment_state_changes::SubmitAttachmentStateChanges;
use self::submit_container_state_change::SubmitContainerStateChange;
use self::submit_task_state_change::SubmitTaskStateChange;
use self::tag_resource::TagResource;
use self::untag_resource::UntagResource;
use self::update_capacity_provider::UpdateCapacityProvider;
use self::update_cluster::UpdateCluster;
use self::update_cluster_settings::UpdateClusterSettings;
use self::update_container_instances_state::UpdateContainerInstancesState;

/// Everything that ECS does here.
pub(crate) const OPERATIONS: &[Entry<Call>] = &[
    Entry::of::<CreateCapacityProvider>(),
    Entry::of::<CreateCluster>(),
    Entry::of::<DeleteAccountSetting>(),
    Entry::of::<DeleteAttributes>(),
    Entry::of::<DeleteCapacityProvider>(),
    Entry::of::<DeleteCluster>(),
    Entry::of::<DeleteTaskDefinitions>(),
    Entry::of::<DeregisterContainerInstance>(),
    Entry::of::<DeregisterTaskDefinition>(),
    Entry::of::<DescribeCapacityProviders>(),
    Entry::of::<DescribeClusters>(),
    Entry::of::<DescribeContainerInstances>(),
    Entry::of::<DescribeTaskDefinition>(),
    Entry::of::<DescribeTasks>(),
    Entry::of::<DiscoverPollEndpoint>(),
    Entry::of::<ListAccountSettings>(),
    Entry::of::<ListAttributes>(),
    Entry::of::<ListClusters>(),
    Entry::of::<ListContainerInstances>(),
    Entry::of::<ListTagsForResource>(),
    Entry::of::<ListTaskDefinitionFamilies>(),
    Entry::of::<ListTaskDefinitions>(),
    Entry::of::<ListTasks>(),
    Entry::of::<PutAccountSetting>(),
    Entry::of::<PutAccountSettingDefault>(),
    Entry::of::<PutAttributes>(),
    Entry::of::<PutClusterCapacityProviders>(),
    Entry::of::<RegisterContainerInstance>(),
    Entry::of::<RegisterTaskDefinition>(),
    Entry::of::<RunTask>(),
    Entry::of::<StartTask>(),
    Entry::of::<StopTask>(),
    Entry::of::<SubmitAttachmentStateChanges>(),
    Entry::of::<SubmitContainerStateChange>(),
    Entry::of::<SubmitTaskStateChange>(),
    Entry::of::<TagResource>(),
    Entry::of::<UntagResource>(),
    Entry::of::<UpdateCapacityProvider>(),
    Entry::of::<UpdateCluster>(),
    Entry::of::<UpdateClusterSettings>(),
    Entry::of::<UpdateContainerInstancesState>(),
];
