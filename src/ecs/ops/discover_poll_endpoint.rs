//! `DiscoverPollEndpoint`: where an agent dials in. It is this server: the websockets are beside its API.
//! <https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_DiscoverPollEndpoint.html>

use acs::api::{DiscoverPollEndpointRequest, DiscoverPollEndpointResponse};
use app::Grant;
use app::api::Call;
use aws::{Need, Operation, Resource};

use crate::error::{Error, Result};

/// The operation.
pub(crate) struct DiscoverPollEndpoint;

impl Operation for DiscoverPollEndpoint {
    type Call = Call;
    const NAME: &'static str = "DiscoverPollEndpoint";
    const ACTION: &'static str = "ecs:DiscoverPollEndpoint";
    const AUDIT: aws::Audit = aws::Audit::Data;
    type Input = DiscoverPollEndpointRequest;
    type Output = DiscoverPollEndpointResponse;
    type Error = Error;

    fn needs(_: &Call, _: &Self::Input) -> Result<Vec<Need>> {
        Ok(vec![Need::new(Self::ACTION, Resource::Any)])
    }

    async fn run(call: &Call, grant: &Grant, _: Self::Input) -> Result<Self::Output> {
        grant.require(Self::ACTION)?;
        let url = call.url();
        Ok(DiscoverPollEndpointResponse {
            endpoint: format!("{url}/acs"),
            telemetry_endpoint: format!("{url}/tcs"),
            service_connect_endpoint: None,
        })
    }
}
