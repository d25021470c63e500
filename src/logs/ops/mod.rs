//! The operations. A new one gets its `mod` line and its entry here; how to write one stands in `aws`.

mod create_log_group;
mod create_log_stream;
mod delete_log_group;
mod delete_log_stream;
mod delete_retention_policy;
mod describe_log_groups;
mod describe_log_streams;
mod filter_log_events;
mod get_log_events;
mod list_tags_for_resource;
mod list_tags_log_group;
mod put_log_events;
mod put_retention_policy;
mod tag_log_group;
mod tag_resource;
mod untag_log_group;
mod untag_resource;

use app::api::Call;
use aws::Entry;

use self::create_log_group::CreateLogGroup;
use self::create_log_stream::CreateLogStream;
use self::delete_log_group::DeleteLogGroup;
use self::delete_log_stream::DeleteLogStream;
use self::delete_retention_policy::DeleteRetentionPolicy;
use self::describe_log_groups::DescribeLogGroups;
use self::describe_log_streams::DescribeLogStreams;
use self::filter_log_events::FilterLogEvents;
use self::get_log_events::GetLogEvents;
use self::list_tags_for_resource::ListTagsForResource;
use self::list_tags_log_group::ListTagsLogGroup;
use self::put_log_events::PutLogEvents;
use self::put_retention_policy::PutRetentionPolicy;
use self::tag_log_group::TagLogGroup;
use self::tag_resource::TagResource;
use self::untag_log_group::UntagLogGroup;
use self::untag_resource::UntagResource;

/// Every operation of CloudWatch Logs that exists here. Others of it are not supported.
pub(crate) const OPERATIONS: &[Entry<Call>] = &[
    Entry::of::<CreateLogGroup>(),
    Entry::of::<CreateLogStream>(),
    Entry::of::<DeleteLogGroup>(),
    Entry::of::<DeleteLogStream>(),
    Entry::of::<DeleteRetentionPolicy>(),
    Entry::of::<DescribeLogGroups>(),
    Entry::of::<DescribeLogStreams>(),
    Entry::of::<FilterLogEvents>(),
    Entry::of::<GetLogEvents>(),
    Entry::of::<ListTagsForResource>(),
    Entry::of::<ListTagsLogGroup>(),
    Entry::of::<PutLogEvents>(),
    Entry::of::<PutRetentionPolicy>(),
    Entry::of::<TagLogGroup>(),
    Entry::of::<TagResource>(),
    Entry::of::<UntagLogGroup>(),
    Entry::of::<UntagResource>(),
];
