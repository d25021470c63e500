//! Pages of long lists: tags, and referrers of one manifest; the first, a middle and the last page of 100 entries. The list
//! is also read to its end once, untimed, because a page is worth nothing if the list loses entries.

use std::cell::Cell;
use std::rc::Rc;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail, ensure};

use super::manifests::image;
use super::repeat::{self, Prepared};
use super::seed::{EMPTY, Entry, Seeder, tag};
use crate::content::digest;
use crate::load::Pace;
use crate::measure::{Bare, Bench, Measure, Unit};
use crate::options::Group;
use crate::server::{Server, path_of};
use crate::upload::{push_bytes, put_manifest};

const PAGE: u64 = 100;
const SEEDERS: usize = 64;
/// Some registries walk their storage for every page: reading the whole list is given up after this.
const WALK_LIMIT: Duration = Duration::from_secs(30);

/// Seeds and reads both lists.
pub(crate) async fn take(bench: &mut Bench) -> Result<()> {
    list(bench, Kind::Tags).await?;
    list(bench, Kind::Referrers).await
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Kind {
    Tags,
    Referrers,
}

/// One server's list, ready to be measured.
struct Ready {
    /// First, middle and last page.
    pages: [Prepared; 3],
    note: Option<String>,
}

async fn list(bench: &mut Bench, kind: Kind) -> Result<()> {
    // The repository bears the list's name.
    let name = if kind == Kind::Tags { "tags" } else { "referrers" };
    let mut bases = Vec::new();
    for server in &bench.servers {
        if kind == Kind::Referrers && !offers_referrers(server).await? {
            bases.push(Err("no referrers API".to_owned()));
            continue;
        }
        let mut connection = server.connect().await?;
        push_bytes(server, &mut connection, name, EMPTY).await?;
        let base = image(server, &mut connection, name, &[]).await?;
        put_manifest(server, &mut connection, name, "base", base.as_bytes()).await?;
        bases.push(Ok(Rc::<str>::from(base)));
    }
    let seeded = seed(bench, kind, &bases).await;

    let mut lists: Vec<Result<Ready, String>> = Vec::new();
    for ((server, base), seeded) in bench.servers.iter().zip(&bases).zip(seeded) {
        lists.push(match base {
            Ok(base) => prepare(server, kind, base, seeded).await.map_err(|error| format!("{error:#}")),
            Err(reason) => Err(reason.clone()),
        });
    }
    let clients: &[usize] = if bench.options.quick { &[1] } else { &[1, 10] };
    for (page, which) in ["first", "middle", "last"].into_iter().enumerate() {
        let pages: Vec<_> =
            lists.iter().map(|list| Ok(list.as_ref().map_err(String::clone)?.pages[page].clone())).collect();
        for row in repeat::take(
            bench,
            Group::Lists,
            &format!("{name}, {which} page of {PAGE}"),
            clients,
            &pages,
            &Bare::Nothing,
        )
        .await
        {
            row.notes.extend(lists.iter().flatten().filter_map(|ready| ready.note.clone()));
        }
    }
    Ok(())
}

/// Fills the lists; gives the number of entries that each server acknowledged.
async fn seed(bench: &mut Bench, kind: Kind, bases: &[Result<Rc<str>, String>]) -> Vec<u64> {
    let entries = bench.options.list_entries();
    let name = if kind == Kind::Tags { "PUT manifest under a new tag" } else { "PUT small manifest with a subject" };
    let measure = Measure {
        group: Group::Lists,
        name: name.to_owned(),
        clients: SEEDERS,
        unit: Unit::Requests,
        rounds: 1,
        pace: Pace { length: bench.options.seed_limit(), operations: entries, one_each: false },
        content: None,
        bare: Bare::Nothing,
    };
    let mut remaining = bases.iter();
    let row = bench
        .take(&measure, |server| {
            let base = remaining.next().ok_or("no base was prepared")?.as_ref().map_err(String::clone)?;
            let entry = if kind == Kind::Tags { Entry::Tag } else { Entry::Referrer };
            let next = Rc::new(Cell::new(0));
            let client = |_| Seeder {
                server: Rc::clone(server),
                connection: None,
                entry: entry(Rc::clone(base)),
                next: Rc::clone(&next),
            };
            Ok((0..SEEDERS).map(client).collect())
        })
        .await;
    let counts: Vec<u64> = row.sides.iter().map(|side| side.latencies.len() as u64).collect();
    let mut short = Vec::new();
    for ((count, base), server) in counts.iter().zip(bases).zip(&bench.servers) {
        if base.is_ok() && *count < entries {
            short.push(format!("{}: {count} of {entries} entries were seeded", server.name));
        }
    }
    if let Some(row) = bench.rows.last_mut() {
        row.notes.extend(short);
    }
    counts
}

async fn offers_referrers(server: &Server) -> Result<bool> {
    let mut connection = server.connect().await?;
    let path = format!("/v2/{}/images/referrers/sha256:{}", server.prefix, "0".repeat(64));
    let mut body = Vec::new();
    let status = server.ask(&mut connection, "GET", &path, &mut body).await?;
    Ok(status == 200 && entries_in(&body).is_some())
}

async fn prepare(server: &Server, kind: Kind, base: &str, seeded: u64) -> Result<Ready> {
    let prefix = &server.prefix;
    let (paths, found, expected) = match kind {
        Kind::Tags => {
            let path = format!("/v2/{prefix}/tags/tags/list?n={PAGE}");
            let after = |number: u64| format!("{path}&last={}", tag(number));
            let paths = [path.clone(), after(seeded / 2), after(seeded.saturating_sub(PAGE + 1))];
            let found = walk(server, format!("/v2/{prefix}/tags/tags/list?n=1000")).await?;
            // One more for the tag that the base itself has.
            (paths, found, seeded + 1)
        }
        Kind::Referrers => {
            let subject = digest(base.as_bytes());
            let found = walk(server, format!("/v2/{prefix}/referrers/referrers/{subject}?n={PAGE}")).await?;
            let page = |index: usize| found.pages[index.min(found.pages.len() - 1)].clone();
            // The very last page may hold a few entries only: the one before is a full one.
            let paths = [page(0), page(found.pages.len() / 2), page(found.pages.len().saturating_sub(2))];
            (paths, found, seeded)
        }
    };
    if found.complete {
        ensure!(found.entries == expected, "the list holds {} entries instead of {expected}", found.entries);
    }
    let mut pages = Vec::new();
    let mut first_entries = 0;
    for path in paths {
        let (page, body) = Prepared::probe(server, server.head("GET", &path, ""), false).await?;
        if pages.is_empty() {
            first_entries = entries_in(&body).context("the page is no list")?;
        }
        pages.push(page);
    }
    let mut notes = Vec::new();
    if first_entries != PAGE.min(expected) {
        notes.push(format!("gives {first_entries} entries where {PAGE} were asked for"));
    }
    if !found.complete {
        notes.push(format!("the walk to the end of the list was given up after {} entries", found.entries));
    }
    let note = (!notes.is_empty()).then(|| format!("{}: {}", server.name, notes.join("; ")));
    let Ok(pages) = pages.try_into() else { bail!("three pages were prepared") };
    Ok(Ready { pages, note })
}

struct Walk {
    /// The address of every page, as the links gave it.
    pages: Vec<String>,
    entries: u64,
    /// Whether the end was reached.
    complete: bool,
}

/// Reads a list page by page to its end.
async fn walk(server: &Server, first: String) -> Result<Walk> {
    let begun = Instant::now();
    let mut connection = server.connect().await?;
    let mut walk = Walk { pages: vec![first.clone()], entries: 0, complete: false };
    let mut path = first;
    let mut body = Vec::new();
    while begun.elapsed() < WALK_LIMIT {
        body.clear();
        let status = server.ask(&mut connection, "GET", &path, &mut body).await?;
        ensure!(status == 200, "a page of the list gives {status}");
        walk.entries += entries_in(&body).context("the page is no list")?;
        let next = connection.header("link").and_then(|link| link.split_once('<')?.1.split('>').next());
        let Some(next) = next.map(|next| path_of(next).to_owned()) else {
            walk.complete = true;
            break;
        };
        ensure!(next != path, "a page links to itself");
        walk.pages.push(next.clone());
        path = next;
    }
    Ok(walk)
}

fn entries_in(body: &[u8]) -> Option<u64> {
    let list: serde_json::Value = serde_json::from_slice(body).ok()?;
    let entries = list.get("tags").or_else(|| list.get("manifests"))?.as_array()?;
    Some(entries.len() as u64)
}
