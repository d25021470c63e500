-- What a manifest calls the media type of a blob was asked of one of the manifests that refer to it. Postgres reads some hundred
-- references of a layer that many images share to give one. Of blobs that were pushed before it is asked as ever, until they are
-- part of another push.
alter table repository_blobs add column media_type text;
