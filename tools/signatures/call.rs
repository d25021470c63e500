//! What aws-sdk-rust signs.

use std::env::var;

use aws_sdk_ecr::config::{BehaviorVersion, Credentials, Region, retry::RetryConfig};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let credentials =
        Credentials::new(var("AWS_ACCESS_KEY_ID")?, var("AWS_SECRET_ACCESS_KEY")?, None, None, "environment");
    let (region, endpoint) = (Region::new(var("AWS_REGION")?), var("AWS_ENDPOINT_URL")?);
    let ecr = aws_sdk_ecr::Config::builder()
        .behavior_version(BehaviorVersion::latest())
        .credentials_provider(credentials.clone())
        .region(region.clone())
        .endpoint_url(&endpoint)
        .retry_config(RetryConfig::disabled())
        .build();
    let ecr = aws_sdk_ecr::Client::from_conf(ecr);
    ecr.get_authorization_token().send().await?;
    #[allow(deprecated)] // It is what other SDKs are recorded with.
    ecr.get_authorization_token().registry_ids("000000000000").registry_ids("111122223333").send().await?;
    let sts = aws_sdk_sts::Config::builder()
        .behavior_version(BehaviorVersion::latest())
        .credentials_provider(credentials)
        .region(region)
        .endpoint_url(&endpoint)
        .retry_config(RetryConfig::disabled())
        .build();
    aws_sdk_sts::Client::from_conf(sts).get_caller_identity().send().await?;
    Ok(())
}
