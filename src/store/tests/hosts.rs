//! Hosts of clusters: who speaks for them, and when they are forgotten.

use super::harness::{self, NOW, at, number, on_each, write};
use crate::container_instances::ContainerInstanceRow;
use crate::tasks::TaskRow;
use crate::{Conn, Result, container_instances, tasks};

fn host(id: &str) -> ContainerInstanceRow {
    ContainerInstanceRow {
        instance_id: id.to_owned(),
        cluster_id: "c".to_owned(),
        status: "ACTIVE".to_owned(),
        connected_until: NOW,
        version: 1,
        document: "{}".to_owned(),
        used_cpu: 0,
        used_memory: 0,
        used_ports: "{}".to_owned(),
        registered_at: NOW,
    }
}

fn task(host: &str) -> TaskRow {
    TaskRow {
        task_id: format!("task of {host}"),
        cluster_id: "c".to_owned(),
        instance_id: Some(host.to_owned()),
        service_id: None,
        deployment_id: None,
        family: "web".to_owned(),
        revision: 1,
        group: "family:web".to_owned(),
        started_by: None,
        launch_type: "EC2".to_owned(),
        desired_status: "STOPPED".to_owned(),
        last_status: "STOPPED".to_owned(),
        client_token: None,
        version: 1,
        document: "{}".to_owned(),
        created_at: NOW,
        stopped_at: None,
    }
}

async fn prepare(conn: &mut Conn) -> Result<()> {
    harness::cluster(conn).await?;
    for id in ["a", "b", "c", "d"] {
        container_instances::upsert(conn, &host(id)).await?;
    }
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn of_two_connections_the_one_that_began_last_counts() {
    on_each(|test| async move {
        write(&test.db, |conn| {
            Box::pin(async move {
                prepare(conn).await?;
                container_instances::update_session(conn, "a", "first", at(1)).await?;
                assert!(container_instances::update_connected(conn, "a", "first", at(2)).await?);
                container_instances::update_session(conn, "a", "second", at(3)).await?;
                assert!(!container_instances::update_connected(conn, "a", "first", NOW).await?);
                let connected = |found: Option<ContainerInstanceRow>| found.map(|host| host.connected_until);
                assert_eq!(connected(container_instances::find(conn, "a").await?), Some(at(3)));
                // That it registers anew changes nothing about who speaks for it.
                container_instances::upsert(conn, &host("a")).await?;
                assert!(container_instances::update_connected(conn, "a", "second", at(4)).await?);
                assert!(!container_instances::update_connected(conn, "b", "second", at(4)).await?);
                Ok(())
            })
        })
        .await
        .unwrap();
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_host_that_was_deregistered_is_forgotten_after_its_last_task() {
    on_each(|test| async move {
        write(&test.db, |conn| {
            Box::pin(async move {
                prepare(conn).await?;
                for id in ["a", "b"] {
                    container_instances::update_gone(conn, id, NOW).await?;
                }
                container_instances::update_gone(conn, "c", at(10)).await?;
                tasks::insert(conn, &task("b"), None).await?;
                assert_eq!(container_instances::delete_gone(conn, at(5), 10).await?, 1);
                for (id, left) in [("a", false), ("b", true), ("c", true), ("d", true)] {
                    assert_eq!(container_instances::find(conn, id).await?.is_some(), left, "{id}");
                }
                assert_eq!(container_instances::delete_gone(conn, at(20), 10).await?, 1);
                Ok(())
            })
        })
        .await
        .unwrap();
        assert_eq!(number(&test.db, "select count(*) from container_instances").await, 2);
    })
    .await;
}
