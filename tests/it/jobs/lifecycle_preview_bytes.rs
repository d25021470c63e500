//! `wharf lifecycle REPOSITORY --preview`: which images would go, and how many bytes that frees: as many as garbage collection
//! then says.

use tests::harness::{Backend, Image, Wharf, random};

use super::{collect, must};

const POLICY: &str = r#"{"rules": [{"rulePriority": 7, "description": "keeps the newest image of all that there are, whatever its tags",
    "selection": {"tagStatus": "any", "countType": "imageCountMoreThan", "countNumber": 1}, "action": {"type": "expire"}}]}"#;

/// The bytes that the line of an image says are freed.
fn freed(said: &str, digest: &str) -> usize {
    let line = said.lines().find(|line| line.starts_with(digest)).unwrap_or_else(|| panic!("no {digest} in {said}"));
    line.split_whitespace().nth(3).and_then(|word| word.parse().ok()).unwrap_or_else(|| panic!("{line}"))
}

#[tokio::test]
async fn a_preview_tells_the_bytes_that_a_run_frees() {
    for backend in [Backend::SqliteDisk, Backend::PostgresS3] {
        let wharf = Wharf::with(backend).set("WHARF_UNDO_WINDOW", "0s").start().await;
        let (repository, elsewhere) = (wharf.client().repository("app"), wharf.client().repository("other"));
        let (base, both, foreign) = (random(5000), random(700), random(3000));
        let first = Image::of(vec![base.clone(), both.clone(), random(100)]);
        let second = Image::of(vec![base.clone(), both, foreign.clone()]);
        let kept = Image::of(vec![base, random(300)]);
        repository.push_image("first", &first).await;
        repository.push_image("second", &second).await;
        let signature = repository.push_referrer(&second, "application/vnd.tests.signature").await;
        repository.push_image("kept", &kept).await;
        elsewhere.push_image("other", &Image::of(vec![foreign])).await;
        collect(&wharf);

        let file = wharf.data_directory().join("policy.json");
        std::fs::write(&file, POLICY).expect("the file is written");
        let file = file.to_str().expect("a text");
        let said = must(&wharf, &["lifecycle", "app", "--preview", "--policy", file]);
        // By hand. The layer of both is freed with the second; the base is kept here, and the foreign layer elsewhere. The
        // config of each image is its own, or it is everybody's, as the harness has it.
        let others: Vec<&String> = kept.blobs.iter().map(|(digest, _)| digest).collect();
        let config = |image: &Image| match others.contains(&&image.blobs[0].0) {
            true => 0,
            false => image.blobs[0].1.len(),
        };
        let shared = first.blobs[0].0 == second.blobs[0].0;
        let of_first = 100 + if shared { 0 } else { config(&first) };
        assert_eq!(freed(&said, &first.digest), of_first, "{said}");
        assert_eq!(freed(&said, &second.digest), 700 + config(&second), "{said}");
        assert!(said.contains(&signature.digest) && !said.contains(&kept.digest), "{said}");
        let total: usize = said
            .lines()
            .filter(|line| line.starts_with("sha256:"))
            .map(|line| freed(&said, line.split_whitespace().next().expect("a digest")))
            .sum();
        assert!(said.contains(&format!("4 images, 3 would expire and free {total} bytes")), "{said}");
        // A preview changes nothing.
        repository.expect_image(Some("first"), &first).await;
        assert!(!wharf.run(&["lifecycle", "app", "--preview"]).status.success(), "there is no policy to preview");
        assert!(
            !wharf.run(&["lifecycle", "app", "--policy", file]).status.success(),
            "a run takes the policy that is set"
        );

        wharf.aws().json(&[
            "ecr",
            "put-lifecycle-policy",
            "--repository-name",
            "app",
            "--lifecycle-policy-text",
            POLICY,
        ]);
        assert_eq!(must(&wharf, &["lifecycle", "app", "--preview"]), said);
        assert_eq!(must(&wharf, &["lifecycle", "app"]), "4 images, 2 expired, 1 with them\n");
        let collected = collect(&wharf);
        assert!(collected.contains(&format!("freed ({total} bytes)")), "{collected}, foretold: {said}");
        repository.expect_image(Some("kept"), &kept).await;
    }
}
