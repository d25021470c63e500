-- Few manifests are archived, and most registries have none. Whether any that refers to a layer is, was looked for among all that
-- refer to it.
create index ix_edges_archived on edges (repository_id, child_digest, kind) where archived = 1;
