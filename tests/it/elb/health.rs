//! The health of targets, and draining.

use std::time::{Duration, Instant};

use tests::harness::target::Target;
use tests::harness::{Backend, DEFAULT};

use super::balanced::{Balanced, client, target_of};

#[tokio::test(flavor = "multi_thread")]
async fn targets_are_checked_and_the_sick_get_no_requests() {
    let (blue, green) = (Target::start("blue").await, Target::start("green").await);
    green.set_health(503);
    let targets = [("BLUE", &blue), ("GREEN", &green)];
    let balanced = Balanced::start(
        Backend::SqliteDisk,
        &targets,
        r#"
arn, web, plain = balancer(), quick_group(), quick_group("plain", HealthCheckProtocol="TCP", Matcher={"HttpCode": "200"})
one = listener(arn, PORT, forward(web))
register(web, BLUE, GREEN)
register(plain, BLUE, 1)
assert health(plain)[BLUE] == ("unused", "Target.NotInUse"), health(plain)
rule(one, 1, path("/plain"), forward(plain))
until_healthy(web, BLUE)
until_healthy(plain, BLUE)
elb.get_waiter("target_in_service").wait(TargetGroupArn=web, Targets=[{"Id": "127.0.0.1", "Port": BLUE}])
until(lambda: health(web)[GREEN][0] == "unhealthy")
assert health(web)[GREEN] == ("unhealthy", "Target.ResponseCodeMismatch")
[shown] = [one for one in elb.describe_target_health(TargetGroupArn=web)["TargetHealthDescriptions"] if one["Target"]["Port"] == GREEN]
assert shown["TargetHealth"]["Description"] == "Health checks failed with these codes: [503]", shown
assert shown["HealthCheckPort"] == str(GREEN)
until(lambda: health(plain)[1] == ("unhealthy", "Target.FailedHealthChecks"))
"#,
    )
    .await;
    let client = client();
    for _ in 0..10 {
        assert_eq!(target_of(&client, &balanced.url("/")).await, "blue");
    }
    // Two successes bring it back.
    green.set_health(200);
    balanced
        .run(
            &targets,
            r#"
web = elb.describe_target_groups(Names=["web"])["TargetGroups"][0]["TargetGroupArn"]
until_healthy(web, BLUE, GREEN)
"#,
        )
        .await;
    let mut names = std::collections::BTreeSet::new();
    for _ in 0..10 {
        names.insert(target_of(&client, &balanced.url("/")).await);
    }
    assert_eq!(names.len(), 2, "{names:?}");
    // If all are sick, all get requests: a check may be wrong.
    blue.set_health(500);
    green.set_health(500);
    balanced
        .run(
            &targets,
            r#"
web = elb.describe_target_groups(Names=["web"])["TargetGroups"][0]["TargetGroupArn"]
until(lambda: all(state == "unhealthy" for state, _ in health(web).values()))
"#,
        )
        .await;
    target_of(&client, &balanced.url("/")).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_target_stays_as_it_is_when_it_is_to_be_checked_in_another_way() {
    let (blue, green) = (Target::start("blue").await, Target::start("green").await);
    green.set_health(503);
    let targets = [("BLUE", &blue), ("GREEN", &green)];
    let balanced = Balanced::start(
        Backend::SqliteDisk,
        &targets,
        r#"
arn, web = balancer(), quick_group()
listener(arn, PORT, forward(web))
register(web, BLUE, GREEN)
until_healthy(web, BLUE)
until(lambda: health(web)[GREEN][0] == "unhealthy")
until_open(arn)
"#,
    )
    .await;
    // Nothing is known in the new way for a second and a half, and until then the sick one gets no requests.
    let asked = balanced
        .run(
            &targets,
            r#"
import urllib.request
web = elb.describe_target_groups(Names=["web"])["TargetGroups"][0]["TargetGroupArn"]
elb.modify_target_group(TargetGroupArn=web, HealthCheckPath="/slow/1500")
time.sleep(0.3)
seen = [json.load(urllib.request.urlopen(f"http://127.0.0.1:{PORT}/"))["target"] for _ in range(10)]
print(json.dumps([sorted(set(seen)), [health(web)[port][0] for port in (BLUE, GREEN)]]))
"#,
        )
        .await;
    assert_eq!(asked, serde_json::json!([["blue"], ["healthy", "unhealthy"]]));
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_told_of_a_sick_target_is_why_it_is_sick_now() {
    let blue = Target::start("blue").await;
    blue.set_health(503);
    let targets = [("BLUE", &blue)];
    let setup = r#"
def told(arn):
    return elb.describe_target_health(TargetGroupArn=arn)["TargetHealthDescriptions"][0]["TargetHealth"].get("Description")
"#;
    let begin = r#"
arn, web = balancer(), quick_group()
listener(arn, PORT, forward(web))
register(web, BLUE)
until(lambda: told(web) == "Health checks failed with these codes: [503]")
"#;
    let balanced = Balanced::start(Backend::SqliteDisk, &targets, &format!("{setup}{begin}")).await;
    blue.set_health(404);
    let then = r#"
web = elb.describe_target_groups(Names=["web"])["TargetGroups"][0]["TargetGroupArn"]
until(lambda: told(web) == "Health checks failed with these codes: [404]")
assert health(web)[BLUE] == ("unhealthy", "Target.ResponseCodeMismatch")
"#;
    balanced.run(&targets, &format!("{setup}{then}")).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_under_way_to_a_target_that_drains_is_finished() {
    for &backend in DEFAULT {
        let (blue, green) = (Target::start("blue").await, Target::start("green").await);
        let targets = [("BLUE", &blue), ("GREEN", &green)];
        let balanced = Balanced::start(
            backend,
            &targets,
            r#"
arn, web = balancer(), quick_group()
listener(arn, PORT, forward(web))
register(web, BLUE)
until_healthy(web, BLUE)
until_open(arn)
"#,
        )
        .await;
        let client = client();
        let slow = tokio::spawn(client.get(balanced.url("/slow/6000")).send());
        while blue.asked() == 0 {
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
        let begun = Instant::now();
        balanced
            .run(
                &targets,
                r#"
web = elb.describe_target_groups(Names=["web"])["TargetGroups"][0]["TargetGroupArn"]
register(web, GREEN)
until_healthy(web, GREEN)
deregister(web, BLUE)
assert health(web)[BLUE] == ("draining", "Target.DeregistrationInProgress"), health(web)
time.sleep(1.2)
"#,
            )
            .await;
        let asked = blue.asked();
        for _ in 0..5 {
            assert_eq!(target_of(&client, &balanced.url("/")).await, "green");
        }
        assert_eq!(blue.asked(), asked);
        let answer = slow.await.unwrap().unwrap();
        assert_eq!((answer.status().as_u16(), &answer.headers()["x-target"]), (200, &"blue".parse().unwrap()));
        // The delay is five minutes, but nothing is under way any more.
        balanced
            .run(
                &targets,
                r#"
web = elb.describe_target_groups(Names=["web"])["TargetGroups"][0]["TargetGroupArn"]
until(lambda: BLUE not in health(web))
elb.get_waiter("target_deregistered").wait(TargetGroupArn=web, Targets=[{"Id": "127.0.0.1", "Port": BLUE}])
"#,
            )
            .await;
        assert!(begun.elapsed() < Duration::from_secs(60));
    }
}

/// As on AWS, which lists a delay that is over among the causes of 502.
#[tokio::test(flavor = "multi_thread")]
async fn what_is_under_way_to_a_target_ends_with_its_deregistration_delay() {
    let blue = Target::start("blue").await;
    let targets = [("BLUE", &blue)];
    let setup = r#"
arn, web = balancer(), quick_group()
listener(arn, PORT, forward(web))
elb.modify_target_group_attributes(TargetGroupArn=web, Attributes=[{"Key": "deregistration_delay.timeout_seconds", "Value": "2"}])
register(web, BLUE)
until_healthy(web, BLUE)
until_open(arn)
"#;
    let balanced = Balanced::start(Backend::SqliteDisk, &targets, setup).await;
    let find = r#"
web = elb.describe_target_groups(Names=["web"])["TargetGroups"][0]["TargetGroupArn"]
"#;
    let client = client();
    // Registered again meanwhile, it has time again.
    let slow = tokio::spawn(client.get(balanced.url("/slow/6000")).send());
    let begun = Instant::now();
    while blue.asked() == 0 {
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    let again = "deregister(web, BLUE)\ntime.sleep(1)\nregister(web, BLUE)\nuntil_healthy(web, BLUE)";
    balanced.run(&targets, &format!("{find}{again}")).await;
    let answer = slow.await.unwrap().unwrap();
    assert_eq!(answer.status(), 200, "after {:?}", begun.elapsed());

    let asked = blue.asked();
    let slow = tokio::spawn(client.get(balanced.url("/slow/40000")).send());
    while blue.asked() == asked {
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    let begun = Instant::now();
    balanced.run(&targets, &format!("{find}deregister(web, BLUE)\nuntil(lambda: BLUE not in health(web))")).await;
    assert_eq!(slow.await.unwrap().unwrap().status(), 502);
    assert!(begun.elapsed() < Duration::from_secs(25), "{:?}", begun.elapsed());
}
