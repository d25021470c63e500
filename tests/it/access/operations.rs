//! Every method of every route of the registry, with the actions that it needs: the table that the matrix and the coverage test
//! walk. What a request does beyond that is tested elsewhere.

use http::Method;

/// One kind of request.
#[derive(Debug)]
pub struct Operation {
    /// Says which of several requests of one method and route it is.
    pub kind: Kind,
    /// The route as the server's metrics call it.
    pub route: &'static str,
    /// The method.
    pub method: Method,
    /// The actions that it needs, in the order in which they are asked for.
    pub actions: &'static [&'static str],
    /// The status when it is allowed and everything is there.
    pub success: u16,
}

/// What a request is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// The ping.
    Base,
    /// The list of repositories.
    Catalog,
    /// A manifest by its tag.
    Tag,
    /// A manifest by its digest.
    Digest,
    /// Pushing a manifest under a tag.
    PutTag,
    /// Pushing a manifest under its digest.
    PutDigest,
    /// Deleting a tag.
    DeleteTag,
    /// Deleting a manifest.
    DeleteDigest,
    /// A blob.
    Blob,
    /// Deleting a blob.
    DeleteBlob,
    /// Beginning an upload session.
    Begin,
    /// Pushing a blob in one request.
    PushWhole,
    /// Mounting a blob of another repository.
    Mount,
    /// Where a session stands.
    Session,
    /// Sending bytes to a session.
    Append,
    /// Closing a session.
    Close,
    /// Giving a session up.
    Cancel,
    /// The list of tags.
    TagList,
    /// The list of referrers.
    Referrers,
}

impl Kind {
    /// Whether the request creates a repository that is absent.
    pub fn creates(self) -> bool {
        matches!(self, Self::PutTag | Self::PutDigest | Self::Begin | Self::PushWhole | Self::Mount)
    }

    /// Whether the request goes on with an upload session.
    pub fn continues(self) -> bool {
        matches!(self, Self::Session | Self::Append | Self::Close | Self::Cancel)
    }

    /// Whether the request can be sent again with the same outcome.
    pub fn repeatable(self) -> bool {
        !matches!(
            self,
            Self::DeleteTag | Self::DeleteDigest | Self::DeleteBlob | Self::Append | Self::Close | Self::Cancel
        )
    }
}

const BASE: &str = "/v2/";
const CATALOG: &str = "/v2/_catalog";
const MANIFEST: &str = "/v2/{name}/manifests/{reference}";
const BLOB: &str = "/v2/{name}/blobs/{digest}";
const UPLOADS: &str = "/v2/{name}/blobs/uploads/";
const UPLOAD: &str = "/v2/{name}/blobs/uploads/{id}";
const TAGS: &str = "/v2/{name}/tags/list";
const REFERRERS: &str = "/v2/{name}/referrers/{digest}";

const READ_IMAGE: &[&str] = &["ecr:BatchGetImage"];
const DELETE: &[&str] = &["ecr:BatchDeleteImage"];
const SEND: &[&str] = &["ecr:UploadLayerPart"];
const LIST: &[&str] = &["ecr:ListImages"];

const fn operation(
    kind: Kind,
    route: &'static str,
    method: Method,
    actions: &'static [&'static str],
    success: u16,
) -> Operation {
    Operation { kind, route, method, actions, success }
}

/// The table.
pub const OPERATIONS: &[Operation] = &[
    operation(Kind::Base, BASE, Method::GET, &[], 200),
    operation(Kind::Base, BASE, Method::HEAD, &[], 200),
    operation(Kind::Catalog, CATALOG, Method::GET, &[], 200),
    operation(Kind::Catalog, CATALOG, Method::HEAD, &[], 200),
    operation(Kind::Tag, MANIFEST, Method::GET, READ_IMAGE, 200),
    operation(Kind::Tag, MANIFEST, Method::HEAD, READ_IMAGE, 200),
    operation(Kind::Digest, MANIFEST, Method::GET, READ_IMAGE, 200),
    operation(Kind::Digest, MANIFEST, Method::HEAD, READ_IMAGE, 200),
    operation(Kind::PutTag, MANIFEST, Method::PUT, &["ecr:PutImage"], 201),
    operation(Kind::PutDigest, MANIFEST, Method::PUT, &["ecr:PutImage"], 201),
    operation(Kind::DeleteTag, MANIFEST, Method::DELETE, DELETE, 202),
    operation(Kind::DeleteDigest, MANIFEST, Method::DELETE, DELETE, 202),
    operation(Kind::Blob, BLOB, Method::GET, &["ecr:GetDownloadUrlForLayer"], 200),
    operation(Kind::Blob, BLOB, Method::HEAD, &["ecr:BatchCheckLayerAvailability"], 200),
    operation(Kind::DeleteBlob, BLOB, Method::DELETE, DELETE, 202),
    operation(Kind::Begin, UPLOADS, Method::POST, &["ecr:InitiateLayerUpload"], 202),
    operation(
        Kind::PushWhole,
        UPLOADS,
        Method::POST,
        &["ecr:InitiateLayerUpload", "ecr:UploadLayerPart", "ecr:CompleteLayerUpload"],
        201,
    ),
    // 201 for whoever may read the blob where it is.
    operation(Kind::Mount, UPLOADS, Method::POST, &["ecr:InitiateLayerUpload"], 202),
    operation(Kind::Session, UPLOAD, Method::GET, SEND, 204),
    operation(Kind::Session, UPLOAD, Method::HEAD, SEND, 204),
    operation(Kind::Append, UPLOAD, Method::PATCH, SEND, 202),
    operation(Kind::Close, UPLOAD, Method::PUT, &["ecr:CompleteLayerUpload", "ecr:UploadLayerPart"], 201),
    operation(Kind::Cancel, UPLOAD, Method::DELETE, SEND, 204),
    operation(Kind::TagList, TAGS, Method::GET, LIST, 200),
    operation(Kind::TagList, TAGS, Method::HEAD, LIST, 200),
    operation(Kind::Referrers, REFERRERS, Method::GET, READ_IMAGE, 200),
    operation(Kind::Referrers, REFERRERS, Method::HEAD, READ_IMAGE, 200),
];
