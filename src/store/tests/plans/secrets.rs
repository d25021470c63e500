//! The part of `plans` about secrets and parameters: rows, and what requests and the job ask for.

use types::Timestamp;

use super::super::harness::registry;
use crate::{Conn, Result, parameter_versions, parameters, secret_stages, secret_versions, secrets};

pub(super) const ROWS: &str = "
    insert into secrets (secret_id, account_id, region, name, arn_suffix, tags, created_at, changed_at, deletes_at)
        with recursive n (i) as (select 100001 union all select i + 1 from n where i < 120000)
        select 's' || cast(i as text), '000000000000', 'us-east-1', 'db/' || cast(i as text), 'AbCdEf', '{}', 0, 0,
            case when i % 20 = 0 then i end
        from n;
    insert into secret_versions (secret_id, version_id, is_text, sealed_value, created_at)
        select secret_id, 'v1', 1, cast('x' as blob), 0 from secrets;
    insert into secret_stages (secret_id, stage, version_id) select secret_id, 'AWSCURRENT', 'v1' from secrets;
    insert into parameters (parameter_id, account_id, region, name, version, tags)
        with recursive n (i) as (select 100001 union all select i + 1 from n where i < 120000)
        select 'p' || cast(i as text), '000000000000', 'us-east-1', '/app/' || cast(i as text), 1, '{}' from n;
    insert into parameter_versions (parameter_id, version, kind, sealed_value, document, modified_at)
        select parameter_id, 1, 'String', cast('x' as blob), '{}', 0 from parameters;
";

pub(super) async fn ask(conn: &mut Conn) -> Result<()> {
    let (registry, secret) = (registry(), "s105007");
    secrets::find(conn, &registry, "db/105007").await?;
    secrets::find_by_id(conn, secret).await?;
    let row = secrets::lock(conn, secret).await?.expect("a secret");
    secrets::insert(conn, &row).await?;
    secrets::update(conn, &row).await?;
    secrets::update_accessed(conn, secret, Timestamp::from_micros(1)).await?;
    secrets::list(conn, &registry, secret, 100).await?;
    secrets::list_before(conn, &registry, secret, 100).await?;
    secrets::list_due(conn, Timestamp::from_micros(100_100), 100).await?;
    secrets::delete(conn, "never").await?;
    secret_versions::find(conn, secret, "v1").await?;
    secret_versions::list(conn, secret, "", 100).await?;
    secret_versions::delete_unstaged(conn, secret, 100).await?;
    secret_versions::delete_of(conn, "never").await?;
    secret_stages::find(conn, secret, "AWSCURRENT").await?;
    secret_stages::list_of(conn, secret).await?;
    secret_stages::list_of_all(conn, [secret, "s105008"]).await?;
    secret_stages::delete(conn, secret, "never").await?;
    secret_stages::delete_of(conn, "never").await?;
    parameters::find(conn, &registry, "/app/105007").await?;
    let row = parameters::lock(conn, &registry, "/app/105007").await?.expect("a parameter");
    parameters::insert(conn, &row).await?;
    parameters::list(conn, &registry, "/app/105007", ("/app/", "/app0"), 50).await?;
    parameters::update_version(conn, &row.parameter_id, 1).await?;
    parameters::update_tags(conn, &row.parameter_id, "{}").await?;
    parameters::delete(conn, "never").await?;
    parameter_versions::find(conn, &row.parameter_id, 1).await?;
    parameter_versions::list(conn, &row.parameter_id, 0, 50).await?;
    parameter_versions::delete_until(conn, "never", 1).await?;
    Ok(())
}
