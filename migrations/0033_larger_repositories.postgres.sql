-- Where a registry has few repositories of some thousand images, an index that begins with the repository and has the digest two
-- columns on looks as good as the key while twenty rows of each repository are supposed, and then all of the repository is passed over.
alter table manifests alter column repository_id set (n_distinct = -0.001);
alter table tags alter column repository_id set (n_distinct = -0.001);
alter table edges alter column repository_id set (n_distinct = -0.001);
alter table repository_blobs alter column repository_id set (n_distinct = -0.001);

-- It takes notice of that when it next looks at the tables.
do $$
begin
    if exists (select 1 from repositories) then
        analyze manifests, tags, edges, repository_blobs;
    end if;
end
$$;
