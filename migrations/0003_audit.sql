-- What was done and refused, by whom: the audit log.

create table audit_events (
    event_id  sorted_text not null,  -- a UUID of version 7, which begins with its time: newer ones sort behind older ones
    event     text not null,         -- JSON with CloudTrail's field names; holds no secret
    constraint pk_audit_events primary key (event_id)
);
