//! A service with the tag `wharf:deploy-on-push` deploys what is pushed, and spares its images from lifecycle policies.

use serde_json::{Value, json};
use tests::harness::aws::Aws;
use tests::harness::ecs_agent::{Behavior, EcsAgent};
use tests::harness::{Backend, Wharf};

/// Runs a script in which `done()` says whether the newest deployment of the service is the only one.
#[track_caller]
fn run(aws: &Aws, data: &Value, script: &str) -> Value {
    super::run(aws, data, &format!("{DONE}\n{script}"))
}

const DONE: &str = r#"
def done():
    service = ecs.describe_services(services=["web"])["services"][0]
    return service["deployments"][0]["rolloutState"] == "COMPLETED" and len(service["deployments"]) == 1
def outcomes():
    return [one["status"] for one in ecs.list_service_deployments(service="web")["serviceDeployments"]]
"#;

#[tokio::test(flavor = "multi_thread")]
async fn a_push_to_a_watched_tag_begins_a_deployment() {
    for backend in [Backend::SqliteDisk, Backend::PostgresS3] {
        let wharf = Wharf::with(backend).set("WHARF_SERVICE_SETTLE", "1s").start().await;
        let aws = wharf.aws();
        let repository = wharf.client().repository("team/web");
        repository.push_small("live").await;
        let data = json!({ "image": format!("{}/team/web:live", wharf.address()) });
        run(&aws, &data, "ecs.create_cluster()\nregister('web', data['image'])");
        let agent = EcsAgent::join(&aws, "default", 2048, 1024).await;
        run(
            &aws,
            &data,
            r#"
arn = ecs.create_service(serviceName="web", taskDefinition="web", desiredCount=1)["service"]["serviceArn"]
eventually(done)
ecs.tag_resource(resourceArn=arn, tags=[{"key": "wharf:deploy-on-push", "value": "true"}])
"#,
        );
        let before = images(&agent);
        assert_eq!(before.len(), 1, "{before:?}");
        repository.push_small("live").await;
        run(
            &aws,
            &data,
            r#"
eventually(lambda: len(outcomes()) == 2)
eventually(done)
"#,
        );
        let after = images(&agent);
        assert_eq!(after.len(), 2, "the new task runs another digest: {after:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_service_that_was_there_before_its_image_deploys_the_first_push() {
    let wharf = Wharf::with(Backend::SqliteDisk).set("WHARF_SERVICE_SETTLE", "1s").start().await;
    let aws = wharf.aws();
    let data = json!({ "image": format!("{}/team/web:live", wharf.address()) });
    run(&aws, &data, "ecs.create_cluster()\nregister('web', data['image'])");
    let agent = EcsAgent::join(&aws, "default", 2048, 1024).await;
    let reason = "CannotPullContainerError: no such image".to_owned();
    agent.behave("web", Behavior { fails: Some(reason), ..Behavior::default() });
    run(
        &aws,
        &data,
        r#"
arn = ecs.create_service(serviceName="web", taskDefinition="web", desiredCount=1,
    tags=[{"key": "wharf:deploy-on-push", "value": "true"}])["service"]["serviceArn"]
eventually(lambda: ecs.list_tasks(desiredStatus="STOPPED")["taskArns"])
"#,
    );
    assert!(images(&agent).is_empty(), "there is no digest yet");
    // A task that is tried again just when the image comes would run it without another deployment: the one that is on its
    // way keeps others from being started.
    agent.behave("web", Behavior { ignores: true, ..Behavior::default() });
    let pending =
        r#"eventually(lambda: "PENDING" in [task(arn)["lastStatus"] for arn in ecs.list_tasks()["taskArns"]])"#;
    run(&aws, &data, pending);
    let repository = wharf.client().repository("team/web");
    agent.behave("web", Behavior::default());
    let first = repository.push_small("live").await;
    let deployments = |count: usize| format!("eventually(lambda: len(outcomes()) == {count})\neventually(done)");
    run(&aws, &data, &deployments(2));
    let pinned = images(&agent);
    assert!(pinned.len() == 1 && pinned.iter().all(|image| image.ends_with(&first.digest)), "{pinned:?}");
    // And so are all that come later.
    repository.push_small("live").await;
    run(&aws, &data, &deployments(3));
    assert_eq!(images(&agent).len(), 2);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_push_that_was_rolled_back_is_not_deployed_again() {
    let wharf = Wharf::with(Backend::SqliteDisk).set("WHARF_SERVICE_SETTLE", "1s").start().await;
    let aws = wharf.aws();
    let repository = wharf.client().repository("team/web");
    repository.push_small("live").await;
    let data = json!({ "image": format!("{}/team/web:live", wharf.address()) });
    run(&aws, &data, "ecs.create_cluster()\nregister('web', data['image'])");
    let agent = EcsAgent::join(&aws, "default", 2048, 1024).await;
    let create = r#"
ecs.create_service(serviceName="web", taskDefinition="web", desiredCount=1,
    tags=[{"key": "wharf:deploy-on-push", "value": "true"}],
    deploymentConfiguration={"deploymentCircuitBreaker": {"enable": True, "rollback": True}})
eventually(done)
"#;
    run(&aws, &data, create);
    agent.behave("web", Behavior { fails: Some("CannotStartContainerError: no".to_owned()), ..Behavior::default() });
    repository.push_small("live").await;
    let given_up = r#"
eventually(lambda: outcomes() == ["ROLLBACK_SUCCESSFUL", "SUCCESSFUL"])
eventually(done)
# It is looked at every three seconds.
time.sleep(8)
expect(outcomes(), ["ROLLBACK_SUCCESSFUL", "SUCCESSFUL"])
"#;
    run(&aws, &data, given_up);
    // What is pushed then is another thing.
    agent.behave("web", Behavior::default());
    repository.push_small("live").await;
    let deployed = r#"
eventually(lambda: outcomes() == ["SUCCESSFUL", "ROLLBACK_SUCCESSFUL", "SUCCESSFUL"])
eventually(done)
"#;
    run(&aws, &data, deployed);
}

/// The images that the agent was told to run, by digest.
fn images(agent: &EcsAgent) -> std::collections::BTreeSet<String> {
    let tasks = agent.tasks();
    let images = tasks.values().filter_map(|task| task["containers"][0]["image"].as_str());
    images.filter(|image| image.contains("@sha256:")).map(str::to_owned).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn what_another_account_keeps_to_itself_is_not_there_for_a_service() {
    let wharf = Wharf::with(Backend::PostgresS3).set("WHARF_SERVICE_SETTLE", "1s").start().await;
    let repository = wharf.client().repository("secret/web");
    repository.push_small("live").await;
    let account = wharf.account("111122223333").await;
    let aws = account.aws(&wharf);
    let image = format!("000000000000.dkr.ecr.us-east-1.{}/secret/web:live", wharf.address());
    let data = json!({ "image": image });
    run(&aws, &data, "ecs.create_cluster()\nregister('web', data['image'])");
    let _agent = EcsAgent::join(&aws, "default", 2048, 1024).await;
    let digest = r#"
def digest():
    service = ecs.describe_services(services=["web"])["services"][0]
    [revision] = ecs.describe_service_revisions(serviceRevisionArns=[service["currentServiceRevisions"][0]["arn"]])["serviceRevisions"]
    return revision["containerImages"][0].get("imageDigest")
"#;
    let hidden = r#"
ecs.create_service(serviceName="web", taskDefinition="web", desiredCount=1)
eventually(done)
expect(digest(), None)
"#;
    run(&aws, &data, &format!("{digest}\n{hidden}"));
    // Nor does it keep the image from being expired.
    assert_eq!(wharf.backing().database().query("select count(*) from image_uses"), "0");
    let open = r#"
policy = {"Version": "2012-10-17", "Statement": [
    {"Sid": "a", "Effect": "Allow", "Principal": {"AWS": "111122223333"}, "Action": "ecr:BatchGetImage"}]}
client("ecr").set_repository_policy(repositoryName="secret/web", policyText=json.dumps(policy))
"#;
    run(&wharf.aws(), &data, open);
    let seen = r#"
def deployed():
    ecs.update_service(service="web", forceNewDeployment=True)
    eventually(done)
    return digest()
assert eventually(deployed).startswith("sha256:")
"#;
    run(&aws, &data, &format!("{digest}\n{seen}"));
    assert_ne!(wharf.backing().database().query("select count(*) from image_uses"), "0");
}
