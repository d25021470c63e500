-- What is in the registry: repositories, blobs, manifests, tags, and the uploads on their way in.

create table repositories (
    repository_id  sorted_text not null,
    account_id     sorted_text not null,
    region         sorted_text not null,
    name           sorted_text not null,
    tag_mutability text not null,      -- MUTABLE, IMMUTABLE, MUTABLE_WITH_EXCLUSION, IMMUTABLE_WITH_EXCLUSION
    tag_filters    text not null,      -- JSON list of wildcard filters
    created_at     bigint not null,
    constraint pk_repositories primary key (repository_id),
    constraint uq_repositories_name unique (account_id, region, name),
    constraint fk_repositories_account foreign key (account_id) references accounts (account_id)
);

create table repository_policies (
    repository_id  sorted_text not null,
    document       text not null,      -- as it was sent
    updated_at     bigint not null,
    constraint pk_repository_policies primary key (repository_id),
    constraint fk_repository_policies_repository foreign key (repository_id) references repositories (repository_id)
);

-- Bytes that are complete and durable in the store. Immutable but for their state.
create table blobs (
    digest      sorted_text not null,  -- algorithm and hex, as the pusher named it
    object_key  sorted_text not null,  -- opaque; never used twice
    size        bigint not null,       -- bytes
    state       text not null,         -- live, or missing once fsck found the object gone
    created_at  bigint not null,
    constraint pk_blobs primary key (digest),
    constraint uq_blobs_object_key unique (object_key),
    constraint ck_blobs_state check (state in ('live', 'missing'))
);

-- A blob is visible in the repositories that are listed here, and nowhere else.
create table repository_blobs (
    repository_id  sorted_text not null,
    digest         sorted_text not null,
    created_at     bigint not null,
    constraint pk_repository_blobs primary key (repository_id, digest),
    constraint fk_repository_blobs_repository foreign key (repository_id) references repositories (repository_id),
    constraint fk_repository_blobs_blob foreign key (digest) references blobs (digest)
);
create index ix_repository_blobs_digest on repository_blobs (digest);

create table manifests (
    repository_id  sorted_text not null,
    digest         sorted_text not null,  -- as the pusher named it
    media_type     text not null,
    artifact_type  sorted_text,           -- of the document, else the media type of its config; null for a plain index
    subject_digest sorted_text,           -- the subject may be absent
    annotations    text,                  -- JSON object of the document's annotations
    size           bigint not null,       -- bytes of the manifest
    pushed_at      bigint not null,
    bytes          blob not null,         -- exactly as received
    constraint pk_manifests primary key (repository_id, digest),
    constraint fk_manifests_repository foreign key (repository_id) references repositories (repository_id)
);
create index ix_manifests_subject on manifests (repository_id, subject_digest, digest) where subject_digest is not null;
create index ix_manifests_subject_type on manifests (repository_id, subject_digest, artifact_type, digest)
    where subject_digest is not null;

-- What a manifest refers to. References keep things alive.
create table edges (
    repository_id  sorted_text not null,
    parent_digest  sorted_text not null,
    kind           text not null,         -- config, layer, child or subject
    child_digest   sorted_text not null,
    constraint pk_edges primary key (repository_id, parent_digest, kind, child_digest),
    constraint ck_edges_kind check (kind in ('config', 'layer', 'child', 'subject')),
    constraint fk_edges_manifest foreign key (repository_id, parent_digest) references manifests (repository_id, digest)
);
create index ix_edges_child on edges (repository_id, child_digest, kind);

-- Tags and their history: a row with an end is what a tag once pointed to.
create table tags (
    tag_id          sorted_text not null,
    repository_id   sorted_text not null,
    name            sorted_text not null,
    manifest_digest sorted_text not null,
    created_at      bigint not null,
    ended_at        bigint,               -- null: the tag points here now
    constraint pk_tags primary key (tag_id),
    constraint fk_tags_repository foreign key (repository_id) references repositories (repository_id)
);
create unique index uq_tags_live on tags (repository_id, name) where ended_at is null;
create index ix_tags_manifest on tags (repository_id, manifest_digest) where ended_at is null;
create index ix_tags_ended on tags (repository_id, ended_at) where ended_at is not null;

-- Blob uploads, wholly in rows, so that any process continues what another began.
create table uploads (
    upload_id      sorted_text not null,
    repository_id  sorted_text not null,  -- not held: the repository of a blob that comes whole is created with it
    principal      text not null,         -- ARN of who began it; nobody else may go on with it
    staged         text not null,         -- JSON: offset, hash states and where the bytes are, less the parts below
    object_key     sorted_text not null,  -- where the bytes will be
    tail_key       sorted_text,           -- an object that holds bytes not yet part of the one above
    received       bigint not null,       -- bytes held
    state          text not null,         -- open, or done once its blob exists
    digest         sorted_text,           -- of the blob, once done: a repeated closing request is answered from it
    lease_owner    text,                  -- the request that writes at the moment
    lease_until    bigint not null,
    created_at     bigint not null,
    expires_at     bigint not null,
    constraint pk_uploads primary key (upload_id),
    constraint ck_uploads_state check (state in ('open', 'done'))
);
create index ix_uploads_expires on uploads (state, expires_at);
create index ix_uploads_repository on uploads (repository_id, state);
create index ix_uploads_object_key on uploads (object_key);
create index ix_uploads_tail_key on uploads (tail_key) where tail_key is not null;

-- Parts of a multipart upload that the store has accepted.
create table upload_parts (
    upload_id   sorted_text not null,
    number      bigint not null,       -- from 0, without gaps
    part        text not null,         -- JSON: what the store needs to name it
    constraint pk_upload_parts primary key (upload_id, number),
    constraint fk_upload_parts_upload foreign key (upload_id) references uploads (upload_id)
);

-- Objects that no row needs any more. They go after the time given; until then running downloads can end.
create table removals (
    object_key  sorted_text not null,
    not_before  bigint not null,
    constraint pk_removals primary key (object_key)
);
create index ix_removals_not_before on removals (not_before);
