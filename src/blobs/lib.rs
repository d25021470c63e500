//! The bytes of blobs, on local disk or S3. The only crate that knows object_store.
