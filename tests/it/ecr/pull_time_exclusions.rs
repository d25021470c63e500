//! RegisterPullTimeUpdateExclusion, DeregisterPullTimeUpdateExclusion, ListPullTimeUpdateExclusions: whose pulls leave no trace.

use std::time::{Duration, Instant};

use serde_json::Value;
use tests::harness::{Wharf, on_default};

use crate::access::model::{PULL, allow, identity_policy, user_arn};

#[tokio::test]
async fn principals_are_registered_once_and_listed_as_bare_arns() {
    on_default(async |wharf| {
        wharf.aws().boto3(
            r#"
ecr = client("ecr")
arns = [f"arn:aws:iam::000000000000:role/scanner-{n}" for n in range(5)]
for arn in reversed(arns):
    registered = ecr.register_pull_time_update_exclusion(principalArn=arn)
    assert registered["principalArn"] == arn and registered["createdAt"].year > 2000
refused("ExclusionAlreadyExistsException", ecr.register_pull_time_update_exclusion, principalArn=arns[0])
assert ecr.list_pull_time_update_exclusions()["pullTimeUpdateExclusions"] == arns
first = ecr.list_pull_time_update_exclusions(maxResults=3)
assert first["pullTimeUpdateExclusions"] == arns[:3]
second = ecr.list_pull_time_update_exclusions(maxResults=3, nextToken=first["nextToken"])
assert second["pullTimeUpdateExclusions"] == arns[3:] and "nextToken" not in second
refused("InvalidParameterException", ecr.list_pull_time_update_exclusions, nextToken="made up")
assert ecr.deregister_pull_time_update_exclusion(principalArn=arns[0])["principalArn"] == arns[0]
refused("ExclusionNotFoundException", ecr.deregister_pull_time_update_exclusion, principalArn=arns[0])
for arn in ["scanner", "arn:aws:iam::000000000000:root", "arn:aws:sts::000000000000:assumed-role/a/b"]:
    for call in (ecr.register_pull_time_update_exclusion, ecr.deregister_pull_time_update_exclusion):
        refused("InvalidParameterException", call, principalArn=arn)
for n in range(96):
    ecr.register_pull_time_update_exclusion(principalArn=f"arn:aws:iam::000000000000:user/u{n}")
refused("LimitExceededException", ecr.register_pull_time_update_exclusion, principalArn="arn:aws:iam::000000000000:user/last")
"#,
        );
    })
    .await;
}

/// The recorded pull time of `app:v1`.
fn pulled_at(wharf: &Wharf) -> Value {
    let arguments = ["ecr", "describe-images", "--repository-name", "app", "--image-ids", "imageTag=v1"];
    wharf.aws().json(&arguments)["imageDetails"][0]["lastRecordedPullTime"].clone()
}

async fn recorded(wharf: &Wharf) -> Value {
    let begin = Instant::now();
    loop {
        let time = pulled_at(wharf);
        if !time.is_null() || begin.elapsed() > Duration::from_secs(20) {
            return time;
        }
        tokio::time::sleep(Duration::from_millis(300)).await;
    }
}

#[tokio::test]
async fn pulls_of_a_registered_user_are_not_recorded() {
    on_default(async |wharf| {
        wharf.client().repository("app").push_small("v1").await;
        wharf.client().repository("other").push_small("v1").await;
        let scanner = wharf.create_user("scanner", &identity_policy(&[allow(PULL, "*")]));
        let user = wharf.create_user("user", &identity_policy(&[allow(PULL, "*")]));
        wharf.know(&user).await;
        wharf.aws().json(&["ecr", "register-pull-time-update-exclusion", "--principal-arn", &user_arn("scanner")]);
        let of = |who: &tests::harness::admin::User| wharf.client().as_(who.auth());
        let get = ["ecr", "batch-get-image", "--repository-name", "app", "--image-ids", "imageTag=v1"];
        of(&scanner).repository("app").manifest("v1").await.expect(200);
        wharf.aws().as_user(&scanner).json(&get);
        // What is pulled later by somebody else is recorded; until then nothing is.
        of(&user).repository("other").manifest("v1").await.expect(200);
        let begin = Instant::now();
        let arguments = ["ecr", "describe-images", "--repository-name", "other"];
        while wharf.aws().json(&arguments)["imageDetails"][0]["lastRecordedPullTime"].is_null() {
            assert!(begin.elapsed() < Duration::from_secs(30), "a pull is never recorded");
            tokio::time::sleep(Duration::from_millis(300)).await;
        }
        assert!(pulled_at(wharf).is_null(), "the pull of an excluded user was recorded");
        wharf.aws().json(&["ecr", "deregister-pull-time-update-exclusion", "--principal-arn", &user_arn("scanner")]);
        of(&scanner).repository("app").manifest("v1").await.expect(200);
        assert!(!recorded(wharf).await.is_null(), "the pull of a user who is not excluded any more was not recorded");
    })
    .await;
}

#[tokio::test]
async fn everything_needs_its_permission() {
    on_default(async |wharf| {
        let user = wharf.known_user("anna", &identity_policy(&[allow(&["ecr:*"], "*")])).await;
        wharf.aws().as_user(&user).boto3(
            r#"
ecr = client("ecr")
arn = "arn:aws:iam::000000000000:role/scanner"
for call, arguments in [
    (ecr.list_pull_time_update_exclusions, {}),
    (ecr.register_pull_time_update_exclusion, dict(principalArn=arn)),
    (ecr.deregister_pull_time_update_exclusion, dict(principalArn=arn)),
]:
    error = refused("AccessDeniedException", call, **arguments)
    assert " on resource: * because" in error["Error"]["Message"], error
"#,
        );
    })
    .await;
}
