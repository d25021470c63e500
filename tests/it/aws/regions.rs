//! Regions: the scope of the signature names one, and it must exist.

use tests::harness::{Backend, Wharf};

#[tokio::test]
async fn a_region_that_does_not_exist_is_refused() {
    let wharf = Wharf::with(Backend::SqliteDisk).set("WHARF_REGIONS", "us-east-1, eu-west-1").start().await;
    let address = |region: &str| {
        let answer = wharf.aws().in_region(region).json(&["ecr", "get-authorization-token"]);
        answer["authorizationData"][0]["proxyEndpoint"].clone()
    };
    assert_eq!(address("us-east-1"), wharf.url());
    assert_eq!(address("eu-west-1"), format!("http://000000000000.dkr.ecr.eu-west-1.{}", wharf.address()));
    let elsewhere = wharf.aws().in_region("eu-central-1");
    let message = elsewhere.refused(&["ecr", "get-authorization-token"], "InvalidSignatureException");
    assert!(message.contains("valid region") && message.contains("us-east-1, eu-west-1"), "{message}");
    // Services without a region are signed for the client's own, or for us-east-1.
    elsewhere.refused(&["sts", "get-caller-identity"], "SignatureDoesNotMatch");
    let wharf = Wharf::with(Backend::SqliteDisk).set("WHARF_REGION", "eu-north-1").start().await;
    for region in ["us-east-1", "eu-north-1"] {
        wharf.aws().in_region(region).json(&["sts", "get-caller-identity"]);
    }
    wharf.aws().refused(&["ecr", "get-authorization-token"], "InvalidSignatureException");
}

#[tokio::test]
async fn the_host_of_registries_can_be_set() {
    let wharf = Wharf::with(Backend::SqliteDisk)
        .set("WHARF_EXTERNAL_URL", "https://registry.example.com")
        .set("WHARF_REGISTRY_HOST", "{account}.dkr.ecr.{region}.example.com")
        .start()
        .await;
    let answer = wharf.aws().json(&["ecr", "get-authorization-token"]);
    let endpoint = &answer["authorizationData"][0]["proxyEndpoint"];
    assert_eq!(endpoint, "https://000000000000.dkr.ecr.us-east-1.example.com");
    for (name, value) in [("WHARF_REGIONS", "eu-west-1"), ("WHARF_REGIONS", "Nowhere!"), ("WHARF_REGISTRY_HOST", "a/b")]
    {
        let finished = wharf.run_with(&["check"], &[(name, value)]);
        assert_eq!(finished.status.code(), Some(2), "{name}={value}: {}", finished.stderr);
        assert!(finished.stderr.contains(name), "{}", finished.stderr);
    }
}
