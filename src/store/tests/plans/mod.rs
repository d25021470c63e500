//! How the databases carry out what requests ask for: by index, whatever the number of rows. What is asked is in a file for
//! each subject, with the rows that are there then.
//!
//! While a test listens, a connection explains every statement before it runs it.

mod garbage;
mod iam;
mod images;
mod jobs;
mod lifecycle;
mod load_balancing;
mod metrics;
mod replication;
mod scaling;
mod scanning;
mod secrets;
mod services;
mod settings;
mod task_definitions;
mod tasks;

use std::cell::RefCell;
use std::collections::HashMap;

use sqlx::postgres::PgConnection;
use sqlx::{AssertSqlSafe, SqlSafeStr};
use types::{Digest, Timestamp};

use super::harness::{on_each, write};
use crate::value::Value;
use crate::{Conn, Db, Result, postgres};

tokio::task_local! {
    static NOTES: RefCell<Vec<(String, Vec<String>)>>;
}

/// Whether plans are wanted at the moment.
pub(crate) fn listening() -> bool {
    NOTES.try_with(|_| ()).is_ok()
}

/// A statement and how it is carried out, line by line.
pub(crate) fn note(sql: &str, plan: Vec<String>) {
    NOTES.with(|notes| notes.borrow_mut().push((sql.to_owned(), plan)));
}

/// How Postgres carries a statement out, line by line: as it plans for these arguments and, where that costs no more in its
/// opinion, as it plans once for all.
pub(crate) async fn of_postgres(conn: &mut PgConnection, sql: &str, arguments: &[Value]) -> Result<Vec<String>> {
    let explain = AssertSqlSafe(format!("explain {sql}")).into_sql_str();
    let mut plan = postgres::all(conn, explain, arguments.to_vec(), |row| row.text(0)).await?;
    if arguments.is_empty() {
        return Ok(plan);
    }
    let types = arguments.iter().map(|argument| match argument {
        Value::Text(_) => "text",
        Value::Integer(_) => "bigint",
        Value::Real(_) => "double precision",
        Value::Bytes(_) => "bytea",
    });
    let prepare = format!("prepare observed ({}) as {sql}", types.collect::<Vec<_>>().join(", "));
    let prepare = AssertSqlSafe(format!("set local plan_cache_mode = force_generic_plan; {prepare}"));
    sqlx::raw_sql(prepare).execute(&mut *conn).await?;
    let explain = format!("explain execute observed ({})", vec!["null"; arguments.len()].join(", "));
    let generic = postgres::all(conn, AssertSqlSafe(explain).into_sql_str(), Vec::new(), |row| row.text(0)).await?;
    sqlx::raw_sql("deallocate observed; set local plan_cache_mode = auto").execute(conn).await?;
    if cost(&generic) <= cost(&plan) + PLANNING {
        plan.extend(generic);
    }
    Ok(plan)
}

/// What Postgres takes planning itself to cost, about: 2.5 for each table of a statement.
const PLANNING: f64 = 10.0;

/// What a plan costs as a whole, in its first line: `(cost=0.41..4.02 rows=10 width=183)`.
fn cost(plan: &[String]) -> f64 {
    let first = plan.first().and_then(|line| line.split_once("..")).map(|(_, rest)| rest);
    first.and_then(|rest| rest.split(' ').next()).and_then(|cost| cost.parse().ok()).expect("a plan says its cost")
}

/// A repository of which there is everything.
const ID: &str = "r100001";

/// Before it is a small part of what there is.
const TIME: Timestamp = Timestamp::from_micros(100_100);

/// As rows have them: 64 digits.
fn digest(number: usize) -> Digest {
    format!("sha256:{number:064}").parse().expect("64 digits are a digest")
}

/// Enough rows that reading all of them is never the best plan. What others refer to comes first.
const ROWS: &[&str] = &[
    images::ROWS,
    iam::ROWS,
    settings::ROWS,
    lifecycle::ROWS,
    garbage::ROWS,
    replication::ROWS,
    load_balancing::ROWS,
    jobs::ROWS,
    scanning::ROWS,
    secrets::ROWS,
    metrics::ROWS,
    scaling::ROWS,
    services::ROWS,
    tasks::ROWS,
    task_definitions::ROWS,
];

/// Asks for everything that a request, or frequent background work, asks for.
async fn ask(conn: &mut Conn) -> Result<()> {
    images::ask(conn).await?;
    iam::ask(conn).await?;
    settings::ask(conn).await?;
    lifecycle::ask(conn).await?;
    garbage::ask(conn).await?;
    replication::ask(conn).await?;
    load_balancing::ask(conn).await?;
    jobs::ask(conn).await?;
    scanning::ask(conn).await?;
    secrets::ask(conn).await?;
    metrics::ask(conn).await?;
    scaling::ask(conn).await?;
    services::ask(conn).await?;
    tasks::ask(conn).await?;
    task_definitions::ask(conn).await?;
    Ok(())
}

/// A line of a plan that reads a whole table, or all of a repository to find what is in a list, or sorts a page that an index could
/// give in order.
fn reads_too_much(sql: &str, line: &str) -> bool {
    // A sort before rows are locked sorts what was asked for, not what is there.
    let page = sql.contains("limit") && sql.contains("order by") && !sql.contains("delete");
    let sqlite_scan = line.starts_with("SCAN ")
        && ![
            "json_each",
            "SCAN asked VIRTUAL",
            "CONSTANT",
            "open_uploads",
            "(subquery",
            "SCAN counted",
            "SCAN planned",
            "SCAN waiting",
        ]
        .iter()
        .any(|known| line.contains(known));
    let list = sql.contains("in (select distinct $1, value from json_each");
    sqlite_scan
        || reads_all_of_a_repository(sql, line)
        || (list && line.contains("Hash Cond:"))
        || line.contains("Seq Scan on")
        || (page && (line.contains("TEMP B-TREE FOR ORDER BY") || sorts(line)))
}

/// In a plan of SQLite: all rows, or all live tags, of a repository in a table where it may have any number.
fn reads_all_of_a_repository(sql: &str, line: &str) -> bool {
    // Of a repository that goes, SQLite looks whether somebody refers to it.
    let is_meant = (sql.contains("order by") && sql.contains("limit")) || sql.starts_with("delete from repositories");
    let tables =
        ["blob_reviews", "deleted_manifests", "deleted_references", "edges", "manifests", "repository_blobs", "tags"];
    let Some((table, index)) = line.strip_prefix("SEARCH ").and_then(|line| line.split_once(' ')) else { return false };
    let of_many = tables
        .iter()
        .any(|name| table == *name || index.contains(&format!("x_{name}_")) || index.contains(&format!("uq_{name}_")));
    let live_tags = sql.contains("ended_at is null") && line.ends_with("(repository_id=? AND ended_at=?)");
    !is_meant && of_many && (live_tags || line.ends_with("(repository_id=?)"))
}

/// The columns of each index, in order.
type Indexes = HashMap<String, Vec<String>>;

async fn indexes_of_postgres(db: &Db) -> Indexes {
    let columns = "select index.relname, part.attname
         from pg_class index
         join pg_attribute part on part.attrelid = index.oid
         where index.relkind = 'i' and index.relnamespace = current_schema()::regnamespace
         order by index.relname, part.attnum";
    let columns =
        write(db, |conn| Box::pin(conn.all(columns, [], |row| Ok((row.text(0)?, row.text(1)?))))).await.unwrap();
    let mut indexes = Indexes::new();
    for (index, column) in columns {
        indexes.entry(index).or_default().push(column);
    }
    indexes
}

/// In a plan of Postgres: an index that is asked about a column, but not about one before it. All that the columns before that one
/// choose is read then, however good the plan looks.
fn passes_over_a_column(indexes: &Indexes, sql: &str, plan: &[String]) -> bool {
    // Of a repository with half of all blobs every second row is wanted, and of pending deliveries there are few here.
    if sql.starts_with("delete from repository_blobs") || sql.contains("later.state = 'PENDING'") {
        return false;
    }
    plan.windows(2).any(|lines| {
        let Some((_, condition)) = lines[1].split_once("Index Cond: ") else { return false };
        let Some(columns) = lines[0].split_whitespace().find_map(|word| indexes.get(word)) else { return false };
        // True of every row.
        let condition = condition.replace("archived >= 0", "");
        // Columns of other tables have the names of those before them, and are words of their own.
        let words: Vec<_> =
            condition.split(|character: char| !character.is_alphanumeric() && !"_.".contains(character)).collect();
        columns.iter().map(|column| words.contains(&column.as_str())).skip_while(|asked| *asked).any(|asked| asked)
    })
}

fn sorts(line: &str) -> bool {
    line.trim_start().trim_start_matches("->").trim_start().starts_with("Sort ")
}

async fn check(db: &Db) {
    let indexes = if db.is_postgres() { indexes_of_postgres(db).await } else { Indexes::new() };
    let plans = write(db, |conn| {
        Box::pin(NOTES.scope(RefCell::default(), async move {
            ask(conn).await?;
            Ok(NOTES.with(RefCell::take))
        }))
    })
    .await
    .unwrap();
    assert!(plans.len() > 30);
    let bad: Vec<String> = plans
        .iter()
        .filter(|(sql, plan)| {
            plan.iter().any(|line| reads_too_much(sql, line)) || passes_over_a_column(&indexes, sql, plan)
        })
        .map(|(sql, plan)| format!("{sql}\n    =>\n{}", plan.join("\n")))
        .collect();
    assert!(bad.is_empty(), "\n{}", bad.join("\n\n"));
}

#[tokio::test(flavor = "multi_thread")]
async fn requests_are_answered_from_indexes() {
    on_each(|test| async move {
        for rows in ROWS {
            write(&test.db, |conn| Box::pin(conn.script(rows))).await.unwrap();
        }
        if !test.is_postgres() {
            // It keeps no statistics.
            return check(&test.db).await;
        }
        write(&test.db, |conn| Box::pin(conn.script("analyze"))).await.unwrap();
        check(&test.db).await;
        // As after a vacuum: then an index alone answers, and to read all of a repository there looks cheap.
        write(&test.db, |conn| Box::pin(conn.script("update pg_class set relallvisible = relpages"))).await.unwrap();
        check(&test.db).await;
    })
    .await;
}
