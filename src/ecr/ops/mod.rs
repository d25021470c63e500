//! The operations. A new one gets its `mod` line and its entry here; how to write one stands in `aws`.

mod batch_check_layer_availability;
mod batch_delete_image;
mod batch_get_image;
mod complete_layer_upload;
mod create_repository;
mod delete_repository;
mod delete_repository_policy;
mod describe_images;
mod describe_repositories;
mod get_authorization_token;
mod get_download_url_for_layer;
mod get_repository_policy;
mod initiate_layer_upload;
mod list_image_referrers;
mod list_images;
mod list_tags_for_resource;
mod put_image;
mod put_image_scanning_configuration;
mod put_image_tag_mutability;
mod set_repository_policy;
mod tag_resource;
mod untag_resource;
mod upload_layer_part;

use app::api::Call;
use aws::Entry;

use self::batch_check_layer_availability::BatchCheckLayerAvailability;
use self::batch_delete_image::BatchDeleteImage;
use self::batch_get_image::BatchGetImage;
use self::complete_layer_upload::CompleteLayerUpload;
use self::create_repository::CreateRepository;
use self::delete_repository::DeleteRepository;
use self::delete_repository_policy::DeleteRepositoryPolicy;
use self::describe_images::DescribeImages;
use self::describe_repositories::DescribeRepositories;
use self::get_authorization_token::GetAuthorizationToken;
use self::get_download_url_for_layer::GetDownloadUrlForLayer;
use self::get_repository_policy::GetRepositoryPolicy;
use self::initiate_layer_upload::InitiateLayerUpload;
use self::list_image_referrers::ListImageReferrers;
use self::list_images::ListImages;
use self::list_tags_for_resource::ListTagsForResource;
use self::put_image::PutImage;
use self::put_image_scanning_configuration::PutImageScanningConfiguration;
use self::put_image_tag_mutability::PutImageTagMutability;
use self::set_repository_policy::SetRepositoryPolicy;
use self::tag_resource::TagResource;
use self::untag_resource::UntagResource;
use self::upload_layer_part::UploadLayerPart;

/// Every operation of the service. Dispatch, authorization, metrics and the tests of coverage derive from it.
pub(crate) const OPERATIONS: &[Entry<Call>] = &[
    Entry::of::<BatchCheckLayerAvailability>(),
    Entry::of::<BatchDeleteImage>(),
    Entry::of::<BatchGetImage>(),
    Entry::of::<CompleteLayerUpload>(),
    Entry::of::<CreateRepository>(),
    Entry::of::<DeleteRepository>(),
    Entry::of::<DeleteRepositoryPolicy>(),
    Entry::of::<DescribeImages>(),
    Entry::of::<DescribeRepositories>(),
    Entry::of::<GetAuthorizationToken>(),
    Entry::of::<GetDownloadUrlForLayer>(),
    Entry::of::<GetRepositoryPolicy>(),
    Entry::of::<InitiateLayerUpload>(),
    Entry::of::<ListImageReferrers>(),
    Entry::of::<ListImages>(),
    Entry::of::<ListTagsForResource>(),
    Entry::of::<PutImage>(),
    Entry::of::<PutImageScanningConfiguration>(),
    Entry::of::<PutImageTagMutability>(),
    Entry::of::<SetRepositoryPolicy>(),
    Entry::of::<TagResource>(),
    Entry::of::<UntagResource>(),
    Entry::of::<UploadLayerPart>(),
];

#[cfg(test)]
mod tests {
    use app::Action;

    use super::*;

    #[test]
    fn operations_are_unique_and_their_actions_exist() {
        for (index, entry) in OPERATIONS.iter().enumerate() {
            assert!(OPERATIONS[..index].iter().all(|earlier| earlier.name != entry.name), "{}", entry.name);
            assert!(Action::named(entry.action).is_some(), "{} has the action {}", entry.name, entry.action);
        }
    }
}
