//! Ranges of blobs (RFC 9110 section 14): single, clamped, unsatisfiable, several at once, and hostile.

use tests::harness::{ALL, Repository, Wharf, on, on_default, random};

async fn get_range(repository: &Repository, digest: &str, range: &str) -> tests::harness::Answer {
    repository.client().get(&repository.blob_path(digest)).header("range", range).send().await
}

async fn pushed(wharf: &Wharf, length: usize) -> (Repository, String, Vec<u8>) {
    let repository = wharf.repository();
    let bytes = random(length);
    let digest = repository.push_blob(&bytes).await;
    (repository, digest, bytes)
}

#[tokio::test]
async fn one_range_gives_206_with_exactly_its_bytes() {
    on(ALL, async |wharf| {
        let (repository, digest, bytes) = pushed(wharf, 100_000).await;
        let cases = [
            ("bytes=0-0", 0, 0),
            ("bytes=0-99", 0, 99),
            ("bytes=500-70000", 500, 70_000),
            ("bytes=99999-99999", 99_999, 99_999),
            ("bytes=5-", 5, 99_999),
            ("bytes=0-", 0, 99_999),
            ("bytes=-1", 99_999, 99_999),
            ("bytes=-500", 99_500, 99_999),
            ("bytes=99000-200000", 99_000, 99_999),
            ("bytes=0-99999999999999999999", 0, 99_999),
            ("bytes=-200000", 0, 99_999),
        ];
        for (range, first, last) in cases {
            let answer = get_range(&repository, &digest, range).await.expect(206);
            let answer = answer
                .expect_header("content-range", &format!("bytes {first}-{last}/100000"))
                .expect_header("content-length", &(last - first + 1).to_string())
                .expect_header("docker-content-digest", &digest)
                .expect_body(&bytes[first..=last]);
            assert!(answer.header_opt("content-type").is_some(), "{answer}");
        }
    })
    .await;
}

#[tokio::test]
async fn ranges_across_the_parts_of_a_large_blob_are_right() {
    on(ALL, async |wharf| {
        let (repository, digest, bytes) = pushed(wharf, 17 * 1024 * 1024).await;
        for boundary in [5 * 1024 * 1024, 8 * 1024 * 1024, 16 * 1024 * 1024] {
            let (first, last) = (boundary - 1000, boundary + 999);
            let answer = get_range(&repository, &digest, &format!("bytes={first}-{last}")).await.expect(206);
            answer.expect_body(&bytes[first..=last]);
        }
        // Long enough to be sent by the kernel where it can.
        for (first, last) in [(1, bytes.len() - 2), (3_000_001, 16_999_999), (4096, 4096 + 600_000)] {
            let answer = get_range(&repository, &digest, &format!("bytes={first}-{last}")).await.expect(206);
            answer.expect_body(&bytes[first..=last]);
        }
    })
    .await;
}

#[tokio::test]
async fn a_range_beyond_the_end_is_416_and_tells_the_length() {
    on_default(async |wharf| {
        let (repository, digest, _) = pushed(wharf, 1000).await;
        for range in ["bytes=1000-", "bytes=1000-1001", "bytes=99999999999999999999-", "bytes=500-0", "bytes=-0"] {
            let answer = get_range(&repository, &digest, range).await.expect(416);
            let answer = answer.expect_header("content-range", "bytes */1000");
            assert_eq!(answer.header("content-length"), answer.body().len().to_string(), "{answer}");
        }
        let empty = repository.push_blob(b"").await;
        let answer = get_range(&repository, &empty, "bytes=0-0").await.expect_one_of(&[200, 416]);
        if answer.status() == 416 {
            answer.expect_header("content-range", "bytes */0");
        }
    })
    .await;
}

#[tokio::test]
async fn a_range_that_makes_no_sense_is_ignored() {
    on_default(async |wharf| {
        let (repository, digest, bytes) = pushed(wharf, 1000).await;
        for range in
            ["bytes", "bytes=", "bytes=a-b", "lines=1-2", "bytes=1", "bytes=--1", "=0-1", "bytes=0x1-0x2", "bytes 0-1"]
        {
            let answer = get_range(&repository, &digest, range).await.expect_one_of(&[200, 400, 416]);
            if answer.status() == 200 {
                answer.expect_body(&bytes);
            }
        }
    })
    .await;
}

#[tokio::test]
async fn several_ranges_come_in_the_order_asked() {
    on(ALL, async |wharf| {
        let (repository, digest, bytes) = pushed(wharf, 3_000_000).await;
        let asked = [(9000, 9099), (1_000_000, 2_500_000), (0, 9), (500, 500), (2_400_000, 2_999_999)];
        let range = "bytes=9000-9099,1000000-2500000,0-9, 500-500,-600000";
        let answer = get_range(&repository, &digest, range).await.expect(206);
        let kind = answer.header("content-type").to_owned();
        let boundary = kind.strip_prefix("multipart/byteranges; boundary=").unwrap_or_else(|| panic!("{kind}"));
        let boundary = boundary.trim_matches('"');
        assert_eq!(answer.header("content-length"), answer.body().len().to_string());
        let mut rest = answer.body().as_ref();
        for (first, last) in asked {
            let (head, body) = next_part(rest, boundary);
            assert!(head.contains(&format!("content-range: bytes {first}-{last}/3000000")), "{head}");
            let length = last - first + 1;
            assert_eq!(&body[..length], &bytes[first..=last]);
            rest = &body[length..];
        }
        let end = String::from_utf8_lossy(rest);
        assert_eq!(end.trim(), format!("--{boundary}--"), "the last boundary ends the body");
    })
    .await;
}

/// The lower-case head of the next part, and everything after it.
fn next_part<'a>(bytes: &'a [u8], boundary: &str) -> (String, &'a [u8]) {
    let end = bytes.windows(4).position(|four| four == b"\r\n\r\n").expect("a part has a head");
    let head = String::from_utf8_lossy(&bytes[..end]).to_lowercase();
    assert!(head.trim_start().starts_with(&format!("--{}", boundary.to_lowercase())), "{head}");
    (head, &bytes[end + 4..])
}

#[tokio::test]
async fn ranges_beyond_the_end_are_left_out_of_several() {
    on_default(async |wharf| {
        let (repository, digest, bytes) = pushed(wharf, 1000).await;
        let answer = get_range(&repository, &digest, "bytes=0-9,5000-6000").await.expect(206);
        let found = answer.body().windows(10).any(|ten| ten == &bytes[..10]);
        assert!(found, "{answer}");
        get_range(&repository, &digest, "bytes=5000-6000,7000-").await.expect_one_of(&[200, 416]);
    })
    .await;
}

#[tokio::test]
async fn dozens_of_ranges_are_served() {
    on_default(async |wharf| {
        let (repository, digest, bytes) = pushed(wharf, 100_000).await;
        let ranges: Vec<String> = (0..60).map(|i| format!("{}-{}", i * 1500, i * 1500 + 99)).collect();
        let answer = get_range(&repository, &digest, &format!("bytes={}", ranges.join(","))).await.expect(206);
        let text = String::from_utf8_lossy(answer.body()).to_lowercase();
        assert_eq!(text.matches("content-range:").count(), 60);
        assert!(answer.body().windows(100).any(|hundred| hundred == &bytes[88_500..88_600]));
    })
    .await;
}

#[tokio::test]
async fn overlapping_ranges_do_not_multiply_what_is_sent() {
    on_default(async |wharf| {
        let (repository, digest, bytes) = pushed(wharf, 1_000_000).await;
        let ranges = vec!["0-"; 1300].join(",");
        let answer = get_range(&repository, &digest, &format!("bytes={ranges}")).await;
        let answer = answer.expect_one_of(&[200, 206, 400, 416, 431]);
        assert!(answer.body().len() < 3 * bytes.len(), "{} bytes for a blob of 1 MB", answer.body().len());
    })
    .await;
}

#[tokio::test]
async fn a_head_with_a_range_has_no_body() {
    on_default(async |wharf| {
        let (repository, digest, _) = pushed(wharf, 1000).await;
        let call = repository.client().head(&repository.blob_path(&digest)).header("range", "bytes=0-9");
        let answer = call.send().await.expect_one_of(&[200, 206]);
        assert!(answer.body().is_empty());
    })
    .await;
}

#[tokio::test]
async fn many_ranges_in_parallel_make_up_the_blob() {
    on_default(async |wharf| {
        let (repository, digest, bytes) = pushed(wharf, 4 * 1024 * 1024).await;
        let piece = 256 * 1024;
        let calls = (0..16).map(|i| {
            let (repository, digest) = (repository.clone(), digest.clone());
            async move {
                let range = format!("bytes={}-{}", i * piece, (i + 1) * piece - 1);
                get_range(&repository, &digest, &range).await.expect(206).body().to_vec()
            }
        });
        let pieces = futures_util::future::join_all(calls).await;
        assert!(pieces.concat() == bytes);
    })
    .await;
}

#[tokio::test]
async fn if_range_gives_the_part_only_of_the_same_content() {
    on_default(async |wharf| {
        let (repository, digest, bytes) = pushed(wharf, 1000).await;
        let call = || repository.client().get(&repository.blob_path(&digest)).header("range", "bytes=10-19");
        let same = call().header("if-range", format!("\"{digest}\"")).send().await.expect(206);
        same.expect_body(&bytes[10..20]);
        let other = call().header("if-range", "\"another\"").send().await.expect(200);
        other.expect_body(&bytes);
    })
    .await;
}
