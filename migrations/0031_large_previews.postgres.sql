-- A preview of a lifecycle policy has as many results as its repository has images, and their pages are to come from their index,
-- in order. Where most repositories have an image or two, Postgres would rather sort each page of a large one from all that it
-- has (see 0029). The condition on tags has it think that almost none are left, so here it is to suppose more than twenty.
alter table lifecycle_preview_results alter column run_id set (n_distinct = -0.001);

do $$
begin
    if exists (select 1 from lifecycle_preview_results) then
        analyze lifecycle_preview_results;
    end if;
end
$$;
