//! Every principal, every method of every route, in repositories of every sort: allowed exactly when the model says so, refused
//! with the words that it gives, and without effect when refused.

use tests::harness::{Answer, on_default};

use super::model::Standing;
use super::operations::{Kind, OPERATIONS};
use super::world::{Expected, OWN, Place, World};

#[tokio::test]
async fn every_request_of_every_principal_has_the_outcome_of_the_model() {
    on_default(async |wharf| {
        let world = World::create(wharf).await;
        let plain = wharf.anonymous();
        let (mut cases, mut wrong, mut created) = (0, Vec::new(), Vec::new());
        for principal in &world.principals {
            for operation in OPERATIONS {
                for place in &world.places {
                    // Each request to an absent repository has a name of its own: the one before may have created it.
                    let absent =
                        Place { name: format!("{}-{cases}", place.name), rules: place.rules.clone(), content: None };
                    let place = if place.content.is_some() { place } else { &absent };
                    let expected = world.expected(principal, operation, place);
                    let fresh = expected.status < 300;
                    if fresh && place.content.is_none() && operation.kind.creates() {
                        created.push(place.name.clone());
                    }
                    let disabled = principal.standing == Standing::Disabled;
                    // A disabled key is a wrong one, and wrong ones are throttled, so it is not tried everywhere.
                    let mut auths = if disabled && place.name != OWN { vec![] } else { vec![&principal.basic] };
                    // With a token that names nobody the ping goes through, so that clients go on to what is public.
                    let ping = principal.standing == Standing::Anonymous && operation.kind == Kind::Base;
                    if !ping && (!fresh || operation.kind.repeatable()) {
                        auths.push(&principal.bearer);
                    }
                    for auth in auths {
                        let client = match disabled {
                            true => wharf.anonymous_from([127, 0, 5, (cases % 200) as u8 + 1]),
                            false => plain.clone(),
                        };
                        let call = world.request(&client.as_(auth.clone()), operation, place, fresh).await;
                        let answer = call.send().await;
                        cases += 1;
                        if let Err(difference) = compare(&expected, &answer) {
                            wrong.push(format!(
                                "{} {:?} in {} with {auth:?}: {difference}: {answer}",
                                principal.name, operation.kind, place.name,
                            ));
                        }
                    }
                }
            }
        }
        println!("{cases} requests");
        assert!(wrong.is_empty(), "{} of {cases} requests: {:#?}", wrong.len(), &wrong[..wrong.len().min(8)]);

        // What was refused left no trace.
        for place in &world.places {
            if let Some(content) = &place.content {
                let repository = wharf.client().repository(&place.name);
                repository.expect_image(Some("tag"), &content.image).await;
                let session = wharf.client().get(&content.session).send().await.expect(204);
                assert!(session.header_opt("range").is_none_or(|range| range == "0-0"), "{session}");
                created.push(place.name.clone());
            }
        }
        created.sort();
        let mut listed = Vec::new();
        for page in wharf.client().repository("none").pages("/v2/_catalog?n=1000").await {
            listed.extend(page.strings("repositories"));
        }
        assert_eq!(listed, created, "exactly the repositories that somebody might create are there");
    })
    .await;
}

fn compare(expected: &Expected, answer: &Answer) -> Result<(), String> {
    if answer.status() != expected.status {
        return Err(format!("{} and not {}", answer.status(), expected.status));
    }
    if answer.status() == 401 && answer.header_opt("www-authenticate").is_none() {
        return Err("401 without a challenge".to_owned());
    }
    if expected.status < 400 || answer.body().is_empty() {
        return Ok(());
    }
    if answer.code() != expected.code {
        return Err(format!("{} and not {}", answer.code(), expected.code));
    }
    let message = answer.json()["errors"][0]["message"].as_str().unwrap_or_default().to_owned();
    match &expected.message {
        Some(wanted) if *wanted != message => Err(format!("the message is not {wanted:?}")),
        _ => Ok(()),
    }
}
