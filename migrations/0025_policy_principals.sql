-- Whom policies name: a policy goes on to mean the user or role that it was written for, and nobody else who gets the name
-- later. Found by the principal when that one is renamed or deleted, by the policy when that one is replaced.
create table policy_principals (
    principal_id  sorted_text not null,   -- of a user or role
    owner_kind    text not null,          -- what the policy belongs to
    owner_id      sorted_text not null,   -- id of a repository or role; account and region of a registry
    constraint pk_policy_principals primary key (principal_id, owner_kind, owner_id),
    constraint ck_policy_principals_owner_kind check (owner_kind in ('repository', 'registry', 'role'))
);
create index ix_policy_principals_owner on policy_principals (owner_kind, owner_id);
