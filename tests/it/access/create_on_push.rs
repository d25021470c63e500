//! Pushing to a repository that is absent: only by those who may create it, only where that is switched on, and otherwise nothing
//! comes into being.

use tests::harness::{Backend, Repository, Wharf, digest, on_default, random};

use super::model::{PUSH, Verdict, allow, identity_policy, refusal, user_arn};
use super::world::empty_index;
use tests::harness::content::OCI_INDEX;

/// Every way to begin a push.
async fn pushes(repository: &Repository) -> Vec<tests::harness::Answer> {
    let bytes = random(50);
    let manifest = empty_index();
    let client = repository.client();
    vec![
        client.post(&repository.path("blobs/uploads/")).send().await,
        client.post(&repository.path(&format!("blobs/uploads/?digest={}", digest(&bytes)))).body(bytes).send().await,
        repository.mount(&digest(b"any"), "team/here").await,
        repository.mount(&digest(b"any"), "").await,
        repository.put_manifest("tag", OCI_INDEX, &manifest).await,
        repository.put_manifest(&digest(&manifest), OCI_INDEX, &manifest).await,
    ]
}

async fn names(wharf: &Wharf) -> Vec<String> {
    wharf.client().get("/v2/_catalog").send().await.expect(200).strings("repositories")
}

#[tokio::test]
async fn a_push_to_an_absent_repository_needs_the_right_to_create_it() {
    on_default(async |wharf| {
        wharf.create_repository("team/here", "MUTABLE", &[]);
        let pusher = wharf.create_user("pusher", &identity_policy(&[allow(PUSH, "*")]));
        let create: &[&str] = &["ecr:CreateRepository"];
        let creator = wharf.create_user("creator", &identity_policy(&[allow(PUSH, "*"), allow(create, "team/*")]));
        wharf.know(&creator).await;

        let absent = wharf.client().as_(pusher.auth()).repository("team/new");
        for answer in pushes(&absent).await {
            let answer = answer.expect_error(403, "DENIED");
            let message = answer.json()["errors"][0]["message"].as_str().expect("a message").to_owned();
            assert_eq!(message, refusal(Verdict::NotAllowed, &user_arn("pusher"), "ecr:CreateRepository", "team/new"));
        }
        let elsewhere = wharf.client().as_(creator.auth()).repository("other/new");
        for answer in pushes(&elsewhere).await {
            answer.expect_error(403, "DENIED");
        }
        assert_eq!(names(wharf).await, ["team/here"], "nothing was created");

        // In the repository that is there the pusher pushes.
        wharf.client().as_(pusher.auth()).repository("team/here").push_small("tag").await;
        let created = wharf.client().as_(creator.auth()).repository("team/new");
        created.push_small("tag").await;
        assert_eq!(names(wharf).await, ["team/here", "team/new"]);
        absent.push_small("later").await;
    })
    .await;
}

#[tokio::test]
async fn where_creation_is_switched_off_an_absent_repository_is_unknown_even_to_root() {
    for backend in [Backend::SqliteDisk, Backend::PostgresS3] {
        let wharf = Wharf::with(backend).set("WHARF_CREATE_ON_PUSH", "false").start().await;
        let absent = wharf.client().repository("team/new");
        for answer in pushes(&absent).await {
            answer.expect_error(404, "NAME_UNKNOWN");
        }
        assert!(names(&wharf).await.is_empty(), "nothing was created");
        wharf.create_repository("team/new", "MUTABLE", &[]);
        let image = absent.push_small("tag").await;
        absent.expect_image(Some("tag"), &image).await;
        // An operator cannot create it twice.
        let finished = wharf.admin(&["create-repository", "team/new"]);
        assert!(!finished.status.success(), "{}", finished.stdout);
        absent.expect_image(Some("tag"), &image).await;
    }
}

#[tokio::test]
async fn reading_and_deleting_creates_nothing() {
    on_default(async |wharf| {
        let absent = wharf.client().repository("team/new");
        absent.manifest("tag").await.expect_error(404, "NAME_UNKNOWN");
        absent.blob(&digest(b"any")).await.expect_error(404, "NAME_UNKNOWN");
        absent.tags("").await.expect_error(404, "NAME_UNKNOWN");
        absent.delete_manifest("tag").await.expect_error(404, "NAME_UNKNOWN");
        absent.delete_blob(&digest(b"any")).await.expect_error(404, "NAME_UNKNOWN");
        let session = absent.path("blobs/uploads/0190aaaa-0000-7000-8000-000000000000");
        absent.client().patch(&session).body("x").send().await.expect_error(404, "NAME_UNKNOWN");
        assert!(names(wharf).await.is_empty());
    })
    .await;
}
