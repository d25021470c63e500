-- Scanning: advisories, what layers hold, and what was found in images.

-- What is known of a vulnerability.
create table advisories (
    advisory_id    sorted_text not null,
    document       text not null,        -- names, description, address, rating
    constraint pk_advisories primary key (advisory_id)
);

-- Of which packages it says what.
create table advisory_packages (
    ecosystem      sorted_text not null, -- as OSV writes it, with its release: Debian:12
    package        sorted_text not null,
    advisory_id    sorted_text not null,
    document       text not null,        -- ranges and lists of versions
    constraint pk_advisory_packages primary key (ecosystem, package, advisory_id)
);
create index ix_advisory_packages_advisory on advisory_packages (advisory_id);

-- The ecosystems of which there are advisories at all: without them an image is not said to be without findings.
create table advisory_ecosystems (
    ecosystem      sorted_text not null,
    imported_at    bigint not null,
    constraint pk_advisory_ecosystems primary key (ecosystem)
);

-- What layers hold, whichever images they are of: a shared base is read once.
create table layer_contents (
    digest         sorted_text not null,
    reader_version bigint not null,      -- of the program that read it; what is older is read again
    document       text not null,
    constraint pk_layer_contents primary key (digest)
);

-- The last scan of each image. Rows of images that are gone are swept.
create table image_scans (
    repository_id  sorted_text not null,
    digest         sorted_text not null,
    run_id         sorted_text not null, -- names the findings that count
    status         text not null,        -- IN_PROGRESS, COMPLETE or FAILED
    description    text not null,
    packages       text,                 -- what the image holds, once it is known
    counts         text not null,        -- findings by severity
    requested_at   bigint not null,
    completed_at   bigint,
    source_updated_at bigint,            -- when the advisories that it was matched with were last imported
    matched_version bigint,              -- the count of imports that it was matched after; none: there is nothing to match
    constraint pk_image_scans primary key (repository_id, digest)
);
create index ix_image_scans_matched on image_scans (matched_version, repository_id, digest);

-- What was found, the worst first.
create table image_scan_findings (
    run_id         sorted_text not null,
    position       bigint not null,
    severity       bigint not null,      -- from 0, UNDEFINED, to 5, CRITICAL
    document       text not null,
    constraint pk_image_scan_findings primary key (run_id, position)
);

-- Repositories whose images are not given out while they have findings.
create table pull_gates (
    repository_id  sorted_text not null,
    document       text not null,        -- the severity, and what is allowed until when
    updated_at     bigint not null,
    constraint pk_pull_gates primary key (repository_id)
);
