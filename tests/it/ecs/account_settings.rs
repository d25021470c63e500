//! Account settings: what holds for whom.

use serde_json::json;
use tests::harness::{Backend, Wharf, on_default};

use super::run;

#[tokio::test]
async fn settings_are_somebodys_or_everybodys() {
    on_default(async |wharf| {
        run(
            &wharf.aws(),
            &json!({}),
            r#"
root, anna = "arn:aws:iam::000000000000:root", "arn:aws:iam::000000000000:user/anna"
def settings(**arguments):
    found = [one for page in ecs.get_paginator("list_account_settings").paginate(PaginationConfig={"PageSize": 3}, **arguments)
        for one in page["settings"]]
    assert all(one["principalArn"] == arguments.get("principalArn", root) for one in found), found
    return {one["name"]: one["value"] for one in found}

expect(settings(), {})
holds = settings(effectiveSettings=True)
expect((holds["taskLongArnFormat"], holds["containerInsights"], holds["tagResourceAuthorization"]), ("enabled", "disabled", "on"))
put = ecs.put_account_setting(name="containerInsights", value="enhanced", principalArn=anna)["setting"]
expect(put, {"name": "containerInsights", "value": "enhanced", "principalArn": anna, "type": "user"})
expect(ecs.put_account_setting_default(name="fargateTaskRetirementWaitPeriod", value="14")["setting"]["principalArn"], root)
expect(settings(), {"fargateTaskRetirementWaitPeriod": "14"})
expect(settings(principalArn=anna), {"containerInsights": "enhanced"})
of_anna = settings(principalArn=anna, effectiveSettings=True)
expect((of_anna["containerInsights"], of_anna["fargateTaskRetirementWaitPeriod"]), ("enhanced", "14"))
expect(settings(name="containerInsights", effectiveSettings=True), {"containerInsights": "disabled"})
expect(settings(name="containerInsights", value="enabled", effectiveSettings=True), {})

deleted = ecs.delete_account_setting(name="containerInsights", principalArn=anna)["setting"]
expect(deleted["value"], "enhanced")
expect(settings(principalArn=anna), {})
# What everybody has is what clusters get.
ecs.put_account_setting_default(name="containerInsights", value="enabled")
expect(ecs.create_cluster(clusterName="a")["cluster"]["settings"], [{"name": "containerInsights", "value": "enabled"}])
own = [{"name": "containerInsights", "value": "disabled"}]
expect(ecs.create_cluster(clusterName="b", settings=own)["cluster"]["settings"], own)

invalid = "InvalidParameterException"
message(invalid, ecs.put_account_setting, name="nothing", value="enabled")
message(invalid, ecs.put_account_setting, name="containerInsights", value="perhaps")
message(invalid, ecs.put_account_setting, name="serviceLongArnFormat", value="disabled")
message(invalid, ecs.put_account_setting, name="guardDutyActivate", value="on")
message(invalid, ecs.put_account_setting_default, name="fargateTaskRetirementWaitPeriod", value="1")
message(invalid, ecs.delete_account_setting, name="nothing")
message(invalid, ecs.list_account_settings, value="enabled")
for other in ["arn:aws:iam::000000000001:root", "anna", "arn:aws:iam::000000000000:group/x"]:
    message(invalid, ecs.put_account_setting, name="containerInsights", value="enabled", principalArn=other)
"#,
        );
    })
    .await;
}

#[tokio::test]
async fn a_user_sets_what_is_its_own() {
    let wharf = Wharf::start(Backend::SqliteDisk).await;
    let allowed = json!({ "Effect": "Allow", "Action": "ecs:*AccountSetting*", "Resource": "*" });
    let user = wharf.known_user("anna", &json!({ "Version": "2012-10-17", "Statement": allowed })).await;
    run(
        &wharf.aws().as_user(&user),
        &json!({}),
        r#"
anna = "arn:aws:iam::000000000000:user/anna"
expect(ecs.put_account_setting(name="awsvpcTrunking", value="enabled")["setting"]["principalArn"], anna)
expect([one["value"] for one in ecs.list_account_settings()["settings"]], ["enabled"])
expect(ecs.list_account_settings(principalArn="arn:aws:iam::000000000000:root")["settings"], [])
expect(ecs.delete_account_setting(name="awsvpcTrunking")["setting"]["principalArn"], anna)
"#,
    );
}
