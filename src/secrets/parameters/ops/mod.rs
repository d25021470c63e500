//! The operations. A new one gets its `mod` line and its entry here; how to write one stands in `aws`.

mod add_tags_to_resource;
mod delete_parameter;
mod delete_parameters;
mod describe_parameters;
mod get_parameter;
mod get_parameter_history;
mod get_parameters;
mod get_parameters_by_path;
mod list_tags_for_resource;
mod put_parameter;
mod remove_tags_from_resource;

use app::api::Call;
use aws::Entry;

use self::add_tags_to_resource::AddTagsToResource;
use self::delete_parameter::DeleteParameter;
use self::delete_parameters::DeleteParameters;
use self::describe_parameters::DescribeParameters;
use self::get_parameter::GetParameter;
use self::get_parameter_history::GetParameterHistory;
use self::get_parameters::GetParameters;
use self::get_parameters_by_path::GetParametersByPath;
use self::list_tags_for_resource::ListTagsForResource;
use self::put_parameter::PutParameter;
use self::remove_tags_from_resource::RemoveTagsFromResource;

/// Every operation of the parameter store that exists here. Others of Systems Manager are unknown.
pub(crate) const OPERATIONS: &[Entry<Call>] = &[
    Entry::of::<AddTagsToResource>(),
    Entry::of::<DeleteParameter>(),
    Entry::of::<DeleteParameters>(),
    Entry::of::<DescribeParameters>(),
    Entry::of::<GetParameter>(),
    Entry::of::<GetParameterHistory>(),
    Entry::of::<GetParameters>(),
    Entry::of::<GetParametersByPath>(),
    Entry::of::<ListTagsForResource>(),
    Entry::of::<PutParameter>(),
    Entry::of::<RemoveTagsFromResource>(),
];
