-- The pull-through cache: what is known of the tags that came from another registry, and what opens those registries.

create table cached_tags (
    repository_id  sorted_text not null,
    name           sorted_text not null,
    digest         sorted_text not null,  -- where the other registry says that it points; a tag here that is elsewhere was moved here
    checked_at     bigint not null,       -- when it said so last
    constraint pk_cached_tags primary key (repository_id, name),
    constraint fk_cached_tags_repository foreign key (repository_id) references repositories (repository_id)
);

create table upstream_credentials (
    credential_arn  sorted_text not null,  -- as cache rules name it
    upstream_host   text not null,         -- the only host that is shown it
    username        text not null,
    sealed_password blob not null,
    updated_at      bigint not null,
    constraint pk_upstream_credentials primary key (credential_arn)
);
