//! The operations. A new one gets its `mod` line and its entry here; how to write one stands in `aws`.

mod continue_service_deployment;
mod create_capacity_provider;
mod create_cluster;
mod create_service;
mod create_task_set;
mod delete_account_setting;
mod delete_attributes;
mod delete_capacity_provider;
mod delete_cluster;
mod delete_service;
mod delete_task_definitions;
mod delete_task_set;
mod deregister_container_instance;
mod deregister_task_definition;
mod describe_capacity_providers;
mod describe_clusters;
mod describe_container_instances;
mod describe_service_deployments;
mod describe_service_revisions;
mod describe_services;
mod describe_task_definition;
mod describe_task_sets;
mod describe_tasks;
mod discover_poll_endpoint;
mod execute_command;
mod get_task_protection;
mod list_account_settings;
mod list_attributes;
mod list_clusters;
mod list_container_instances;
mod list_service_deployments;
mod list_services;
mod list_services_by_namespace;
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
mod stop_service_deployment;
mod stop_task;
mod submit_attachment_state_changes;
mod submit_container_state_change;
mod submit_task_state_change;
mod tag_resource;
pub(crate) mod unsupported;
mod untag_resource;
mod update_capacity_provider;
mod update_cluster;
mod update_cluster_settings;
mod update_container_instances_state;
mod update_service;
mod update_service_primary_task_set;
mod update_task_protection;
mod update_task_set;

use app::api::Call;
use aws::Entry;

use self::continue_service_deployment::ContinueServiceDeployment;
use self::create_capacity_provider::CreateCapacityProvider;
use self::create_cluster::CreateCluster;
use self::create_service::CreateService;
use self::create_task_set::CreateTaskSet;
use self::delete_account_setting::DeleteAccountSetting;
use self::delete_attributes::DeleteAttributes;
use self::delete_capacity_provider::DeleteCapacityProvider;
use self::delete_cluster::DeleteCluster;
use self::delete_service::DeleteService;
use self::delete_task_definitions::DeleteTaskDefinitions;
use self::delete_task_set::DeleteTaskSet;
use self::deregister_container_instance::DeregisterContainerInstance;
use self::deregister_task_definition::DeregisterTaskDefinition;
use self::describe_capacity_providers::DescribeCapacityProviders;
use self::describe_clusters::DescribeClusters;
use self::describe_container_instances::DescribeContainerInstances;
use self::describe_service_deployments::DescribeServiceDeployments;
use self::describe_service_revisions::DescribeServiceRevisions;
use self::describe_services::DescribeServices;
use self::describe_task_definition::DescribeTaskDefinition;
use self::describe_task_sets::DescribeTaskSets;
use self::describe_tasks::DescribeTasks;
use self::discover_poll_endpoint::DiscoverPollEndpoint;
use self::execute_command::ExecuteCommand;
use self::get_task_protection::GetTaskProtection;
use self::list_account_settings::ListAccountSettings;
use self::list_attributes::ListAttributes;
use self::list_clusters::ListClusters;
use self::list_container_instances::ListContainerInstances;
use self::list_service_deployments::ListServiceDeployments;
use self::list_services::ListServices;
use self::list_services_by_namespace::ListServicesByNamespace;
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
use self::stop_service_deployment::StopServiceDeployment;
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
use self::update_service::UpdateService;
use self::update_service_primary_task_set::UpdateServicePrimaryTaskSet;
use self::update_task_protection::UpdateTaskProtection;
use self::update_task_set::UpdateTaskSet;

/// Everything that ECS does here.
pub(crate) const OPERATIONS: &[Entry<Call>] = &[
    Entry::of::<ContinueServiceDeployment>(),
    Entry::of::<CreateCapacityProvider>(),
    Entry::of::<CreateCluster>(),
    Entry::of::<CreateService>(),
    Entry::of::<CreateTaskSet>(),
    Entry::of::<DeleteAccountSetting>(),
    Entry::of::<DeleteAttributes>(),
    Entry::of::<DeleteCapacityProvider>(),
    Entry::of::<DeleteCluster>(),
    Entry::of::<DeleteService>(),
    Entry::of::<DeleteTaskDefinitions>(),
    Entry::of::<DeleteTaskSet>(),
    Entry::of::<DeregisterContainerInstance>(),
    Entry::of::<DeregisterTaskDefinition>(),
    Entry::of::<DescribeCapacityProviders>(),
    Entry::of::<DescribeClusters>(),
    Entry::of::<DescribeContainerInstances>(),
    Entry::of::<DescribeServiceDeployments>(),
    Entry::of::<DescribeServiceRevisions>(),
    Entry::of::<DescribeServices>(),
    Entry::of::<DescribeTaskDefinition>(),
    Entry::of::<DescribeTaskSets>(),
    Entry::of::<DescribeTasks>(),
    Entry::of::<DiscoverPollEndpoint>(),
    Entry::of::<ExecuteCommand>(),
    Entry::of::<GetTaskProtection>(),
    Entry::of::<ListAccountSettings>(),
    Entry::of::<ListAttributes>(),
    Entry::of::<ListClusters>(),
    Entry::of::<ListContainerInstances>(),
    Entry::of::<ListServiceDeployments>(),
    Entry::of::<ListServices>(),
    Entry::of::<ListServicesByNamespace>(),
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
    Entry::of::<StopServiceDeployment>(),
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
    Entry::of::<UpdateService>(),
    Entry::of::<UpdateServicePrimaryTaskSet>(),
    Entry::of::<UpdateTaskProtection>(),
    Entry::of::<UpdateTaskSet>(),
];
