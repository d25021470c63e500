//! Logins of every sort, good and bad, and then a search: no secret, password or token is in the log, in the metrics or in the
//! body of a refusal.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use tests::harness::client::encode;
use tests::harness::server::{ROOT_ACCESS_KEY_ID, ROOT_SECRET_ACCESS_KEY};
use tests::harness::{Answer, Auth, Backend, Wharf};

use super::model::{PULL, allow, identity_policy};

/// Words that must not be found anywhere, and where answers go that are searched too.
#[derive(Default)]
struct Search {
    canaries: Vec<String>,
    answers: Vec<Answer>,
}

impl Search {
    /// The word itself and what encodings make of it.
    fn hide(&mut self, word: &str) {
        assert!(word.len() >= 8, "{word} may be found by chance");
        self.canaries.extend([word.to_owned(), encode(word), STANDARD.encode(word)]);
    }

    /// The password by itself, and the line of Basic that it is in.
    fn hide_basic(&mut self, user: &str, password: &str) {
        self.hide(password);
        self.canaries.push(STANDARD.encode(format!("{user}:{password}")));
    }

    /// A token: its signature is what nobody else can make.
    fn hide_token(&mut self, token: &str) {
        self.canaries.push(token.rsplit('.').next().expect("a signature").to_owned());
    }

    fn expect_hidden(&self, place: &str, text: &str) {
        for canary in &self.canaries {
            assert!(!text.contains(canary.as_str()), "{canary} is in {place}");
        }
    }
}

#[tokio::test]
async fn secrets_passwords_and_tokens_stay_out_of_logs_metrics_and_refusals() {
    for backend in [Backend::SqliteDisk, Backend::PostgresS3] {
        let wharf = Wharf::with(backend).set("WHARF_LOG_LEVEL", "debug").start().await;
        let mut search = Search::default();
        let root = wharf.client();
        root.repository("team/app").push_small("tag").await;
        search.hide_basic(ROOT_ACCESS_KEY_ID, ROOT_SECRET_ACCESS_KEY);
        let user = wharf.known_user("anna", &identity_policy(&[allow(PULL, "team/*")])).await;
        search.hide_basic(&user.access_key_id, &user.secret);

        // Good logins, and what they give.
        let answer = root.as_(user.auth()).get("/token?offline_token=true&account=anna").send().await.expect(200);
        let [access, refresh] =
            ["token", "refresh_token"].map(|name| answer.json()[name].as_str().expect("a token").to_owned());
        search.hide_token(&access);
        search.hide_token(&refresh);
        root.as_(Auth::Bearer(access.clone())).repository("team/app").manifest("tag").await.expect(200);
        let form = [("grant_type", "refresh_token"), ("service", "x"), ("refresh_token", refresh.as_str())];
        let answer = wharf.anonymous().post("/token").form(&form).send().await.expect(200);
        search.hide_token(answer.json()["access_token"].as_str().expect("a token"));
        let form = [("grant_type", "password"), ("username", &user.access_key_id), ("password", &user.secret)];
        let answer = wharf.anonymous().post("/token").form(&form).send().await.expect(200);
        search.hide_token(answer.json()["access_token"].as_str().expect("a token"));

        // Bad ones: a password that is nearly right, in every place where clients put one.
        let wrong = "wrong-canary/password+1";
        search.hide_basic(&user.access_key_id, wrong);
        let source = wharf.anonymous_from([127, 0, 4, 1]);
        let basic = source.as_(Auth::basic(&user.access_key_id, wrong));
        search.answers.push(basic.get("/v2/").send().await);
        search.answers.push(basic.get("/token").send().await);
        search.answers.push(basic.repository("team/app").manifest("tag").await);
        let unknown = source.as_(Auth::basic("AKIANOBODY0000000000", wrong));
        search.answers.push(unknown.get("/v2/").send().await);
        search.answers.push(source.as_(Auth::basic("AWS", wrong)).get("/v2/").send().await);
        search.answers.push(source.as_(Auth::Bearer(format!("{access}x"))).get("/v2/").send().await);
        search.answers.push(source.as_(Auth::Bearer(refresh.clone())).get("/v2/").send().await);
        let malformed = format!("Basic {wrong}");
        search.answers.push(source.as_(Auth::Verbatim(malformed.into_bytes())).get("/v2/").send().await);
        let form = [("grant_type", "password"), ("username", user.access_key_id.as_str()), ("password", wrong)];
        search.answers.push(source.post("/token").form(&form).send().await);
        let form = [("grant_type", "refresh_token"), ("service", "x"), ("refresh_token", wrong)];
        search.answers.push(source.post("/token").form(&form).send().await);
        // Clients that put it into the address.
        for parameter in ["password", "access_token", "token", "X-Amz-Signature"] {
            let target = format!("/v2/team/app/manifests/tag?{parameter}={}", encode(wrong));
            search.answers.push(source.get(&target).send().await);
            search.answers.push(source.get(&format!("/token?account=x&{parameter}={}", encode(wrong))).send().await);
        }
        // A refusal of somebody who is known.
        let known = root.as_(Auth::Bearer(access)).repository("other/app");
        search.answers.push(known.manifest("tag").await.expect(403));
        wharf.admin_must(&["rotate-signing-key"]);
        wharf.admin_must(&["disable-key", &user.access_key_id]);

        for (name, value) in wharf.backing().settings(&wharf.data_directory()) {
            if name.contains("SECRET") || name.contains("MASTER_KEY") {
                search.hide(&value);
            }
        }
        if let Ok(master) = std::fs::read_to_string(wharf.data_directory().join("master.key")) {
            search.hide(master.trim());
        }

        for answer in &search.answers {
            // Anonymous tokens are given out to whoever asks.
            let body = String::from_utf8_lossy(answer.body());
            search.expect_hidden("a body", &body);
            search.expect_hidden("a header", &format!("{:?}", answer.headers()));
        }
        let metrics = wharf.anonymous().get("/metrics").send().await.expect(200);
        search.expect_hidden("the metrics", &String::from_utf8_lossy(metrics.body()));
        tokio::time::sleep(std::time::Duration::from_millis(300)).await;
        let output = wharf.output();
        assert!(output.contains("DEBUG") && output.contains("/token"), "the log is detailed enough: {output}");
        search.expect_hidden("the log", &output);
    }
}
