//! The operations. A new one gets its `mod` line and its entry here; how to write one stands in `aws`.

mod create_cluster;
mod delete_cluster;
mod describe_clusters;
mod list_clusters;

use app::api::Call;
use aws::Entry;

use self::create_cluster::CreateCluster;
use self::delete_cluster::DeleteCluster;
use self::describe_clusters::DescribeClusters;
use self::list_clusters::ListClusters;

/// Everything that ECS does here.
pub(crate) const OPERATIONS: &[Entry<Call>] = &[
    Entry::of::<CreateCluster>(),
    Entry::of::<DeleteCluster>(),
    Entry::of::<DescribeClusters>(),
    Entry::of::<ListClusters>(),
];
