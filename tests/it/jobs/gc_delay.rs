//! `wharf gc-delay`: each registry can keep garbage for a time of its own.

use tests::harness::{Backend, Wharf};

use super::must;

#[tokio::test]
async fn a_registry_keeps_garbage_for_its_own_time() {
    for backend in [Backend::SqliteDisk, Backend::PostgresDisk] {
        let wharf = Wharf::with(backend).set("WHARF_REGIONS", "us-east-1,eu-west-1").start().await;
        let here = wharf.client().repository("app");
        let blob = here.push_blob(b"of no image").await;
        assert_eq!(must(&wharf, &["gc-delay", "show"]), "86400s, as WHARF_GC_DELAY says\n");
        // Of another registry this one knows nothing.
        must(&wharf, &["gc-delay", "set", "0", "--region", "eu-west-1"]);
        assert_eq!(must(&wharf, &["gc-delay", "show", "--region", "eu-west-1"]), "0s\n");
        must(&wharf, &["gc"]);
        here.head_blob(&blob).await.expect(200);

        must(&wharf, &["gc-delay", "set", "0"]);
        assert_eq!(must(&wharf, &["gc-delay", "show"]), "0s\n");
        // The running server obeys by itself.
        tests::harness::admin::within(60, "the blob is let go of", async || {
            here.head_blob(&blob).await.status() == 404
        })
        .await;

        must(&wharf, &["gc-delay", "set", "30d"]);
        let blob = here.push_blob(b"of no image either").await;
        must(&wharf, &["gc"]);
        here.head_blob(&blob).await.expect(200);
        // What is said on the command line holds for all.
        must(&wharf, &["gc", "--delay", "0"]);
        here.head_blob(&blob).await.expect(404);

        must(&wharf, &["gc-delay", "remove"]);
        assert_eq!(must(&wharf, &["gc-delay", "show"]), "86400s, as WHARF_GC_DELAY says\n");
        for bad in ["366d", "soon", "-1h"] {
            assert!(!wharf.run(&["gc-delay", "set", bad]).status.success(), "{bad}");
        }
        let unknown = wharf.run(&["gc-delay", "set", "1h", "--account-id", "999999999999"]);
        assert!(unknown.stderr.contains("does not exist"), "{unknown:?}");
        let audit = must(&wharf, &["audit"]);
        assert!(audit.contains("SetGarbageCollectionDelay"), "{audit}");
    }
}
