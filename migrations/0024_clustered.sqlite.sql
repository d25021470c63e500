-- Rows of small tables that are found by their key alone live in the key's own tree: one tree less to change for each blob
-- that comes or goes. Postgres knows no such tables, and has no use for them.

create table new_blob_reviews (
    repository_id  sorted_text not null,
    digest         sorted_text not null,
    registry       sorted_text not null default '',
    since          bigint not null,
    constraint pk_blob_reviews primary key (repository_id, digest)
) without rowid;
insert into new_blob_reviews (repository_id, digest, registry, since)
select repository_id, digest, registry, since
from blob_reviews
order by repository_id, digest;
drop table blob_reviews;
alter table new_blob_reviews rename to blob_reviews;
create index ix_blob_reviews_since on blob_reviews (registry, since);

create table new_unlinked_blobs (
    digest         sorted_text not null,
    constraint pk_unlinked_blobs primary key (digest)
) without rowid;
insert into new_unlinked_blobs (digest)
select digest
from unlinked_blobs
order by digest;
drop table unlinked_blobs;
alter table new_unlinked_blobs rename to unlinked_blobs;

create table new_removals (
    object_key  sorted_text not null,
    not_before  bigint not null,
    constraint pk_removals primary key (object_key)
) without rowid;
insert into new_removals (object_key, not_before)
select object_key, not_before
from removals
order by object_key;
drop table removals;
alter table new_removals rename to removals;
create index ix_removals_not_before on removals (not_before);

create table new_blobs (
    digest      sorted_text not null,
    object_key  sorted_text not null,
    size        bigint not null,
    state       text not null,
    created_at  bigint not null,
    constraint pk_blobs primary key (digest),
    constraint uq_blobs_object_key unique (object_key),
    constraint ck_blobs_state check (state in ('live', 'missing'))
) without rowid;
insert into new_blobs (digest, object_key, size, state, created_at)
select digest, object_key, size, state, created_at
from blobs
order by digest;

create table new_repository_blobs (
    repository_id  sorted_text not null,
    digest         sorted_text not null,
    created_at     bigint not null,
    constraint pk_repository_blobs primary key (repository_id, digest),
    constraint fk_repository_blobs_repository foreign key (repository_id) references repositories (repository_id),
    constraint fk_repository_blobs_blob foreign key (digest) references new_blobs (digest)
) without rowid;
insert into new_repository_blobs (repository_id, digest, created_at)
select repository_id, digest, created_at
from repository_blobs
order by repository_id, digest;

drop table repository_blobs;
drop table blobs;
-- The reference of the one to the other follows.
alter table new_blobs rename to blobs;
alter table new_repository_blobs rename to repository_blobs;
create index ix_repository_blobs_digest on repository_blobs (digest, repository_id);
