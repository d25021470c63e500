//! `BatchCheckLayerAvailability`

use serde_json::json;
use tests::harness::on_default;

use super::{not_found, run};

#[tokio::test]
async fn layers_are_available_in_their_own_repository_alone() {
    on_default(async |wharf| {
        let image = wharf.client().repository("app").push_small("v1").await;
        let loose = wharf.client().repository("app").push_blob(b"of no image").await;
        wharf.client().repository("other").push_small("v1").await;
        run(
            &wharf.aws(),
            &json!({ "layer": image.blobs[1].0, "loose": loose, "gone": not_found("absent") }),
            r#"
check, unknown = ecr.batch_check_layer_availability, "sha256:" + "0" * 64
answer = check(repositoryName="app", registryId="000000000000",
               layerDigests=[unknown, data["layer"], "md5:00", data["loose"], "nonsense"])
expect(answer["layers"], [
    {"layerDigest": unknown, "layerAvailability": "UNAVAILABLE"},
    {"layerDigest": data["layer"], "layerAvailability": "AVAILABLE", "layerSize": 1000,
     "mediaType": "application/vnd.oci.image.layer.v1.tar+gzip"},
    {"layerDigest": "md5:00", "layerAvailability": "UNAVAILABLE"},
    {"layerDigest": data["loose"], "layerAvailability": "AVAILABLE", "layerSize": 11},
])
expect([(failure["layerDigest"], failure["failureCode"]) for failure in answer["failures"]],
       [("nonsense", "InvalidLayerDigest")])
expect(check(repositoryName="other", layerDigests=[data["layer"]])["layers"],
       [{"layerDigest": data["layer"], "layerAvailability": "UNAVAILABLE"}])
expect(message("RepositoryNotFoundException", check, repositoryName="absent", layerDigests=[unknown]), data["gone"])
message("InvalidParameterException", check, repositoryName="app", layerDigests=[unknown] * 101)
"#,
        );
    })
    .await;
}
