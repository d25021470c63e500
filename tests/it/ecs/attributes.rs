//! Attributes of container instances: set, listed in pages, removed, and kept when an agent registers anew.

use serde_json::json;
use tests::harness::on_default;

use super::run;

#[tokio::test]
async fn attributes_are_set_listed_and_removed() {
    on_default(async |wharf| {
        run(
            &wharf.aws(),
            &json!({}),
            r#"
ecs.create_cluster()
resources = [{"name": "CPU", "type": "INTEGER", "integerValue": 1024}, {"name": "MEMORY", "type": "INTEGER", "integerValue": 1024}]
def join(**more):
    return ecs.register_container_instance(totalResources=resources, **more)["containerInstance"]["containerInstanceArn"]
hosts = sorted(join(attributes=[{"name": "ecs.os-type", "value": "linux"}]) for _ in range(3))
a, b, c = hosts

def listed(size=100, **arguments):
    pages = ecs.get_paginator("list_attributes").paginate(targetType="container-instance", PaginationConfig={"PageSize": size}, **arguments)
    return [(one["name"], one.get("value"), one["targetId"]) for page in pages for one in page["attributes"]]

short = b.rsplit("/", 1)[1]
put = ecs.put_attributes(attributes=[
    {"name": "stack", "value": "production", "targetType": "container-instance", "targetId": a},
    {"name": "stack", "value": "test", "targetType": "container-instance", "targetId": short},
    {"name": "ssd", "targetId": c},
])["attributes"]
expect(sorted((one["name"], one.get("value"), one["targetId"]) for one in put),
    [("ssd", None, c), ("stack", "production", a), ("stack", "test", b)])
expect(listed(attributeName="stack"), [("stack", "production", a), ("stack", "test", b)])
expect(listed(attributeName="stack", attributeValue="test"), [("stack", "test", b)])
expect(listed(attributeName="nothing"), [])
whole = listed()
expect(len(whole), 9)  # each has a zone and a system, too
# A host that takes no new tasks still has what it has; it comes last.
ecs.update_container_instances_state(containerInstances=[a], status="DRAINING")
whole = listed()
expect([one[2] for one in whole[-3:]], [a] * 3)
for size in [1, 2, 4]:
    expect(listed(size), whole)

# Replaced, and kept when the agent comes again without a word of it.
ecs.put_attributes(attributes=[{"name": "stack", "value": "blue", "targetId": b}])
join(containerInstanceArn=b, attributes=[{"name": "ecs.os-type", "value": "linux"}, {"name": "new", "value": "x"}])
expect({one[:2] for one in listed() if one[2] == b}, {("stack", "blue"), ("new", "x"), ("ecs.os-type", "linux"), ("ecs.availability-zone", "us-east-1a")})

gone = ecs.delete_attributes(attributes=[{"name": "stack", "value": "green", "targetId": b}, {"name": "ssd", "targetId": c}])["attributes"]
expect([(one["name"], one["targetId"]) for one in gone], [("ssd", c)])
expect(listed(attributeName="stack"), [("stack", "blue", b), ("stack", "production", a)])

invalid = "InvalidParameterException"
for bad in [
    {"name": "a b", "targetId": a}, {"name": "a", "value": " b", "targetId": a}, {"name": "a", "value": "b;", "targetId": a},
    {"name": "ecs.os-type", "value": "windows", "targetId": a}, {"name": "a"}, {"name": "x" * 129, "targetId": a},
    {"name": "a", "targetId": a, "targetType": "task"},
]:
    message(invalid, ecs.put_attributes, attributes=[bad])
message(invalid, ecs.put_attributes, attributes=[])
message(invalid, ecs.delete_attributes, attributes=[{"name": "ecs.os-type", "targetId": a}])
message("TargetNotFoundException", ecs.put_attributes, attributes=[{"name": "a", "targetId": "0" * 32}])
message("TargetNotFoundException", ecs.delete_attributes, attributes=[{"name": "a", "targetId": "0" * 32}])
message("ClusterNotFoundException", ecs.put_attributes, cluster="nothing", attributes=[{"name": "a", "targetId": "0" * 32}])
message("ClusterNotFoundException", ecs.list_attributes, cluster="nothing", targetType="container-instance")
message(invalid, ecs.list_attributes, targetType="container-instance", attributeValue="x")
ecs.put_attributes(attributes=[{"name": f"n{n}", "targetId": c} for n in range(10)])
before = listed()
message("AttributeLimitExceededException", ecs.put_attributes, attributes=[{"name": "ok", "targetId": a}, {"name": "more", "targetId": c}])
# All or none.
expect(listed(), before)
"#,
        );
    })
    .await;
}
