-- With all columns, so that SQLite does not take the other index, which has them, and read there all of a repository.
drop index ix_deleted_references_parent;
create index ix_deleted_references_parent on deleted_references (repository_id, parent_digest, child_digest);
