//! Which request goes where, and what becomes of it on the way.

use std::collections::BTreeMap;
use std::time::Duration;

use tests::harness::target::Target;
use tests::harness::{Backend, admin::within, port, raw};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use super::balanced::{Balanced, ONE_GROUP, builder, client, target_of, told};

#[tokio::test(flavor = "multi_thread")]
async fn rules_decide_and_targets_learn_who_asked() {
    let (blue, green) = (Target::start("blue").await, Target::start("green").await);
    let targets = [("BLUE", &blue), ("GREEN", &green)];
    let balanced = Balanced::start(
        Backend::SqliteDisk,
        &targets,
        r#"
arn, blue, green = balancer(), quick_group("blue"), quick_group("green")
one = listener(arn, PORT, forward(blue))
rule(one, 1, path("/green/*"), forward(green))
rule(one, 2, [{"Field": "host-header", "Values": ["*.green.example"]}], forward(green))
rule(one, 3, [{"Field": "http-header", "HttpHeaderConfig": {"HttpHeaderName": "X-Team", "Values": ["green"]}}], forward(green))
rule(one, 4, [{"Field": "query-string", "QueryStringConfig": {"Values": [{"Key": "team", "Value": "green"}]}}], forward(green))
rule(one, 5, [{"Field": "http-request-method", "HttpRequestMethodConfig": {"Values": ["DELETE"]}}], fixed("no", "405"))
rule(one, 6, [{"Field": "source-ip", "SourceIpConfig": {"Values": ["10.0.0.0/8"]}}], fixed("never"))
rule(one, 7, path("/old/*"), [{"Type": "redirect", "RedirectConfig": {"StatusCode": "HTTP_302", "Path": "/new/#{path}", "Host": "other.example"}}])
register(blue, BLUE); register(green, GREEN)
until_healthy(blue, BLUE); until_healthy(green, GREEN)
until_open(arn)
"#,
    )
    .await;
    let client = client();
    let url = |path: &str| balanced.url(path);
    for (path, expected) in
        [("/", "blue"), ("/green/x", "green"), ("/Green/x", "blue"), ("/%67reen/x", "green"), ("/?team=green", "green")]
    {
        assert_eq!(target_of(&client, &url(path)).await, expected, "{path}");
    }
    let host = client.get(url("/")).header("host", "a.green.example").send().await.unwrap();
    assert_eq!(told(host).await["target"], "green");
    let header = client.get(url("/")).header("x-team", "GREEN").send().await.unwrap();
    assert_eq!(told(header).await["target"], "green");
    let refused = client.delete(url("/")).send().await.unwrap();
    assert_eq!((refused.status().as_u16(), refused.text().await.unwrap().as_str()), (405, "no"));
    let moved = client.get(url("/old/a?b=c")).send().await.unwrap();
    assert_eq!(moved.status(), 302);
    let place = format!("http://other.example:{}/new/old/a?b=c", balanced.address.port());
    assert_eq!(moved.headers()["location"], place.as_str());

    let answer = client
        .post(url("/a%2Fb/../c?x=%20y"))
        .header("x-forwarded-for", "192.0.2.7")
        .header("x-forwarded-proto", "ftp")
        .header("connection", "x-private")
        .header("x-private", "1")
        .body("hello")
        .send()
        .await
        .unwrap();
    assert_eq!(answer.headers()["x-target"], "blue");
    assert!(!answer.headers().contains_key("x-hop"), "{:?}", answer.headers());
    let told = told(answer).await;
    let headers = &told["headers"];
    assert_eq!((told["method"].as_str(), told["body"].as_u64()), (Some("POST"), Some(5)));
    assert_eq!(headers["x-forwarded-for"], "192.0.2.7, 127.0.0.1");
    assert_eq!(headers["x-forwarded-proto"], "http");
    assert_eq!(headers["x-forwarded-port"], balanced.address.port().to_string());
    assert_eq!(headers["host"], balanced.address.to_string());
    assert!(headers["x-amzn-trace-id"].as_str().unwrap().starts_with("Root=1-"), "{headers}");
    assert!(headers.get("x-private").is_none(), "{headers}");
    // The figures are on the page of metrics.
    let metrics = client.get(format!("{}/metrics", balanced.wharf.url())).send().await.unwrap().text().await.unwrap();
    assert!(metrics.contains("wharf_balancer_requests_total{target_group=\"targetgroup/blue/"), "{metrics}");
}

#[tokio::test(flavor = "multi_thread")]
async fn both_versions_of_http_are_spoken_and_connections_are_kept() {
    let blue = Target::start("blue").await;
    let balanced = Balanced::start(Backend::SqliteDisk, &[("BLUE", &blue)], ONE_GROUP).await;
    let before = blue.connections();
    let two = builder().http2_prior_knowledge().build().unwrap();
    for client in [client(), two] {
        for round in 0..20 {
            let body = "x".repeat(round * 10_000);
            let answer = client.put(balanced.url("/x")).body(body.clone()).send().await.unwrap();
            let told = told(answer).await;
            assert_eq!((told["version"].as_str(), told["body"].as_u64()), (Some("HTTP/1.1"), Some(body.len() as u64)));
            assert_eq!(told["headers"]["host"], balanced.address.to_string());
        }
    }
    // 40 requests one after the other; checks have connections of their own.
    assert!(blue.connections() - before < 10, "{} connections", blue.connections() - before);
}

#[tokio::test(flavor = "multi_thread")]
async fn weights_are_shares_and_cookies_stick() {
    let (blue, green) = (Target::start("blue").await, Target::start("green").await);
    let targets = [("BLUE", &blue), ("GREEN", &green)];
    let balanced = Balanced::start(
        Backend::SqliteDisk,
        &targets,
        r#"
arn, blue, green = balancer(), quick_group("blue"), quick_group("green")
register(blue, BLUE); register(green, GREEN)
listener(arn, PORT, [{"Type": "forward", "ForwardConfig": {"TargetGroups": [
    {"TargetGroupArn": blue, "Weight": 3}, {"TargetGroupArn": green, "Weight": 1}]}}])
until_healthy(blue, BLUE); until_healthy(green, GREEN); until_open(arn)
"#,
    )
    .await;
    let client = client();
    let mut counts: BTreeMap<String, u32> = BTreeMap::new();
    for _ in 0..100 {
        *counts.entry(target_of(&client, &balanced.url("/")).await).or_default() += 1;
    }
    assert!((70..=80).contains(&counts["blue"]), "{counts:?}");
    balanced
        .run(
            &targets,
            r#"
[arn] = [one["LoadBalancerArn"] for one in elb.describe_load_balancers()["LoadBalancers"]]
[one] = [one["ListenerArn"] for one in elb.describe_listeners(LoadBalancerArn=arn)["Listeners"]]
groups = {one["TargetGroupName"]: one["TargetGroupArn"] for one in elb.describe_target_groups()["TargetGroups"]}
register(groups["blue"], GREEN)
elb.modify_listener(ListenerArn=one, DefaultActions=forward(groups["blue"]))
until_healthy(groups["blue"], BLUE, GREEN)
elb.modify_target_group_attributes(TargetGroupArn=groups["blue"], Attributes=[{"Key": "stickiness.enabled", "Value": "true"}])
"#,
        )
        .await;
    // Whoever has heard of the last change has heard of those before.
    within(30, "cookies are set", async || {
        client.get(balanced.url("/")).send().await.unwrap().headers().contains_key("set-cookie")
    })
    .await;
    let answer = client.get(balanced.url("/")).send().await.unwrap();
    let cookie = answer.headers()["set-cookie"].to_str().unwrap().split(';').next().unwrap().to_owned();
    let chosen = answer.headers()["x-target"].clone();
    assert!(cookie.starts_with("AWSALB="), "{cookie}");
    let mut others = 0;
    for _ in 0..10 {
        let stays = client.get(balanced.url("/")).header("cookie", format!("a=b; {cookie}")).send().await.unwrap();
        assert_eq!(stays.headers()["x-target"], chosen);
        let free = client.get(balanced.url("/")).send().await.unwrap();
        others += u32::from(free.headers()["x-target"] != chosen);
    }
    assert!(others > 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn websockets_pass_through() {
    let blue = Target::start("blue").await;
    let balanced = Balanced::start(Backend::SqliteDisk, &[("BLUE", &blue)], ONE_GROUP).await;
    let mut stream = TcpStream::connect(balanced.address).await.unwrap();
    let request = format!(
        "GET /websocket HTTP/1.1\r\nHost: {}\r\nConnection: keep-alive, Upgrade\r\nUpgrade: websocket\r\n\
         Sec-WebSocket-Key: x\r\n\r\n",
        balanced.address
    );
    stream.write_all(request.as_bytes()).await.unwrap();
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        head.push(stream.read_u8().await.unwrap());
    }
    let head = String::from_utf8(head).unwrap().to_lowercase();
    assert!(head.starts_with("http/1.1 101 "), "{head}");
    assert!(head.contains("upgrade: websocket") && head.contains("sec-websocket-accept: from the target"), "{head}");
    for round in 0..50_u8 {
        let sent = vec![round; 1000];
        stream.write_all(&sent).await.unwrap();
        let mut back = vec![0; sent.len()];
        stream.read_exact(&mut back).await.unwrap();
        assert_eq!(back, sent);
    }
    stream.shutdown().await.unwrap();
    let mut rest = Vec::new();
    tokio::time::timeout(Duration::from_secs(30), stream.read_to_end(&mut rest)).await.unwrap().unwrap();
    assert!(rest.is_empty());
    // What is no websocket is not switched to.
    let plain = raw::request("GET", "/x", &balanced.address, &["Upgrade: h2c", "HTTP2-Settings: AAMAAABk"]);
    let answer = raw::exchange(balanced.address, &plain, Duration::from_secs(30)).await;
    assert_eq!(answer.status(), Some(200), "{}", answer.text());
    assert!(!answer.text().contains("h2c"), "{}", answer.text());
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_framed_in_two_ways_reaches_no_target() {
    let blue = Target::start("blue").await;
    let balanced = Balanced::start(Backend::SqliteDisk, &[("BLUE", &blue)], ONE_GROUP).await;
    let host = balanced.address;
    let smuggled = format!("GET /smuggled HTTP/1.1\r\nHost: {host}\r\n\r\n");
    let post = |fields: &str, body: &str| format!("POST /outer HTTP/1.1\r\nHost: {host}\r\n{fields}\r\n{body}");
    let hidden = format!("0\r\n\r\n{smuggled}");
    let cases = [
        post("Content-Length: 5\r\nTransfer-Encoding: chunked\r\n", &hidden),
        post("Transfer-Encoding: chunked\r\nContent-Length: 5\r\n", &hidden),
        post("Content-Length: 0\r\nContent-Length: 44\r\n", &smuggled),
        post("Content-Length: 0, 44\r\n", &smuggled),
        post("Content-Length: +0\r\n", &smuggled),
        post("Transfer-Encoding: chunked\r\nTransfer-Encoding: identity\r\n", &hidden),
        post("Transfer-Encoding: xchunked\r\n", &hidden),
        post("Transfer-Encoding : chunked\r\n", &hidden),
        post("Content-Length: 0\n", &smuggled),
        post("Transfer-Encoding: chunked\r\n", &format!("zz\r\n{smuggled}0\r\n\r\n")),
        format!(
            "POST /outer HTTP/1.0\r\nHost: {host}\r\nTransfer-Encoding: chunked\r\nContent-Length: 3\r\n\r\n{hidden}"
        ),
        format!("GET /outer HTTP/1.1\r\n\r\n{smuggled}"),
        format!("GET /outer HTTP/1.1\r\nHost: {host}\r\nHost: other\r\n\r\n{smuggled}"),
        format!("GET http://other/outer HTTP/1.1\r\nHost: {host}\r\n\r\n"),
        format!("CONNECT other:80 HTTP/1.1\r\nHost: other:80\r\n\r\n{smuggled}"),
    ];
    for case in cases {
        let before = blue.asked();
        let answer = raw::exchange(host, case.as_bytes(), Duration::from_secs(1)).await;
        let statuses = answer.statuses();
        assert!(statuses.len() <= 1 && statuses.iter().all(|status| *status >= 400), "{case:?}: {}", answer.text());
        assert_eq!(blue.asked(), before, "{case:?} reached the target: {:?}", blue.seen());
    }
    let large = format!("GET / HTTP/1.1\r\nHost: {host}\r\nX: {}\r\n\r\n", "x".repeat(40_000));
    let answer = raw::exchange(host, large.as_bytes(), Duration::from_secs(1)).await;
    assert!(matches!(answer.status(), Some(431) | None), "{}", answer.text());
    assert!(!blue.seen().iter().any(|line| line.contains("smuggled")), "{:?}", blue.seen());
}

#[tokio::test(flavor = "multi_thread")]
async fn failures_of_targets_have_their_statuses_and_nothing_is_done_twice() {
    let (blue, late) = (Target::start("blue").await, Target::start("late").await);
    // Only where nobody answers is the idle time-out short: a slow machine must not be taken for a slow target.
    let hasty = port::free();
    let balanced = Balanced::start(
        Backend::SqliteDisk,
        &[("BLUE", &blue), ("LATE", &late)],
        &format!(
            r#"
arn, blue, empty = balancer(), quick_group(), quick_group("empty")
one = listener(arn, PORT, forward(blue))
rule(one, 1, path("/empty"), forward(empty))
hasty, late = balancer("hasty"), quick_group("late")
elb.modify_load_balancer_attributes(LoadBalancerArn=hasty, Attributes=[{{"Key": "idle_timeout.timeout_seconds", "Value": "3"}}])
listener(hasty, {hasty}, forward(late))
register(blue, BLUE); register(late, LATE)
until_healthy(blue, BLUE); until_healthy(late, LATE)
until_open(arn); until_open(hasty)
"#
        ),
    )
    .await;
    let client = client();
    let slow = tokio::spawn(client.get(format!("http://127.0.0.1:{hasty}/held")).send());
    let status = async |path: &str| client.get(balanced.url(path)).send().await.unwrap().status().as_u16();
    assert_eq!(status("/empty").await, 503);
    assert_eq!(status("/slow/600").await, 200);
    assert_eq!(status("/status/503").await, 503);
    assert_eq!(status("/hang-up").await, 502);
    let before = blue.asked();
    let answer = client.post(balanced.url("/hang-up")).body("once").send().await.unwrap();
    assert_eq!(answer.status(), 502);
    assert_eq!(blue.asked() - before, 1);
    assert_eq!(slow.await.unwrap().unwrap().status(), 504);
    assert_eq!(late.asked(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_the_load_balancer_says_itself_has_no_body_where_only_the_head_is_asked_for() {
    let balanced = Balanced::start(
        Backend::SqliteDisk,
        &[],
        r#"
arn, nobody = balancer(), quick_group()
one = listener(arn, PORT, fixed("hello"))
rule(one, 1, path("/nobody"), forward(nobody))
rule(one, 2, path("/nothing"), fixed("unheard", "204"))
until_open(arn)
"#,
    )
    .await;
    // The listener may be open before its rules are heard of, the last of which is this one.
    within(30, "the rules", async || client().get(balanced.url("/nothing")).send().await.unwrap().status() == 204)
        .await;
    let two = builder().http2_prior_knowledge().build().unwrap();
    for client in [client(), two] {
        let nothing = client.get(balanced.url("/nothing")).send().await.unwrap();
        assert_eq!((nothing.status().as_u16(), &*nothing.bytes().await.unwrap()), (204, &b""[..]));
        for (path, status, length) in [("/x", 200, Some(5)), ("/nobody", 503, None)] {
            // A frame of data that answers HEAD would be an error of the protocol.
            let answer = client.head(balanced.url(path)).send().await.unwrap();
            assert_eq!(answer.status(), status, "{path}");
            let said =
                answer.headers().get("content-length").map(|said| said.to_str().unwrap().parse::<u64>().unwrap());
            assert!(said.is_some() && length.is_none_or(|length| said == Some(length)), "{path} {said:?}");
            let body = answer.bytes().await.unwrap_or_else(|error| panic!("{path}: {error:?}"));
            assert!(body.is_empty(), "{path}");
        }
    }
}
