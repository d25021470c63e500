-- Scans by a scanner beside the registry: what was asked of it, until its results are there.

create table scan_requests (
    repository_id  sorted_text not null,
    digest         sorted_text not null,
    request_id     sorted_text not null, -- under which results come back
    requested_at   bigint not null,      -- of the scan that it is for
    expires_at     bigint not null,      -- results that come later are refused
    state          text not null,        -- JSON of the scanner's protocol
    ended_by       text,                 -- the message that brought the results; none until then
    constraint pk_scan_requests primary key (repository_id, digest),
    constraint uq_scan_requests_request unique (request_id)
);

-- How many scans were asked for lately.
create index ix_image_scans_requested on image_scans (requested_at);
