//! Upload sessions belong to whoever began them: nobody else reads, feeds, closes or cancels one, however many rights he has.

use tests::harness::{Auth, Upload, digest, on_default};

use super::model::{EVERYTHING, allow, identity_policy};

/// Every request of a session, which must be answered as if there were none.
async fn expect_unknown(upload: &Upload) {
    upload.status().await.expect_error(404, "BLOB_UPLOAD_UNKNOWN");
    upload.clone().append(b"theirs").await.expect_error(404, "BLOB_UPLOAD_UNKNOWN");
    upload.clone().append_at(4, b"theirs").await.expect_error(404, "BLOB_UPLOAD_UNKNOWN");
    upload.close(&digest(b"mine")).await.expect_error(404, "BLOB_UPLOAD_UNKNOWN");
    upload.close_with(&digest(b"minetheirs"), b"theirs".to_vec()).await.expect_error(404, "BLOB_UPLOAD_UNKNOWN");
    upload.cancel().await.expect_error(404, "BLOB_UPLOAD_UNKNOWN");
}

#[tokio::test]
async fn nobody_may_use_the_upload_session_of_another() {
    on_default(async |wharf| {
        let rules = identity_policy(&[allow(EVERYTHING, "*")]);
        let [anna, ben] = ["anna", "ben"].map(|name| wharf.create_user(name, &rules));
        wharf.know(&ben).await;
        let repository = wharf.client().repository("team/app");
        let mut upload = repository.as_(anna.auth()).begin().await;
        upload.append(b"mine").await.expect(202);

        let mut absent = upload.clone();
        let (path, _) = absent.location.rsplit_once('/').expect("a location is a path");
        absent.location = format!("{path}/0190aaaa-0000-4000-8000-000000000000");
        for auth in [ben.auth(), super::world::token(&wharf.client().as_(ben.auth())).await] {
            let theirs = upload.through(&wharf.client().as_(auth.clone()));
            expect_unknown(&theirs).await;
            // A session of another looks exactly like one that never was.
            let never = absent.through(&wharf.client().as_(auth));
            let (theirs, never) = (theirs.status().await, never.status().await);
            assert_eq!(theirs.body(), never.body());
        }
        // Not even root's rights make it root's session.
        expect_unknown(&upload.through(&wharf.client())).await;
        upload.through(&wharf.anonymous()).status().await.expect_error(401, "UNAUTHORIZED");
        // In another repository it is not known to its owner either.
        repository.as_(anna.auth()).through(&wharf.client().as_(anna.auth())).push_small("tag").await;
        let elsewhere = wharf.client().as_(anna.auth()).repository("team/other");
        elsewhere.push_small("tag").await;
        let mut moved = upload.clone();
        moved.location = moved.location.replace("team/app", "team/other");
        expect_unknown(&moved).await;

        // The owner goes on as if nothing had been.
        upload.status().await.expect(204).expect_header("range", "0-3");
        upload.close(&digest(b"mine")).await.expect(201);
        // A closed one is remembered for its owner alone.
        upload.close(&digest(b"mine")).await.expect(201);
        upload
            .through(&wharf.client().as_(ben.auth()))
            .close(&digest(b"mine"))
            .await
            .expect_error(404, "BLOB_UPLOAD_UNKNOWN");
    })
    .await;
}

#[tokio::test]
async fn a_session_goes_on_with_any_credentials_of_its_owner() {
    on_default(async |wharf| {
        let user = wharf.known_user("anna", &identity_policy(&[allow(EVERYTHING, "*")])).await;
        let basic = wharf.client().as_(user.auth());
        let mut upload = basic.repository("team/app").begin().await;
        upload.append(b"one").await.expect(202);
        let mut through_token = upload.through(&basic.as_(super::world::token(&basic).await));
        through_token.append(b"two").await.expect(202).expect_header("range", "0-5");
        upload.through(&basic.as_(Auth::None)).status().await.expect_error(401, "UNAUTHORIZED");
        upload.close(&digest(b"onetwo")).await.expect(201);
    })
    .await;
}
