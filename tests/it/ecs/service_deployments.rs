//! Deployments of services as such: how they are listed, described and stopped, and which images they run.

use serde_json::json;
use tests::harness::ecs_agent::{Behavior, EcsAgent};
use tests::harness::{DEFAULT, Image, Repository, Wharf, random};

use super::run;
use super::services::SETUP;

#[tokio::test(flavor = "multi_thread")]
async fn deployments_are_listed_described_and_stopped() {
    for &backend in DEFAULT {
        println!("on {backend:?}");
        let wharf = Wharf::with(backend).set("WHARF_SERVICE_SETTLE", "1s").start().await;
        let aws = wharf.aws();
        run(&aws, &json!({}), "ecs.create_cluster()");
        let agent = EcsAgent::join(&aws, "default", 2048, 1024).await;
        agent.behave("stuck", Behavior { ignores: true, ..Behavior::default() });
        run(
            &aws,
            &json!({}),
            &format!(
                r#"{SETUP}
define()
made = create()
first = completed()["deployments"][0]["id"].split("/")[1]
begin = made["serviceArn"].split(":service/")[0]
arn = lambda number: f"{{begin}}:service-deployment/default/web/{{number}}"
[brief] = ecs.list_service_deployments(service="web")["serviceDeployments"]
expect(brief["serviceDeploymentArn"], arn(first))
expect((brief["status"], brief["serviceArn"]), ("SUCCESSFUL", made["serviceArn"]))
assert brief["createdAt"] <= brief["startedAt"] <= brief["finishedAt"]
[full] = ecs.describe_service_deployments(serviceDeploymentArns=[arn(first)])["serviceDeployments"]
expect((full["status"], full["sourceServiceRevisions"]), ("SUCCESSFUL", []))
target = full["targetServiceRevision"]
expect((target["arn"], target["runningTaskCount"]), (brief["targetServiceRevisionArn"], 2))
expect(full["deploymentCircuitBreaker"]["status"], "DISABLED")
answer = ecs.describe_service_revisions(serviceRevisionArns=[target["arn"], target["arn"][:-1] + "x"])
[revision] = answer["serviceRevisions"]
expect(revision["taskDefinition"].split("/")[1], "web:1")
expect(revision["containerImages"], [{{"containerName": "app", "image": "web:1"}}])
expect([failure["reason"] for failure in answer["failures"]], ["MISSING"])

ecs.update_service(service="web", taskDefinition=define("stuck"))
second = service()["deployments"][0]["id"].split("/")[1]
expect(service()["currentServiceDeployment"], arn(second))
[full] = ecs.describe_service_deployments(serviceDeploymentArns=[arn(second)])["serviceDeployments"]
expect((full["status"], full["lifecycleStage"]), ("IN_PROGRESS", "SCALE_UP"))
expect([one["arn"].split("/")[-1] for one in full["sourceServiceRevisions"]], [first])
listed = ecs.list_service_deployments(service="web")["serviceDeployments"]
expect([one["serviceDeploymentArn"] for one in listed], [arn(second), arn(first)])
listed = ecs.list_service_deployments(service="web", status=["IN_PROGRESS"])["serviceDeployments"]
expect([one["serviceDeploymentArn"] for one in listed], [arn(second)])
page = ecs.list_service_deployments(service="web", maxResults=1)
expect([one["serviceDeploymentArn"] for one in page["serviceDeployments"]], [arn(second)])
page = ecs.list_service_deployments(service="web", maxResults=1, nextToken=page["nextToken"])
expect([one["serviceDeploymentArn"] for one in page["serviceDeployments"]], [arn(first)])
assert "nextToken" not in page
message("InvalidParameterException", ecs.list_service_deployments, service="web", status=["MAYBE"])
message("ServiceNotFoundException", ecs.list_service_deployments, service="absent")

message("ServiceDeploymentNotFoundException", ecs.stop_service_deployment, serviceDeploymentArn=arn("1"))
message("ConflictException", ecs.stop_service_deployment, serviceDeploymentArn=arn(first))
eventually(lambda: any(one["startedBy"].endswith(second) for one in tasks()))
expect(ecs.stop_service_deployment(serviceDeploymentArn=arn(second))["serviceDeploymentArn"], arn(second))
eventually(lambda: service()["deployments"][0]["id"].endswith(first))
expect(service()["taskDefinition"].split("/")[1], "web:1")
[full] = ecs.describe_service_deployments(serviceDeploymentArns=[arn(second)])["serviceDeployments"]
expect(full["rollback"]["serviceRevisionArn"].split("/")[-1], first)
told = messages()
failed = told.index(f"(service web) (deployment ecs-svc/{{second}}) deployment failed: stopped by a user.")
expect(told[failed - 1], f"(service web) rolling back to (deployment ecs-svc/{{first}}).")
reasons = {{one["id"]: one["rolloutStateReason"] for one in service()["deployments"]}}
assert "circuit breaker" not in reasons[f"ecs-svc/{{first}}"], reasons
# Its task never stops, so it is still rolled back, and goes on so when it is asked for again.
expect(full["status"], "ROLLBACK_IN_PROGRESS")
expect(ecs.stop_service_deployment(serviceDeploymentArn=arn(second))["serviceDeploymentArn"], arn(second))
"#
            ),
        );
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_tag_means_the_same_image_for_a_whole_deployment() {
    for &backend in DEFAULT {
        println!("on {backend:?}");
        let wharf = Wharf::with(backend).set("WHARF_SERVICE_SETTLE", "1s").start().await;
        let aws = wharf.aws();
        let repository = Repository::new(wharf.client(), "team/web");
        let (first, second) = (Image::of(vec![random(16)]), Image::of(vec![random(16)]));
        repository.push_image("live", &first).await;
        run(&aws, &json!({}), "ecs.create_cluster()");
        let _agent = EcsAgent::join(&aws, "default", 2048, 1024).await;
        let image = format!("{}/team/web:live", wharf.address());
        run(
            &aws,
            &json!({ "image": image, "digest": first.digest }),
            &format!(
                r#"{SETUP}
define(image=data["image"])
create(desiredCount=1)
completed()
revision = service()["currentServiceRevisions"][0]["arn"]
[revision] = ecs.describe_service_revisions(serviceRevisionArns=[revision])["serviceRevisions"]
expect(revision["containerImages"],
       [{{"containerName": "app", "image": data["image"], "imageDigest": data["digest"]}}])
"#
            ),
        );
        repository.push_image("live", &second).await;
        run(
            &aws,
            &json!({ "first": first.digest, "second": second.digest }),
            &format!(
                r#"{SETUP}
digests = lambda: {{container["imageDigest"] for one in tasks() for container in one["containers"]}}
ecs.update_service(service="web", desiredCount=2)
expect(stable()["runningCount"], 2)
expect(digests(), {{data["first"]}})
ecs.update_service(service="web", forceNewDeployment=True)
completed()
expect(digests(), {{data["second"]}})
"#
            ),
        );
    }
}
