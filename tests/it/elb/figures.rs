//! What load balancers count becomes metrics of CloudWatch.

use tests::harness::Backend;
use tests::harness::target::Target;

use super::balanced::{Balanced, ONE_GROUP, client, target_of};

#[tokio::test(flavor = "multi_thread")]
async fn requests_are_told_to_cloudwatch_within_a_minute() {
    let blue = Target::start("blue").await;
    let targets = [("BLUE", &blue)];
    let balanced = Balanced::start(Backend::SqliteDisk, &targets, ONE_GROUP).await;
    let client = client();
    for _ in 0..3 {
        assert_eq!(target_of(&client, &balanced.url("/")).await, "blue");
    }
    balanced
        .run(
            &targets,
            r#"
import datetime
cloudwatch = client("cloudwatch")
found = elb.describe_load_balancers()["LoadBalancers"][0]["LoadBalancerArn"].split(":loadbalancer/")[1]
one = elb.describe_target_groups()["TargetGroups"][0]["TargetGroupArn"].split(":")[-1]
def total(name, statistic="Sum", **dimensions):
    now = datetime.datetime.now(datetime.timezone.utc)
    points = cloudwatch.get_metric_statistics(Namespace="AWS/ApplicationELB", MetricName=name, Period=60,
        StartTime=now - datetime.timedelta(minutes=10), EndTime=now + datetime.timedelta(minutes=5), Statistics=[statistic],
        Dimensions=[{"Name": key, "Value": value} for key, value in dimensions.items()])["Datapoints"]
    return sum(point[statistic] for point in points)
until(lambda: total("RequestCount", LoadBalancer=found) == 3, 90)
# A minute that ends while the last of them is counted has a part of it, and the next one has the rest.
until(lambda: total("RequestCountPerTarget", TargetGroup=one) == 3, 90)
until(lambda: total("RequestCountPerTarget", TargetGroup=one, LoadBalancer=found) == 3, 90)
until(lambda: total("HTTPCode_Target_2XX_Count", TargetGroup=one, LoadBalancer=found) == 3, 90)
until(lambda: total("TargetResponseTime", "SampleCount", TargetGroup=one, LoadBalancer=found) == 3, 90)
until(lambda: total("HealthyHostCount", "Maximum", TargetGroup=one, LoadBalancer=found) >= 1, 90)
"#,
        )
        .await;
}
