-- Background work: one row for each thing to do, or to do again and again.

create table jobs (
    job_id       sorted_text not null,
    kind         sorted_text not null,   -- what is done
    subject      sorted_text not null,   -- to what: the id of a repository, or empty where there is only one
    due_at       bigint not null,        -- not before
    attempts     bigint not null,        -- that failed, since the last that did not
    lease_owner  text,                   -- the worker that is at it
    lease_until  bigint not null,        -- until then the job is that worker's
    last_error   text,                   -- why the last attempt failed; null once one did not
    last_run_at  bigint,                 -- when the last attempt ended
    created_at   bigint not null,
    constraint pk_jobs primary key (job_id),
    constraint uq_jobs_subject unique (kind, subject)
);
create index ix_jobs_due on jobs (kind, due_at);
create index ix_jobs_failing on jobs (kind) where attempts > 0;

insert into jobs (job_id, kind, subject, due_at, attempts, lease_until, created_at)
select 'lifecycle ' || repository_id, 'lifecycle', repository_id, 0, 0, 0, 0
from lifecycle_policies;

-- The table leases, by which processes shared background work before, is no longer read. It goes in a later release.
