//! Lists come in pages, whose markers are good for their list alone.

use tests::harness::on_default;

use super::script;

#[tokio::test]
async fn every_list_has_pages() {
    on_default(async |wharf| {
        wharf.aws().boto3(&script(
            r#"
arns = [balancer(f"web-{number}") for number in range(5)]
groups = [group(f"group-{number}") for number in range(5)]
def pages(operation, key, **arguments):
    found = list(elb.get_paginator(operation).paginate(**arguments, PaginationConfig={"PageSize": 2}))
    return [len(page[key]) for page in found], [one for page in found for one in page[key]]

sizes, found = pages("describe_load_balancers", "LoadBalancers")
assert sizes == [2, 2, 1] and [one["LoadBalancerArn"] for one in found] == arns, sizes
sizes, found = pages("describe_target_groups", "TargetGroups")
assert sizes == [2, 2, 1] and [one["TargetGroupArn"] for one in found] == groups, sizes
listeners = [listener(arns[0], 31020 + number, forward(groups[number])) for number in range(5)]
sizes, found = pages("describe_listeners", "Listeners", LoadBalancerArn=arns[0])
assert sizes == [2, 2, 1] and [one["ListenerArn"] for one in found] == listeners, sizes
sizes, found = pages("describe_target_groups", "TargetGroups", LoadBalancerArn=arns[0])
assert sizes == [2, 2, 1] and [one["TargetGroupArn"] for one in found] == groups, sizes
rules = [rule(listeners[0], 10 - number, path(f"/{number}"), fixed("x")) for number in range(4)]
answer, seen = {}, []
while True:
    marker = {"Marker": answer["NextMarker"]} if "NextMarker" in answer else {}
    answer = elb.describe_rules(ListenerArn=listeners[0], PageSize=2, **marker)
    seen += [one["Priority"] for one in answer["Rules"]]
    if "NextMarker" not in answer:
        break
assert seen == ["7", "8", "9", "10", "default"], seen
marker = elb.describe_load_balancers(PageSize=2)["NextMarker"]
for call, arguments in [
    (elb.describe_target_groups, {"Marker": marker}),
    (elb.describe_load_balancers, {"Marker": "made up"}),
    (elb.describe_load_balancers, {"PageSize": 0}),
    (elb.describe_load_balancers, {"PageSize": 401}),
]:
    quiet = client("elbv2", config=botocore.config.Config(parameter_validation=False))
    refused("ValidationError", getattr(quiet, call.__name__), **arguments)
"#,
        ));
    })
    .await;
}
