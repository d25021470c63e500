//! Under a constant load no request fails while targets are registered, deregistered and killed.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering::Relaxed};
use std::time::Duration;

use tests::harness::target::Target;
use tests::harness::{DEFAULT, Wharf, admin::within, port};
use tokio::task::JoinSet;

use super::balanced::{Balanced, builder, client};
use super::script;

/// Clients that ask one after the other without a pause.
struct Load {
    stop: Arc<AtomicBool>,
    done: Arc<AtomicUsize>,
    clients: JoinSet<Vec<String>>,
}

/// A client that speaks HTTP/2.
fn two() -> reqwest::Client {
    builder().http2_prior_knowledge().build().expect("a client")
}

impl Load {
    fn start(url: &str) -> Self {
        let (stop, done) = (Arc::new(AtomicBool::new(false)), Arc::new(AtomicUsize::new(0)));
        let mut clients = JoinSet::new();
        for number in 0..6 {
            let (stop, done, url) = (Arc::clone(&stop), Arc::clone(&done), url.to_owned());
            // Some speak HTTP/2, and some have a request under way for a while.
            let client = if number % 3 == 0 { two() } else { client() };
            let path = if number % 2 == 0 { "/slow/20" } else { "/" };
            clients.spawn(async move {
                let mut failures = Vec::new();
                while !stop.load(Relaxed) {
                    match client.get(format!("{url}{path}")).send().await {
                        Ok(answer) if answer.status() == 200 => match answer.text().await {
                            Ok(_) => _ = done.fetch_add(1, Relaxed),
                            Err(error) => failures.push(format!("{error:?}")),
                        },
                        Ok(answer) => failures.push(format!("{} of {path}", answer.status())),
                        Err(error) => failures.push(format!("{error:?}")),
                    }
                    tokio::time::sleep(Duration::from_millis(2)).await;
                }
                failures
            });
        }
        Self { stop, done, clients }
    }

    /// Stops it: no request has failed.
    async fn end(self) -> usize {
        self.stop.store(true, Relaxed);
        let failures: Vec<String> = self.clients.join_all().await.into_iter().flatten().collect();
        let done = self.done.load(Relaxed);
        assert!(failures.is_empty(), "{} of {done} failed: {:#?}", failures.len(), &failures[..failures.len().min(10)]);
        done
    }
}

const GROUP: &str = r#"web = elb.describe_target_groups(Names=["web"])["TargetGroups"][0]["TargetGroupArn"]"#;

#[tokio::test(flavor = "multi_thread")]
async fn no_request_is_lost_while_targets_come_and_go() {
    for &backend in DEFAULT {
        println!("on {backend:?}");
        let mut targets = Vec::new();
        for number in 0..3 {
            targets.push(Target::start(&format!("old-{number}")).await);
        }
        let old: Vec<u16> = targets.iter().map(Target::port).collect();
        let balanced = Balanced::start(
            backend,
            &[],
            &format!(
                "arn, web = balancer(), quick_group()\nlistener(arn, PORT, forward(web))\nregister(web, *{old:?})\n\
                 until_healthy(web, *{old:?})\nuntil_open(arn)"
            ),
        )
        .await;
        let load = Load::start(&balanced.url(""));
        // A rolling deployment: one comes, one goes, and is stopped once it has drained.
        for (round, old) in old.iter().enumerate() {
            let new = Target::start(&format!("new-{round}")).await;
            let (old, port) = (*old, new.port());
            balanced
                .run(
                    &[],
                    &format!(
                        "{GROUP}\nregister(web, {port})\nuntil_healthy(web, {port})\nderegister(web, {old})\n\
                         until(lambda: {old} not in health(web))"
                    ),
                )
                .await;
            targets[round].kill();
            targets[round] = new;
        }
        // One is killed without a word, and replaced.
        targets[0].kill();
        let replacement = Target::start("replacement").await;
        let (killed, port) = (targets[0].port(), replacement.port());
        balanced
            .run(&[], &format!("{GROUP}\nregister(web, {port})\nuntil_healthy(web, {port})\nderegister(web, {killed})"))
            .await;
        within(60, "the replacement is asked", async || replacement.asked() > 0).await;
        tokio::time::sleep(Duration::from_secs(1)).await;
        let done = load.end().await;
        assert!(done > 500, "{done}");
        println!("{done} requests, none failed");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn replicas_balance_alike_and_wait_for_one_another() {
    let backend = tests::harness::Backend::PostgresS3;
    let port = port::free();
    let first = Wharf::with(backend)
        .set("WHARF_OUTBOUND_LOOPBACK", "true")
        .set("WHARF_BALANCER_ADDRESS", "127.0.0.2")
        .start()
        .await;
    let mut second = Wharf::sharing(Arc::clone(first.backing()))
        .set("WHARF_OUTBOUND_LOOPBACK", "true")
        .set("WHARF_BALANCER_ADDRESS", "127.0.0.3")
        .start()
        .await;
    let target = Target::start("blue").await;
    let run = async |wharf: &Wharf, text: &str| {
        let (aws, text) = (wharf.aws(), format!("PORT, BLUE = {port}, {}\n{}", target.port(), script(text)));
        tokio::task::spawn_blocking(move || aws.boto3(&text)).await.unwrap()
    };
    run(
        &first,
        "arn, web = balancer(), quick_group(); listener(arn, PORT, forward(web)); register(web, BLUE); until_healthy(web, BLUE); until_open(arn)",
    )
    .await;
    let client = client();
    for host in ["127.0.0.2", "127.0.0.3"] {
        // One that balances nothing yet is heard of when it has looked, which it does every second.
        let mut answer = client.get(format!("http://{host}:{port}/")).send().await;
        for _ in 0..600 {
            if answer.is_ok() {
                break;
            }
            tokio::time::sleep(Duration::from_millis(100)).await;
            answer = client.get(format!("http://{host}:{port}/")).send().await;
        }
        assert_eq!(answer.unwrap().status(), 200, "{host}");
    }
    // Either of them answers what both have found out; of one that is gone nobody waits for anything.
    run(&second, &format!("{GROUP}\nuntil(lambda: health(web)[BLUE][0] == 'healthy', 90)")).await;
    second.kill();
    run(&first, &format!("{GROUP}\nregister(web, 1)\nuntil(lambda: health(web)[1][0] == 'unhealthy', 90)")).await;
    let answer = client.get(format!("http://127.0.0.2:{port}/")).send().await.unwrap();
    assert_eq!(answer.status(), 200);
}
