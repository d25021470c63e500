//! What clients do in one repository: push and pull blobs, manifests and whole images. Steps that must succeed are checked on
//! the way; calls whose answer is the point of a test are given back unchecked.

use serde_json::Value;

use super::answer::Answer;
use super::client::{Auth, Call, Client, encode};
use super::content::{self, Image, OCI_INDEX, OCI_MANIFEST};
use super::upload::Upload;

/// A repository as one client sees it.
#[derive(Clone, Debug)]
pub struct Repository {
    client: Client,
    name: String,
}

impl Repository {
    /// The repository `name` through `client`.
    pub fn new(client: Client, name: &str) -> Self {
        Self { client, name: name.to_owned() }
    }

    /// The client.
    pub fn client(&self) -> &Client {
        &self.client
    }

    /// The name.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The same repository with other credentials.
    #[must_use]
    pub fn as_(&self, auth: Auth) -> Self {
        Self { client: self.client.as_(auth), name: self.name.clone() }
    }

    /// The same repository through another client, on another server for example.
    #[must_use]
    pub fn through(&self, client: &Client) -> Self {
        Self { client: client.clone(), name: self.name.clone() }
    }

    /// A path below the repository.
    pub fn path(&self, tail: &str) -> String {
        format!("/v2/{}/{tail}", self.name)
    }

    /// The path of a blob.
    pub fn blob_path(&self, digest: &str) -> String {
        self.path(&format!("blobs/{digest}"))
    }

    /// The path of a manifest.
    pub fn manifest_path(&self, reference: &str) -> String {
        self.path(&format!("manifests/{reference}"))
    }

    /// GET of a blob.
    pub async fn blob(&self, digest: &str) -> Answer {
        self.client.get(&self.blob_path(digest)).send().await
    }

    /// HEAD of a blob.
    pub async fn head_blob(&self, digest: &str) -> Answer {
        self.client.head(&self.blob_path(digest)).send().await
    }

    /// DELETE of a blob.
    pub async fn delete_blob(&self, digest: &str) -> Answer {
        self.client.delete(&self.blob_path(digest)).send().await
    }

    /// GET of a manifest.
    pub async fn manifest(&self, reference: &str) -> Answer {
        self.client.get(&self.manifest_path(reference)).send().await
    }

    /// HEAD of a manifest.
    pub async fn head_manifest(&self, reference: &str) -> Answer {
        self.client.head(&self.manifest_path(reference)).send().await
    }

    /// DELETE of a tag or a manifest.
    pub async fn delete_manifest(&self, reference: &str) -> Answer {
        self.client.delete(&self.manifest_path(reference)).send().await
    }

    /// PUT of a manifest.
    pub async fn put_manifest(&self, reference: &str, media_type: &str, bytes: &[u8]) -> Answer {
        self.put_manifest_call(reference, media_type, bytes).send().await
    }

    /// PUT of a manifest, to be added to before it is sent.
    pub fn put_manifest_call(&self, reference: &str, media_type: &str, bytes: &[u8]) -> Call {
        self.client.put(&self.manifest_path(reference)).header("content-type", media_type).body(bytes.to_vec())
    }

    /// GET of the list of tags, with a query that begins with `?` or is empty.
    pub async fn tags(&self, query: &str) -> Answer {
        self.client.get(&self.path(&format!("tags/list{query}"))).send().await
    }

    /// GET of the referrers of a digest, with a query that begins with `?` or is empty.
    pub async fn referrers(&self, digest: &str, query: &str) -> Answer {
        self.client.get(&self.path(&format!("referrers/{digest}{query}"))).send().await
    }

    /// Begins an upload session; it must be 202.
    pub async fn begin(&self) -> Upload {
        let answer = self.client.post(&self.path("blobs/uploads/")).send().await.expect(202);
        Upload::new(self.client.clone(), &answer)
    }

    /// POST with mount parameters; an empty `from` is left out.
    pub async fn mount(&self, digest: &str, from: &str) -> Answer {
        let from = if from.is_empty() { String::new() } else { format!("&from={}", encode(from)) };
        let target = self.path(&format!("blobs/uploads/?mount={}{from}", encode(digest)));
        self.client.post(&target).send().await
    }

    /// Pushes a blob as most clients do, POST and PUT, and gives its digest.
    pub async fn push_blob(&self, bytes: &[u8]) -> String {
        let digest = content::digest(bytes);
        self.push_blob_as(bytes, &digest).await;
        digest
    }

    /// Pushes a blob under a digest of the caller's choice.
    pub async fn push_blob_as(&self, bytes: &[u8], digest: &str) {
        let upload = self.begin().await;
        upload.close_with(digest, bytes.to_vec()).await.expect(201).expect_header("docker-content-digest", digest);
    }

    /// Pushes a manifest that must be accepted, and gives its sha256 digest.
    pub async fn push_manifest(&self, reference: &str, document: &Value) -> String {
        let bytes = content::to_bytes(document);
        let media_type = document["mediaType"].as_str().unwrap_or(OCI_MANIFEST);
        self.put_manifest(reference, media_type, &bytes).await.expect(201);
        content::digest(&bytes)
    }

    /// Pushes all of an image under a tag.
    pub async fn push_image(&self, reference: &str, image: &Image) {
        for (digest, blob) in &image.blobs {
            self.push_blob_as(blob, digest).await;
        }
        self.put_manifest(reference, &image.media_type, &image.manifest)
            .await
            .expect(201)
            .expect_header("docker-content-digest", &image.digest);
    }

    /// Pushes a new small image under a tag.
    pub async fn push_small(&self, reference: &str) -> Image {
        let image = Image::small();
        self.push_image(reference, &image).await;
        image
    }

    /// Pushes a referrer of a subject: an artifact of this type.
    pub async fn push_referrer(&self, subject: &Image, artifact_type: &str) -> Image {
        self.push_blob(b"{}").await;
        let mut document = content::artifact(artifact_type);
        document["subject"] = subject.descriptor();
        let manifest = content::to_bytes(&document);
        let digest = content::digest(&manifest);
        self.put_manifest(&digest, OCI_MANIFEST, &manifest)
            .await
            .expect(201)
            .expect_header("oci-subject", &subject.digest);
        Image { digest, media_type: OCI_MANIFEST.to_owned(), manifest, blobs: Vec::new() }
    }

    /// Pushes an index over images that are there.
    pub async fn push_index(&self, reference: &str, children: &[&Image]) -> Image {
        let document = content::index(children.iter().map(|child| child.descriptor()).collect());
        let manifest = content::to_bytes(&document);
        let digest = content::digest(&manifest);
        self.put_manifest(reference, OCI_INDEX, &manifest).await.expect(201);
        Image { digest, media_type: OCI_INDEX.to_owned(), manifest, blobs: Vec::new() }
    }

    /// Demands that every byte of an image can be pulled, by tag when one is given and by digest.
    pub async fn expect_image(&self, tag: Option<&str>, image: &Image) {
        for reference in tag.into_iter().chain([image.digest.as_str()]) {
            self.manifest(reference)
                .await
                .expect(200)
                .expect_header("content-type", &image.media_type)
                .expect_header("docker-content-digest", &image.digest)
                .expect_body(&image.manifest);
        }
        for (digest, blob) in &image.blobs {
            self.blob(digest).await.expect(200).expect_body(blob);
        }
    }

    /// Follows the links of a list from `target` to its end, and gives every page.
    pub async fn pages(&self, target: &str) -> Vec<Answer> {
        let mut pages = vec![self.client.get(target).send().await.expect(200)];
        while let Some(next) = pages.last().and_then(Answer::next) {
            assert!(pages.len() < 1000, "the pages of {target} do not end");
            pages.push(self.client.get(&next).send().await.expect(200));
        }
        pages
    }
}
