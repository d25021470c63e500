//! Ports: opened, closed, taken by others, with TLS.

use std::path::Path;
use std::time::Duration;

use tests::harness::admin::within;
use tests::harness::target::Target;
use tests::harness::{Backend, Wharf, port};

use super::balanced::{Balanced, builder, client};
use super::script;

#[tokio::test(flavor = "multi_thread")]
async fn a_port_that_is_taken_is_told_and_tried_again() {
    let wharf = Wharf::start(Backend::SqliteDisk).await;
    let taken = port::free();
    let other = tokio::net::TcpListener::bind(("127.0.0.1", taken)).await.unwrap();
    let run = async |text: &str| {
        let (aws, text) = (wharf.aws(), format!("PORT = {taken}\n{}", script(text)));
        tokio::task::spawn_blocking(move || aws.boto3(&text)).await.unwrap()
    };
    run(r#"
arn = balancer()
listener(arn, PORT, fixed("mine"))
state = lambda name: elb.describe_load_balancers(Names=[name])["LoadBalancers"][0]["State"]
until(lambda: state("web")["Code"] == "failed")
assert state("web")["Reason"] == f"Listener on port {PORT}: the port is in use by another program", state("web")
"#)
    .await;
    drop(other);
    run(
        r#"
state = lambda name: elb.describe_load_balancers(Names=[name])["LoadBalancers"][0]["State"]
until(lambda: state("web") == {"Code": "active"})
# The ports of all load balancers are of one address.
listener(balancer("second"), PORT, fixed("theirs"))
until(lambda: state("second")["Code"] == "failed")
assert "the port is that of another listener, of the load balancer app/web/" in state("second")["Reason"], state("second")
"#,
    )
    .await;
    let client = client();
    let url = format!("http://127.0.0.1:{taken}/");
    assert_eq!(client.get(&url).send().await.unwrap().text().await.unwrap(), "mine");
    run(
        r#"
elb.delete_load_balancer(LoadBalancerArn=elb.describe_load_balancers(Names=["web"])["LoadBalancers"][0]["LoadBalancerArn"])
state = lambda name: elb.describe_load_balancers(Names=[name])["LoadBalancers"][0]["State"]
until(lambda: state("second") == {"Code": "active"})
"#,
    )
    .await;
    within(60, "the other listener", async || match client.get(&url).send().await {
        Ok(answer) => answer.text().await.unwrap() == "theirs",
        Err(_) => false,
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_listener_that_no_process_opens_has_failed() {
    let wharf = Wharf::with(Backend::SqliteDisk).set("WHARF_BALANCER", "false").start().await;
    let (aws, port) = (wharf.aws(), port::free());
    let text = format!(
        r#"
arn = balancer()
listener(arn, {port}, fixed("x"))
state = lambda: elb.describe_load_balancers()["LoadBalancers"][0]["State"]
assert state() == {{"Code": "provisioning"}}, state()
until(lambda: state()["Code"] == "failed")
assert state()["Reason"] == "Listener on port {port}: no process of this installation opens it", state()
elb.delete_listener(ListenerArn=elb.describe_listeners(LoadBalancerArn=arn)["Listeners"][0]["ListenerArn"])
assert state() == {{"Code": "active"}}, state()
"#
    );
    tokio::task::spawn_blocking(move || aws.boto3(&script(&text))).await.unwrap();
    assert!(client().get(format!("http://127.0.0.1:{port}/")).send().await.is_err());
}

#[tokio::test(flavor = "multi_thread")]
async fn listeners_move_and_survive_a_restart() {
    let blue = Target::start("blue").await;
    let mut balanced = Balanced::start(
        Backend::SqliteDisk,
        &[("BLUE", &blue)],
        "arn, web = balancer(), quick_group(); listener(arn, PORT, forward(web)); register(web, BLUE); until_healthy(web, BLUE); until_open(arn)",
    )
    .await;
    let client = client();
    assert_eq!(client.get(balanced.url("/")).send().await.unwrap().status(), 200);
    balanced.wharf.restart().await;
    within(
        60,
        "the listener",
        async || matches!(client.get(balanced.url("/")).send().await, Ok(answer) if answer.status() == 200),
    )
    .await;
    let elsewhere = port::free();
    balanced
        .run(
            &[],
            &format!(
                r#"
arn = elb.describe_load_balancers()["LoadBalancers"][0]["LoadBalancerArn"]
[one] = elb.describe_listeners(LoadBalancerArn=arn)["Listeners"]
elb.modify_listener(ListenerArn=one["ListenerArn"], Port={elsewhere})
until_open(arn)
"#
            ),
        )
        .await;
    assert_eq!(client.get(format!("http://127.0.0.1:{elsewhere}/")).send().await.unwrap().status(), 200);
    within(60, "the old port", async || builder().build().unwrap().get(balanced.url("/")).send().await.is_err()).await;
    // A stop lets what is under way finish.
    let slow = tokio::spawn(client.get(format!("http://127.0.0.1:{elsewhere}/slow/1500")).send());
    while !blue.seen().iter().any(|line| line.contains("/slow/")) {
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    balanced.wharf.signal("TERM");
    assert_eq!(slow.await.unwrap().unwrap().status(), 200);
    assert!(balanced.wharf.wait(Duration::from_secs(60)).is_some());
}

#[tokio::test(flavor = "multi_thread")]
async fn tls_listeners_have_the_certificate_of_the_operator() {
    let testdata = Path::new(env!("CARGO_MANIFEST_DIR")).join("../src/listener/testdata");
    let file = |name: &str| testdata.join(name).display().to_string();
    let wharf = Wharf::with(Backend::SqliteDisk)
        .set("WHARF_OUTBOUND_LOOPBACK", "true")
        .set("WHARF_BALANCER_TLS_CERT", file("first.crt"))
        .set("WHARF_BALANCER_TLS_KEY", file("first.key"))
        .start()
        .await;
    let (target, port) = (Target::start("blue").await, port::free());
    let text = format!(
        r#"
arn, web = balancer(), quick_group()
certificate = "arn:aws:acm:us-east-1:000000000000:certificate/x"
[made] = elb.create_listener(LoadBalancerArn=arn, Protocol="HTTPS", Port={port}, DefaultActions=forward(web),
                             Certificates=[{{"CertificateArn": certificate}}])["Listeners"]
assert made["Certificates"] == [{{"CertificateArn": certificate}}] and made["SslPolicy"].startswith("ELBSecurityPolicy-"), made
register(web, {})
until_healthy(web, {})
until_open(arn)
"#,
        target.port(),
        target.port()
    );
    let aws = wharf.aws();
    tokio::task::spawn_blocking(move || aws.boto3(&script(&text))).await.unwrap();
    let client = builder().danger_accept_invalid_certs(true).build().unwrap();
    let answer = client.get(format!("https://127.0.0.1:{port}/")).send().await.unwrap();
    assert_eq!(answer.version(), reqwest::Version::HTTP_2);
    let told = super::balanced::told(answer).await;
    assert_eq!((&told["headers"]["x-forwarded-proto"], &told["version"]), (&"https".into(), &"HTTP/1.1".into()));
}
