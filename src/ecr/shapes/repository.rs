//! `Repository`, as all operations on repositories answer it.

use app::api::Call;
use app::repositories::RepositoryRow;
use aws::Epoch;
use serde::{Deserialize, Serialize};
use types::Arn;

use super::encryption::EncryptionConfiguration;
use super::tag_mutability::{self, ExclusionFilter};

/// `Repository`.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Repository {
    repository_arn: String,
    registry_id: String,
    repository_name: String,
    repository_uri: String,
    created_at: Epoch,
    image_tag_mutability: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    image_tag_mutability_exclusion_filters: Option<Vec<ExclusionFilter>>,
    image_scanning_configuration: ImageScanningConfiguration,
    encryption_configuration: EncryptionConfiguration,
}

/// `ImageScanningConfiguration`.
#[derive(Debug, Clone, Copy, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct ImageScanningConfiguration {
    #[serde(default)]
    pub(crate) scan_on_push: bool,
}

impl Repository {
    pub(crate) fn new(call: &Call, row: &RepositoryRow) -> Self {
        Self {
            repository_arn: Arn::repository(&row.registry, &row.name).to_string(),
            registry_id: row.registry.account.to_string(),
            repository_name: row.name.to_string(),
            repository_uri: format!("{}/{}", call.registry_host(&row.registry), row.name),
            created_at: Epoch(row.created_at),
            image_tag_mutability: row.tag_mutability.mode(),
            image_tag_mutability_exclusion_filters: tag_mutability::filters(&row.tag_mutability),
            image_scanning_configuration: ImageScanningConfiguration { scan_on_push: row.scan_on_push },
            encryption_configuration: EncryptionConfiguration::new(&row.registry, &row.encryption),
        }
    }
}
