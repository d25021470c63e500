//! How long a task takes to run on Docker whose image is there already, beside `docker run` of the same image.

use std::time::{Duration, Instant};

use serde_json::json;
use tests::harness::docker::Docker;
use tests::harness::ecs_agent::call;
use tests::harness::{Backend, Wharf};

pub(crate) async fn start(rounds: usize) {
    let docker = Docker::take();
    let wharf = Wharf::with(Backend::SqliteDisk)
        .set("WHARF_AGENT", docker.host())
        .set("WHARF_LOG_LEVEL", "error")
        .start()
        .await;
    let aws = wharf.aws();
    let host = wharf.address().to_string();
    docker.login(&wharf);
    let image = format!("{host}/team/web:v1");
    docker.page(&image, "a page");
    docker.run(&["push", "--quiet", &image]);
    let trust = r#"{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":{"Service":"ecs-tasks.amazonaws.com"},"Action":"sts:AssumeRole"}]}"#;
    let may = r#"{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"ecr:*","Resource":"*"}]}"#;
    aws.json(&["iam", "create-role", "--role-name", "exec", "--assume-role-policy-document", trust]);
    aws.json(&["iam", "put-role-policy", "--role-name", "exec", "--policy-name", "p", "--policy-document", may]);
    let definition = json!({
        "family": "web",
        "executionRoleArn": "arn:aws:iam::000000000000:role/exec",
        "containerDefinitions": [{
            "name": "app", "image": image, "memory": 32, "stopTimeout": 1, "portMappings": [{ "containerPort": 80 }],
        }],
    });
    call(&aws, "RegisterTaskDefinition", &definition).await;
    let hosts = || async { call(&aws, "ListContainerInstances", &json!({})).await["containerInstanceArns"].clone() };
    while hosts().await.as_array().is_none_or(Vec::is_empty) {
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    let (mut tasks, mut runs, mut over) = (Vec::new(), Vec::new(), Vec::new());
    // The first of each is for what is slow only once.
    for round in 0..=rounds {
        let begin = Instant::now();
        let ran = docker.run(&["run", "--detach", "--memory", "32m", "--publish", "80", &image]);
        let by_docker = begin.elapsed();
        docker.run(&["rm", "--force", &ran]);
        let begin = Instant::now();
        let answer = call(&aws, "RunTask", &json!({ "taskDefinition": "web" })).await;
        let task = answer["tasks"][0]["taskArn"].clone();
        loop {
            let found = call(&aws, "DescribeTasks", &json!({ "tasks": [task] })).await["tasks"][0].clone();
            match found["lastStatus"].as_str() {
                Some("RUNNING") => break,
                Some("STOPPED") => panic!("{found}"),
                _ => tokio::time::sleep(Duration::from_millis(5)).await,
            }
        }
        let by_wharf = begin.elapsed();
        if round > 0 {
            over.push(by_wharf.saturating_sub(by_docker));
            tasks.push(by_wharf);
            runs.push(by_docker);
        }
        call(&aws, "StopTask", &json!({ "task": task })).await;
        while call(&aws, "DescribeTasks", &json!({ "tasks": [task] })).await["tasks"][0]["lastStatus"] != "STOPPED" {
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    }
    println!("\n| a cached image on Docker, {rounds} rounds | median | slowest |");
    println!("|---|---:|---:|");
    for (measure, took) in [
        ("`docker run --detach`", runs),
        ("RunTask until RUNNING", tasks),
        ("RunTask until RUNNING, over the `docker run` before it", over),
    ] {
        let mut took = took;
        took.sort();
        println!("| {measure} | {:.0?} | {:.0?} |", took[took.len() / 2], took[took.len() - 1]);
    }
}
