//! The rules of the registry: authentication, authorization, repositories, uploads, images, tags, referrers.
