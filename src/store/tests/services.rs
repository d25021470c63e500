//! Services, their deployments, events and tasks.

use types::Timestamp;

use super::harness::{self, NOW, on_each, write};
use crate::service_deployments::{Filter, ServiceDeploymentRow};
use crate::service_events::ServiceEventRow;
use crate::service_tasks::ServiceTaskRow;
use crate::services::ServiceRow;
use crate::{Conn, Db, Result, service_deployments, service_events, service_tasks, services};

fn service(id: &str, name: &str) -> ServiceRow {
    ServiceRow {
        service_id: id.to_owned(),
        cluster_id: "c".to_owned(),
        name: name.to_owned(),
        status: "ACTIVE".to_owned(),
        strategy: "REPLICA".to_owned(),
        launch_type: "EC2".to_owned(),
        desired_count: 2,
        document: "{}".to_owned(),
        created_at: NOW,
    }
}

fn deployment(number: i64, status: &str) -> ServiceDeploymentRow {
    ServiceDeploymentRow {
        deployment_id: format!("{number:019}"),
        service_id: "s".to_owned(),
        status: status.to_owned(),
        rollout: "COMPLETED".to_owned(),
        outcome: "SUCCESSFUL".to_owned(),
        document: "{}".to_owned(),
        created_at: Timestamp::from_micros(number),
        completed_at: (number == 3).then_some(NOW),
    }
}

async fn cluster(conn: &mut Conn) -> Result<()> {
    harness::cluster(conn).await?;
    services::insert(conn, &service("s", "web")).await?;
    Ok(())
}

async fn prepare(db: &Db) {
    write(db, |conn| Box::pin(async move { cluster(conn).await })).await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_name_is_taken_until_its_service_is_forgotten() {
    on_each(|test| async move {
        prepare(&test.db).await;
        write(&test.db, |conn| {
            Box::pin(async move {
                assert!(!services::insert(conn, &service("t", "web")).await?);
                assert!(services::insert(conn, &service("u", "api")).await?);
                let listed = services::list(conn, "c", "", "", "", 10).await?;
                let names: Vec<&str> = listed.iter().map(|row| row.name.as_str()).collect();
                assert_eq!(names, ["api", "web"]);
                assert_eq!(services::count(conn, "c").await?, 2);
                services::delete(conn, "s").await?;
                assert!(services::find(conn, "c", "web").await?.is_some(), "it is not gone");
                let gone = ServiceRow { status: "INACTIVE".to_owned(), ..service("s", "web") };
                services::update(conn, &gone).await?;
                assert_eq!(services::list_live(conn, "c", "", 10).await?.len(), 1);
                assert_eq!(services::list(conn, "c", "", "DAEMON", "", 10).await?.len(), 0);
                services::delete(conn, "s").await?;
                assert!(services::insert(conn, &service("t", "web")).await?);
                Ok(())
            })
        })
        .await
        .unwrap();
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_newest_hundred_events_are_kept() {
    on_each(|test| async move {
        prepare(&test.db).await;
        write(&test.db, |conn| {
            Box::pin(async move {
                for number in 0..120 {
                    let message = number.to_string();
                    let event = ServiceEventRow { event_id: "e".to_owned(), message, created_at: NOW };
                    service_events::insert(conn, "s", &event).await?;
                }
                let kept = service_events::list(conn, "s").await?;
                assert_eq!((kept.len(), &*kept[0].message, &*kept[99].message), (100, "119", "20"));
                Ok(())
            })
        })
        .await
        .unwrap();
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn old_deployments_go_but_for_what_a_service_could_go_back_to() {
    on_each(|test| async move {
        prepare(&test.db).await;
        write(&test.db, |conn| {
            Box::pin(async move {
                for number in 1..=9 {
                    let status = if number == 9 { "PRIMARY" } else { "INACTIVE" };
                    service_deployments::insert(conn, &deployment(number, status)).await?;
                }
                let completed = service_deployments::find_completed(conn, "s", "none").await?.expect("one");
                assert_eq!(completed.created_at.micros(), 3);
                service_deployments::delete_old(conn, "s", 4, &completed.deployment_id).await?;
                let all = Filter {
                    outcomes: &[],
                    created_after: Timestamp::from_micros(0),
                    created_before: Timestamp::from_micros(i64::MAX),
                };
                let newest = (Timestamp::from_micros(i64::MAX), "");
                let left = service_deployments::list(conn, "s", all, newest, 100).await?;
                let left: Vec<i64> = left.iter().map(|row| row.created_at.micros()).collect();
                assert_eq!(left, [9, 8, 7, 6, 3]);
                let outcomes = ["STOPPED".to_owned()];
                let none = Filter { outcomes: &outcomes, ..all };
                assert_eq!(service_deployments::list(conn, "s", none, newest, 100).await?.len(), 0);
                assert_eq!(service_deployments::list_shown(conn, "s").await?.len(), 1);
                Ok(())
            })
        })
        .await
        .unwrap();
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn tasks_of_a_service_are_kept_until_they_are_accounted_for() {
    on_each(|test| async move {
        prepare(&test.db).await;
        write(&test.db, |conn| {
            Box::pin(async move {
                for id in ["a", "b"] {
                    let task = ServiceTaskRow {
                        task_id: id.to_owned(),
                        service_id: "s".to_owned(),
                        deployment_id: "d".to_owned(),
                        was_healthy: false,
                    };
                    service_tasks::insert(conn, &task).await?;
                }
                service_tasks::update_healthy(conn, "b").await?;
                service_tasks::delete(conn, "a").await?;
                let left = service_tasks::list(conn, &["s"]).await?;
                assert_eq!((left.len(), &*left[0].task_id, left[0].was_healthy), (1, "b", true));
                Ok(())
            })
        })
        .await
        .unwrap();
    })
    .await;
}
