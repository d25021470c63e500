-- Online garbage collection: what may have become unneeded is put down in the transaction that did it, and looked at
-- again after a while. Nothing is ever searched for by reading everything.

-- Blobs of repositories to which perhaps no manifest refers.
create table blob_reviews (
    repository_id  sorted_text not null,
    digest         sorted_text not null,
    since          bigint not null,      -- when somebody last relied on it without referring to it
    constraint pk_blob_reviews primary key (repository_id, digest)
);
create index ix_blob_reviews_since on blob_reviews (since);
insert into blob_reviews (repository_id, digest, since)
select repository_id, digest, created_at
from repository_blobs;

-- Blobs that perhaps no repository has any more.
create table unlinked_blobs (
    digest         sorted_text not null,
    constraint pk_unlinked_blobs primary key (digest)
);
insert into unlinked_blobs (digest)
select digest
from blobs
where not exists (select 1 from repository_blobs link where link.digest = blobs.digest);

-- Manifests that were deleted and can be restored for a while.
create table deleted_manifests (
    repository_id  sorted_text not null,
    digest         sorted_text not null,
    media_type     text not null,
    bytes          blob not null,
    pushed_at      bigint not null,
    deleted_at     bigint not null,
    constraint pk_deleted_manifests primary key (repository_id, digest)
);
create index ix_deleted_manifests_deleted_at on deleted_manifests (deleted_at);

-- Blobs to which they refer, which are kept for them.
create table deleted_references (
    repository_id  sorted_text not null,
    child_digest   sorted_text not null,
    parent_digest  sorted_text not null,
    constraint pk_deleted_references primary key (repository_id, child_digest, parent_digest)
);
create index ix_deleted_references_parent on deleted_references (repository_id, parent_digest);

-- The history of tags is kept as long.
create index ix_tags_ended_at on tags (ended_at) where ended_at is not null;
