//! The health of targets, and draining.

use std::time::{Duration, Instant};

use tests::harness::target::Target;
use tests::harness::{Backend, DEFAULT, admin::within};

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
def shown():
    found = elb.describe_target_health(TargetGroupArn=web)["TargetHealthDescriptions"]
    [one] = [one for one in found if one["Target"]["Port"] == GREEN]
    return one["TargetHealth"], one["HealthCheckPort"]
# A check that came while everything stood still has timed out, and the next one says why it is sick.
sick = {"State": "unhealthy", "Reason": "Target.ResponseCodeMismatch", "Description": "Health checks failed with these codes: [503]"}
until(lambda: shown() == (sick, str(GREEN)))
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
    let find = r#"web = elb.describe_target_groups(Names=["web"])["TargetGroups"][0]["TargetGroupArn"]"#;
    let change = "elb.modify_target_group(TargetGroupArn=web, HealthCheckPath='/held', HealthCheckIntervalSeconds=300, \
                  HealthCheckTimeoutSeconds=120)";
    balanced.run(&targets, &format!("{find}\n{change}")).await;
    within(60, "both are checked in the new way", async || {
        [&blue, &green].iter().all(|target| target.seen().iter().any(|line| line == "GET /held"))
    })
    .await;
    // Nothing is known in the new way while its checks are not answered, and until then the sick one gets no requests.
    let client = client();
    for _ in 0..10 {
        assert_eq!(target_of(&client, &balanced.url("/")).await, "blue");
    }
    let states = "print(json.dumps([health(web)[port][0] for port in (BLUE, GREEN)]))";
    let states = balanced.run(&targets, &format!("{find}\n{states}")).await;
    assert_eq!(states, serde_json::json!(["healthy", "unhealthy"]));
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
sick = {"State": "unhealthy", "Reason": "Target.ResponseCodeMismatch", "Description": "Health checks failed with these codes: [404]"}
until(lambda: elb.describe_target_health(TargetGroupArn=web)["TargetHealthDescriptions"][0]["TargetHealth"] == sick)
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
        // The machine may be so slow that all that follows takes longer than it usually does.
        let patient = client.get(balanced.url("/held")).timeout(Duration::from_secs(120));
        let held = tokio::spawn(patient.send());
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
"#,
            )
            .await;
        // It is heard of within about a second. The two would take turns, so answers of one in a row say that it was.
        within(30, "the balancer hears of it", async || {
            for _ in 0..4 {
                if target_of(&client, &balanced.url("/")).await != "green" {
                    return false;
                }
            }
            true
        })
        .await;
        let asked = blue.asked();
        for _ in 0..5 {
            assert_eq!(target_of(&client, &balanced.url("/")).await, "green");
        }
        assert_eq!(blue.asked(), asked);
        blue.let_go();
        let answer = held.await.unwrap().unwrap();
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
        assert!(begun.elapsed() < Duration::from_secs(200), "{:?}", begun.elapsed());
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
elb.modify_target_group_attributes(TargetGroupArn=web, Attributes=[{"Key": "deregistration_delay.timeout_seconds", "Value": "6"}])
register(web, BLUE)
until_healthy(web, BLUE)
until_open(arn)
"#;
    let balanced = Balanced::start(Backend::SqliteDisk, &targets, setup).await;
    let find = r#"
web = elb.describe_target_groups(Names=["web"])["TargetGroups"][0]["TargetGroupArn"]
"#;
    let client = client();
    // Registered again meanwhile, it has time again. The delay leaves time to do that on a slow machine.
    let slow = tokio::spawn(client.get(balanced.url("/slow/9000")).send());
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
    let soon = r#"
elb.modify_target_group_attributes(TargetGroupArn=web, Attributes=[{"Key": "deregistration_delay.timeout_seconds", "Value": "2"}])
deregister(web, BLUE)
until(lambda: BLUE not in health(web))
"#;
    balanced.run(&targets, &format!("{find}{soon}")).await;
    assert_eq!(slow.await.unwrap().unwrap().status(), 502);
    assert!(begun.elapsed() < Duration::from_secs(25), "{:?}", begun.elapsed());
}
