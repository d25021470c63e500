-- The archive, who uses an image, the delay of garbage collection by registry, and how much is held.

alter table manifests add column storage_class text not null default 'STANDARD';  -- STANDARD, or ARCHIVE: not given out
alter table manifests add column archived_at bigint;                              -- the last time
alter table manifests add column activated_at bigint;                             -- restored from the archive, the last time
create index ix_manifests_archived on manifests (repository_id, digest) where storage_class = 'ARCHIVE';

-- Whether the manifest that refers is archived: what only archived images have is found by an index, however many those are.
alter table edges add column archived bigint not null default 0;
drop index ix_edges_child;
create index ix_edges_child on edges (repository_id, child_digest, kind, archived);

drop index ix_repository_blobs_digest;
create index ix_repository_blobs_digest on repository_blobs (digest, repository_id);

alter table deleted_manifests add column storage_class text not null default 'STANDARD';
alter table deleted_manifests add column archived_at bigint;
alter table deleted_manifests add column activated_at bigint;

-- Who runs an image at the moment. Lifecycle policies leave it alone for as long.
create table image_uses (
    repository_id  sorted_text not null,
    digest         sorted_text not null,   -- as it was pulled: of an index, or of an image
    user_kind      sorted_text not null,   -- what uses it: task
    user_id        sorted_text not null,   -- which one: its ARN
    since          bigint not null,
    constraint pk_image_uses primary key (repository_id, digest, user_kind, user_id)
);
create index ix_image_uses_user on image_uses (user_kind, user_id);

-- Each registry has a queue of its own, since each may have a delay of its own.
alter table blob_reviews add column registry sorted_text not null default '';  -- account/region of the repository
update blob_reviews
set registry = coalesce((
    select repository.account_id || '/' || repository.region
    from repositories repository
    where repository.repository_id = blob_reviews.repository_id
), '');
drop index ix_blob_reviews_since;
create index ix_blob_reviews_since on blob_reviews (registry, since);

-- How much is held, as of the last time that it was measured; in bytes where nothing else is said.
create table repository_usage (
    repository_id       sorted_text not null,
    images              bigint not null,      -- manifests
    logical_bytes       bigint not null,      -- every image by itself
    deduplicated_bytes  bigint not null,      -- every blob once, and all manifests
    own_bytes           bigint not null,      -- blobs that no other repository has, and all manifests
    measured_at         bigint not null,
    constraint pk_repository_usage primary key (repository_id)
);
create table registry_usage (
    account_id          sorted_text not null,
    region              sorted_text not null,
    images              bigint not null,
    logical_bytes       bigint not null,
    deduplicated_bytes  bigint not null,
    own_bytes           bigint not null,      -- blobs that no other registry has, and all manifests
    measured_at         bigint not null,
    constraint pk_registry_usage primary key (account_id, region)
);
create index ix_registry_usage_deduplicated on registry_usage (deduplicated_bytes);
create table store_usage (
    store_id            sorted_text not null, -- 'store': there is one
    blobs               bigint not null,      -- that have rows
    blob_bytes          bigint not null,
    objects             bigint not null,      -- that the store lists
    object_bytes        bigint not null,
    measured_at         bigint not null,
    constraint pk_store_usage primary key (store_id)
);
