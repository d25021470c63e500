//! How much of their hosts clusters have given to tasks, as CloudWatch has it: `CPUReservation` and `MemoryReservation` of
//! clusters, in percent of what their hosts have, of all that are registered.

use std::collections::BTreeMap;
use std::time::Duration;

use app::App;
use cloudwatch::metrics::{self, Datum, Metric, Statistics};
use store::container_instances::{self, ContainerInstanceRow};
use store::{Conn, clusters};
use types::{RegistryId, Timestamp};

use crate::clusters::is_at_work;
use crate::container_instances::ContainerInstance;
use crate::error::Error;

/// How often it is measured.
pub const EVERY: Duration = Duration::from_secs(60);

/// Hosts of one page.
const PAGE: usize = 100;

/// What the hosts of a cluster have, and what of it tasks have.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
struct Shares {
    cpu: (u64, u64),
    memory: (u64, u64),
}

impl Shares {
    fn add(&mut self, row: &ContainerInstanceRow, (cpu, memory): (u64, u64)) {
        self.cpu = (self.cpu.0.saturating_add(row.used_cpu), self.cpu.1.saturating_add(cpu));
        self.memory = (self.memory.0.saturating_add(row.used_memory), self.memory.1.saturating_add(memory));
    }

    fn data(self, cluster: &str, at: Timestamp) -> Vec<Datum> {
        let share = |name: &str, (used, all): (u64, u64)| {
            let dimensions = BTreeMap::from([("ClusterName".to_owned(), cluster.to_owned())]);
            let metric = Metric { namespace: "AWS/ECS".to_owned(), name: name.to_owned(), dimensions };
            let statistics = Statistics::of(used as f64 * 100.0 / all as f64);
            (all > 0).then(|| Datum { metric, unit: "Percent".to_owned(), at, statistics })
        };
        [share("CPUReservation", self.cpu), share("MemoryReservation", self.memory)].into_iter().flatten().collect()
    }
}

/// Measures all clusters once.
pub async fn measure(app: &App) -> app::Result<()> {
    let now = app.now();
    let mut conn = app.db().reader().await?;
    let mut found: BTreeMap<String, Shares> = BTreeMap::new();
    let mut after = String::new();
    loop {
        let page = container_instances::list_all(&mut conn, &after, PAGE).await?;
        let Some(last) = page.last() else { break };
        after.clone_from(&last.instance_id);
        for row in page {
            let instance = ContainerInstance::read(row);
            let all = (instance.document.cpu, instance.document.memory);
            found.entry(instance.row.cluster_id.clone()).or_default().add(&instance.row, all);
        }
    }
    let registries = by_registry(&mut conn, &found, now).await?;
    drop(conn);
    for (registry, data) in registries {
        metrics::put_all(app, &registry, data).await?;
    }
    Ok(())
}

async fn by_registry(
    conn: &mut Conn,
    found: &BTreeMap<String, Shares>,
    now: Timestamp,
) -> app::Result<BTreeMap<RegistryId, Vec<Datum>>> {
    let mut registries: BTreeMap<RegistryId, Vec<Datum>> = BTreeMap::new();
    for (id, shares) in found {
        if !is_at_work(conn, id).await.map_err(Error::unheard)? {
            continue;
        }
        if let Some(cluster) = clusters::find_by_id(conn, id).await? {
            registries.entry(cluster.registry).or_default().extend(shares.data(&cluster.name, now));
        }
    }
    Ok(registries)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_tasks_have_is_in_percent_of_what_there_is() {
        let shares = Shares { cpu: (512, 2048), memory: (0, 0) };
        let data = shares.data("main", Timestamp::from_micros(0));
        let told: Vec<_> = data.iter().map(|one| (one.metric.name.as_str(), one.statistics)).collect();
        assert_eq!(told, [("CPUReservation", Statistics::of(25.0))], "nothing of memory, of which there is none");
        assert_eq!(data[0].metric.dimensions, BTreeMap::from([("ClusterName".to_owned(), "main".to_owned())]));
    }
}
