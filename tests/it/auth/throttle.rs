//! Failed logins are slowed down per source and per key, and what is answered tells nobody which keys exist.

use std::time::{Duration, Instant};

use tests::harness::server::{ROOT_ACCESS_KEY_ID, ROOT_SECRET_ACCESS_KEY};
use tests::harness::{Answer, Auth, Backend, Client, Wharf, on};

/// Fails to log in until it is told to wait; the answer that said so and how many attempts it took.
async fn attack(client: &Client, user: impl Fn(usize) -> String) -> (Answer, usize) {
    for attempt in 1..=300 {
        let answer = client.as_(Auth::basic(&user(attempt), "wrong")).get("/v2/").send().await;
        if answer.status() == 429 {
            return (answer, attempt);
        }
        answer.expect_error(401, "UNAUTHORIZED");
    }
    panic!("300 failed logins in a row were not slowed down");
}

const BACKENDS: &[Backend] = &[Backend::SqliteDisk, Backend::PostgresS3];

#[tokio::test]
async fn guessing_a_secret_is_slowed_down_with_a_time_to_wait() {
    on(BACKENDS, async |wharf| {
        let client = wharf.anonymous_from([127, 0, 0, 1]);
        let (answer, attempts) = attack(&client, |_| ROOT_ACCESS_KEY_ID.to_owned()).await;
        println!("slowed down after {attempts} attempts");
        assert!(attempts >= 4, "people mistype: {attempts} attempts are too few");
        let answer = answer.expect_error(429, "TOOMANYREQUESTS");
        let wait: u64 = answer.header("retry-after").parse().expect("seconds");
        assert!((1..=3600).contains(&wait), "{wait} seconds");
        // The token endpoint shares the count.
        client.as_(Auth::basic(ROOT_ACCESS_KEY_ID, "wrong")).get("/token").send().await.expect(429);
    })
    .await;
}

#[tokio::test]
async fn other_sources_are_not_locked_out() {
    on(BACKENDS, async |wharf| {
        let attacker = wharf.anonymous_from([127, 0, 0, 1]);
        attack(&attacker, |_| ROOT_ACCESS_KEY_ID.to_owned()).await;
        // Neither by the address, nor by the key: the owner comes in from elsewhere.
        let owner = wharf.anonymous_from([127, 0, 0, 2]).as_(Auth::basic(ROOT_ACCESS_KEY_ID, ROOT_SECRET_ACCESS_KEY));
        owner.get("/v2/").send().await.expect(200);
        owner.repository("tests/owner").push_small("one").await;
    })
    .await;
}

#[tokio::test]
async fn guessing_keys_is_slowed_down_too() {
    on(BACKENDS, async |wharf| {
        let client = wharf.anonymous_from([127, 0, 0, 3]);
        attack(&client, |attempt| format!("AKIAGUESS{attempt:011}")).await;
        wharf.anonymous_from([127, 0, 0, 4]).get("/v2/").send().await.expect(401);
    })
    .await;
}

#[tokio::test]
async fn the_throttle_lets_go() {
    let wharf = Wharf::start(Backend::SqliteDisk).await;
    let client = wharf.anonymous_from([127, 0, 0, 5]);
    let (answer, _) = attack(&client, |_| "AKIANOBODY0000000000".to_owned()).await;
    let wait: u64 = answer.header("retry-after").parse().expect("seconds");
    assert!(wait <= 120, "a test cannot wait {wait} seconds, and people will not");
    tokio::time::sleep(Duration::from_secs(wait + 1)).await;
    let owner = client.as_(Auth::basic(ROOT_ACCESS_KEY_ID, ROOT_SECRET_ACCESS_KEY));
    owner.get("/v2/").send().await.expect(200);
}

#[tokio::test]
async fn good_logins_are_never_slowed_down() {
    let wharf = Wharf::start(Backend::SqliteDisk).await;
    for _ in 0..400 {
        wharf.client().get("/v2/").send().await.expect(200);
    }
    for _ in 0..50 {
        wharf.client().get("/token").send().await.expect(200);
    }
}

#[tokio::test]
async fn a_forwarded_address_is_not_believed() {
    let wharf = Wharf::start(Backend::SqliteDisk).await;
    let client = wharf.anonymous_from([127, 0, 0, 6]);
    for attempt in 0..300 {
        let client = client.as_(Auth::basic("AKIANOBODY0000000000", "wrong"));
        let call = client.get("/v2/").header("x-forwarded-for", format!("10.0.{}.{}", attempt / 250, attempt % 250));
        if call.header("forwarded", format!("for=10.1.0.{}", attempt % 250)).send().await.status() == 429 {
            return;
        }
    }
    panic!("an attacker escapes the throttle with X-Forwarded-For");
}

#[tokio::test]
async fn a_missing_key_and_a_wrong_secret_look_the_same() {
    on(BACKENDS, async |wharf| {
        let mut texts = Vec::new();
        for (number, user) in
            [ROOT_ACCESS_KEY_ID, "AKIANOBODY0000000000", "nobody", "000000000000"].into_iter().enumerate()
        {
            let client = wharf.anonymous_from([127, 0, 0, 40 + number as u8]).as_(Auth::basic(user, "wrong"));
            for target in ["/v2/", "/token", "/v2/a/b/tags/list"] {
                let answer = client.get(target).send().await.expect_error(401, "UNAUTHORIZED");
                let challenge = answer.header("www-authenticate").to_owned();
                texts.push((target, String::from_utf8_lossy(answer.body()).into_owned(), challenge));
            }
        }
        for (target, body, challenge) in &texts {
            let first = texts.iter().find(|(other, _, _)| other == target).expect("itself at least");
            assert_eq!((body, challenge), (&first.1, &first.2), "{target}");
        }
    })
    .await;
}

#[tokio::test]
async fn a_missing_key_takes_as_long_as_a_wrong_secret() {
    let wharf = Wharf::start(Backend::SqliteDisk).await;
    let mut times = [Vec::new(), Vec::new()];
    for round in 0..60 {
        for (kind, user) in [ROOT_ACCESS_KEY_ID, "AKIANOBODY0000000000"].into_iter().enumerate() {
            let client = wharf.anonymous_from([127, 0, 2, round + 1]).as_(Auth::basic(user, "wrong"));
            // The first request of a client opens its connection, which would be measured too.
            client.as_(Auth::None).get("/v2/").send().await.expect(401);
            let begin = Instant::now();
            client.get("/v2/").send().await.expect(401);
            times[kind].push(begin.elapsed());
        }
    }
    for times in &mut times {
        times.sort();
    }
    let (wrong, missing) = (times[0][30], times[1][30]);
    println!("median: wrong secret {wrong:?}, missing key {missing:?}");
    let difference = wrong.abs_diff(missing);
    // Coarse on purpose: what it must catch is a slow hash or a query that only one of the two pays for.
    assert!(difference < Duration::from_millis(5), "{wrong:?} against {missing:?}");
}
