-- What the API of ECR adds to repositories, images and layer uploads.

alter table repositories add column encryption_type text not null default 'AES256';  -- AES256, KMS or KMS_DSSE
alter table repositories add column kms_key text;                              -- of the KMS types; shown, not used
alter table repositories add column scan_on_push bigint not null default 0;    -- 1: yes
-- Since when the repository is gone. Its rows follow in batches; until they are gone it stands under the region '',
-- which no registry has, and its id as its name, so that nothing finds it and its own name is free.
alter table repositories add column deleted_at bigint;
create index ix_repositories_deleted on repositories (deleted_at) where deleted_at is not null;

-- Tags of repositories as AWS resources; the tags of images are in `tags`.
create table resource_tags (
    repository_id  sorted_text not null,
    tag_key        sorted_text not null,
    tag_value      text not null,
    constraint pk_resource_tags primary key (repository_id, tag_key),
    constraint fk_resource_tags_repository foreign key (repository_id) references repositories (repository_id)
);

alter table manifests add column image_size bigint not null default 0;  -- bytes of config and layers; of an index: of its largest
alter table manifests add column pulled_at bigint;                      -- the last pull that was recorded
create index ix_manifests_pushed on manifests (repository_id, pushed_at, digest);

update manifests
set image_size = coalesce((
    select sum(blob.size)
    from edges edge
    join blobs blob on blob.digest = edge.child_digest
    where edge.repository_id = manifests.repository_id
      and edge.parent_digest = manifests.digest
      and edge.kind in ('config', 'layer')
), 0);
update manifests
set image_size = (
    select max(child.image_size)
    from edges edge
    join manifests child on child.repository_id = edge.repository_id and child.digest = edge.child_digest
    where edge.repository_id = manifests.repository_id
      and edge.parent_digest = manifests.digest
      and edge.kind = 'child'
)
where exists (
    select 1
    from edges edge
    join manifests child on child.repository_id = edge.repository_id and child.digest = edge.child_digest
    where edge.repository_id = manifests.repository_id
      and edge.parent_digest = manifests.digest
      and edge.kind = 'child'
);

-- Parts that came through UploadLayerPart; chunks of the registry protocol are not counted.
alter table uploads add column layer_parts bigint not null default 0;        -- how many
alter table uploads add column short_layer_parts bigint not null default 0;  -- how many before the last are too small
alter table uploads add column last_part_short bigint not null default 0;    -- 1: the last one is too small to be followed

-- Of all tags and no longer of those of the past alone: the foreign key to `repositories` is checked when one is removed.
drop index ix_tags_ended;
create index ix_tags_ended on tags (repository_id, ended_at);
