//! The part of the plans about scans and advisories: rows, and what requests and background work ask for.

use types::Timestamp;

use super::super::harness::{NOW, registry};
use super::{ID, digest};
use crate::advisory_packages::AdvisoryPackageRow;
use crate::{
    Conn, Result, advisories, advisory_packages, image_scan_findings, image_scans, layer_contents, scan_requests,
};

pub(super) const ROWS: &str = "
    insert into advisories (advisory_id, document)
        with recursive n (i) as (select 100001 union all select i + 1 from n where i < 160000)
        select 'CVE-' || cast(i as text), '{}' from n;
    insert into advisory_packages (ecosystem, package, advisory_id, document)
        with recursive n (i) as (select 100001 union all select i + 1 from n where i < 160000)
        select 'Debian:' || cast(i % 7 as text), 'p' || cast(i % 10000 as text), 'CVE-' || cast(i as text), '[]' from n;
    insert into layer_contents (digest, reader_version, document)
        with recursive n (i) as (select 100001 union all select i + 1 from n where i < 160000)
        select 'sha256:0000000000000000000000000000000000000000000000000000000000' || cast(i as text), 1, '{}' from n;
    insert into image_scans (repository_id, digest, run_id, status, description, counts, requested_at, matched_version)
        with recursive n (i) as (select 100001 union all select i + 1 from n where i < 160000)
        select 'r' || cast(100001 + case when i % 2 = 0 then i % 20 else i % 9000 end as text),
            'sha256:0000000000000000000000000000000000000000000000000000000000' || cast(i as text),
            'run' || cast(i as text), 'COMPLETE', '', '{}', i, i from n;
    insert into scan_requests (repository_id, digest, request_id, requested_at, expires_at, state)
        with recursive n (i) as (select 100001 union all select i + 1 from n where i < 160000)
        select 'r' || cast(100001 + case when i % 2 = 0 then i % 20 else i % 9000 end as text),
            'sha256:0000000000000000000000000000000000000000000000000000000000' || cast(i as text),
            'request' || cast(i as text), 0, 0, '{}' from n;
    insert into image_scan_findings (run_id, position, severity, document)
        with recursive n (i) as (select 100001 union all select i + 1 from n where i < 160000)
        select 'run' || cast(100001 + case when i % 2 = 0 then i % 20 else i % 9000 end as text), i, 3, '{}' from n;
";

pub(super) async fn ask(conn: &mut Conn) -> Result<()> {
    let registry = registry();
    let id = ID;
    let (first, second) = (digest(100_020), digest(100_040));
    let said = AdvisoryPackageRow {
        package: "p5000".to_owned(),
        advisory_id: "CVE-105000".to_owned(),
        document: "[]".to_owned(),
    };
    advisories::upsert(conn, "CVE-105000", "{}").await?;
    advisories::find_all(conn, &["CVE-105000", "CVE-105001"]).await?;
    advisories::delete(conn, "CVE-105001").await?;
    advisory_packages::insert(conn, "Debian:1", &said).await?;
    advisory_packages::list_of(conn, "Debian:1", &["p5000", "p5001"]).await?;
    advisory_packages::delete_of(conn, "CVE-105001").await?;
    layer_contents::find(conn, &first, 1).await?;
    layer_contents::upsert(conn, &first, 1, "{}").await?;
    layer_contents::delete(conn, &second).await?;
    image_scans::insert(conn, id, &first, "new", NOW, NOW).await?;
    image_scans::find(conn, id, &first).await?;
    image_scans::list_matched_before(conn, 100_100, 10).await?;
    image_scans::delete_gone(conn, id, &second).await?;
    image_scans::count_requested(conn, &registry, Timestamp::from_micros(159_990), 100).await?;
    scan_requests::find(conn, id, &first).await?;
    scan_requests::find_by_id(conn, "request100005").await?;
    scan_requests::update_state(conn, "request100005", "{}").await?;
    scan_requests::update_ended(conn, "request100005", "message").await?;
    scan_requests::delete(conn, id, &first).await?;
    image_scan_findings::list(conn, "run100005", 100_500, 100).await?;
    image_scan_findings::delete(conn, "run100006").await?;
    Ok(())
}
