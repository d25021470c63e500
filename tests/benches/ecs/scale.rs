//! Many services on one server: how long until all their tasks run, what the server does while nothing happens, how long it
//! takes to look at all of them, and how long to replace the tasks of a host that is lost.

use std::time::Duration;

use futures_util::{StreamExt, stream};
use serde_json::json;
use tests::harness::ecs_agent::{EcsAgent, call};
use tests::harness::{Backend, Wharf};

use super::Options;
use super::server::{Moment, cluster, running, until_quiet, until_running};

/// Requests at once.
const CLIENTS: usize = 16;

pub(crate) async fn scale(backend: Backend, options: &Options) {
    let wharf = Wharf::with(backend)
        .set("WHARF_LOG_LEVEL", "error")
        .set("WHARF_SERVICE_SETTLE", "1s")
        .set("WHARF_HOST_TIMEOUT", "1s")
        .start()
        .await;
    let aws = wharf.aws();
    call(&aws, "CreateCluster", &json!({})).await;
    let container = json!({ "name": "app", "image": "web:1", "memory": 6 });
    let definition = json!({ "family": "web", "containerDefinitions": [container] });
    call(&aws, "RegisterTaskDefinition", &definition).await;
    let mut hosts = Vec::new();
    for _ in 0..options.hosts {
        // Room for what a lost host had.
        let memory = (options.services * options.tasks * 6 / options.hosts * 2).max(64);
        hosts.push(EcsAgent::join(&aws, "default", 65536, i64::try_from(memory).expect("it is not much")).await);
    }

    let begin = Moment::now(&wharf).await;
    stream::iter(0..options.services)
        .for_each_concurrent(CLIENTS, |number| {
            let aws = &aws;
            async move {
                let name = format!("web-{number}");
                let request = json!({ "serviceName": name, "taskDefinition": "web", "desiredCount": options.tasks });
                call(aws, "CreateService", &request).await;
            }
        })
        .await;
    begin.report("all services made", &wharf, &Moment::now(&wharf).await);
    let wanted = (options.services * options.tasks) as u64;
    until_running(&aws, wanted).await;
    begin.report("all tasks running", &wharf, &Moment::now(&wharf).await);
    begin.report("all services steady", &wharf, &until_quiet(&wharf).await);

    let begin = Moment::now(&wharf).await;
    tokio::time::sleep(Duration::from_secs(60)).await;
    begin.report("a minute in which nothing happens", &wharf, &Moment::now(&wharf).await);

    // A host that is made active, as it was, has every service looked at.
    for _ in 0..3 {
        let request = json!({ "containerInstances": [hosts[0].instance_arn], "status": "ACTIVE" });
        let asked = Moment::now(&wharf).await;
        call(&aws, "UpdateContainerInstancesState", &request).await;
        let mut begin = asked;
        loop {
            let now = Moment::now(&wharf).await;
            if now.looks == asked.looks {
                begin = now;
            }
            if now.looks >= asked.looks + options.services as u64 {
                begin.report("a pass, nothing to do", &wharf, &now);
                asked.report("the same, from the request that asked for it", &wharf, &now);
                break;
            }
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
        until_quiet(&wharf).await;
    }

    drop(hosts.pop());
    while running(&aws).await == wanted {
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    let begin = Moment::now(&wharf).await;
    let lost = wanted - running(&aws).await;
    while cluster(&aws).await["pendingTasksCount"].as_u64() != Some(0) || running(&aws).await != wanted {
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    let measure = format!("a host lost with {lost} tasks, until others run instead");
    begin.report(&measure, &wharf, &Moment::now(&wharf).await);
}
