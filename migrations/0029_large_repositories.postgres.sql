-- Whoever asks with a list asks for a few rows, each of which an index gives. Written so, Postgres takes the list apart within the
-- plan of the statement, instead of calling a function that has a plan of its own. The condition holds for every text: it is there
-- because Postgres then supposes three texts, and else ten, for which it would rather read a small table than look ten rows up.
create or replace function json_each(list text) returns table (value text)
language sql immutable
as $$ select item from unnest(array(select jsonb_array_elements_text(list::jsonb))) item where item >= '' $$;

-- A statement is planned once for all repositories, as for one of average size. Where most have an image or two, an index that begins
-- with the repository then looks as good as the one that fits, and of a large repository all would be read. So Postgres is to suppose
-- twenty rows in each.
alter table manifests alter column repository_id set (n_distinct = -0.05);
alter table tags alter column repository_id set (n_distinct = -0.05);
alter table edges alter column repository_id set (n_distinct = -0.05);
alter table repository_blobs alter column repository_id set (n_distinct = -0.05);

-- It takes notice of that when it next looks at the tables.
do $$
begin
    if exists (select 1 from repositories) then
        analyze manifests, tags, edges, repository_blobs;
    end if;
end
$$;
