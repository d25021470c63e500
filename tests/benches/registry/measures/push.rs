//! Blob uploads: unique content of three sizes, monolithic and streamed, at several levels of concurrency, each beside the
//! bare disk; one blob pushed by many at once; and five hundred pushes in parallel, for the memory they take. After each
//! measure the last acknowledged blob is read back, and what was pushed is deleted, both untimed.

use std::cell::{Cell, RefCell};
use std::process::Command;
use std::rc::Rc;
use std::time::Duration;

use anyhow::{Result, bail, ensure};

use super::megabytes;
use crate::content::{Content, Tail};
use crate::http::Connection;
use crate::load::{Client, Pace, run};
use crate::measure::{Bare, Bench, Measure, Unit};
use crate::options::Group;
use crate::server::Server;
use crate::upload::{Mode, push_blob, verify_blob};

/// What one server acknowledged, as digests.
type Acknowledged = Rc<RefCell<Vec<String>>>;

/// Takes all push measures.
pub(crate) async fn take(bench: &mut Bench) -> Result<()> {
    let sizes: &[usize] =
        if bench.options.quick { &[1_000_000, 10_000_000] } else { &[1_000_000, 10_000_000, 100_000_000] };
    let clients: &[usize] = if bench.options.quick { &[10] } else { &[1, 10, 50] };
    // Numbers make tails unique over the whole run, whichever server and measure they are for.
    let numbers = Rc::new(Cell::new(0));
    for &size in sizes {
        let content = Rc::new(Content::new(size, bench.run));
        for mode in [Mode::Monolithic, Mode::Streamed] {
            for &clients in clients {
                let how = if mode == Mode::Monolithic { "monolithic" } else { "streamed" };
                let measure = measure(bench, format!("push {} {how}", megabytes(size)), clients, &content);
                push_measure(bench, &measure, mode, &Numbers::Unique(Rc::clone(&numbers))).await;
            }
        }
    }
    let many = if bench.options.quick { 10 } else { 50 };
    let content = Rc::new(Content::new(10_000_000, bench.run ^ 1));
    let mut shared = measure(bench, "push one 10 MB blob by many at once".to_owned(), many, &content);
    shared.pace = once_each(many);
    shared.bare = Bare::Nothing;
    push_measure(bench, &shared, Mode::Streamed, &Numbers::Shared).await;

    let content = Rc::new(Content::new(4_000_000, bench.run));
    let crowd = if bench.options.quick { 100 } else { 500 };
    let mut parallel = measure(bench, "push 4 MB streamed in parallel".to_owned(), crowd, &content);
    parallel.pace = once_each(crowd);
    parallel.bare = Bare::Nothing;
    push_measure(bench, &parallel, Mode::Streamed, &Numbers::Unique(numbers)).await;
    Ok(())
}

fn measure(bench: &Bench, name: String, clients: usize, content: &Rc<Content>) -> Measure {
    // A round is bounded in bytes too: on a fast disk a timed round of small blobs would fill it for nothing.
    let most = if bench.options.quick { 100_000_000 } else { 400_000_000 };
    Measure {
        group: Group::Push,
        name,
        clients,
        unit: Unit::Megabytes,
        rounds: bench.options.rounds,
        pace: Pace {
            length: bench.options.round(),
            operations: (most / content.size()).max(clients as u64),
            one_each: true,
        },
        content: Some(Rc::clone(content)),
        bare: Bare::Disk,
    }
}

fn once_each(clients: usize) -> Pace {
    Pace { length: Duration::ZERO, operations: clients as u64, one_each: true }
}

async fn push_measure(bench: &mut Bench, measure: &Measure, mode: Mode, numbers: &Numbers) {
    let Some(content) = measure.content.clone() else { return };
    let acknowledged: Vec<Acknowledged> = bench.servers.iter().map(|_| Acknowledged::default()).collect();
    let mut lists = acknowledged.iter();
    let seed = bench.run;
    bench
        .take(measure, |server| {
            let list = lists.next().ok_or("no list was prepared")?;
            let client = |_| Pusher {
                server: Rc::clone(server),
                connection: None,
                content: Rc::clone(&content),
                mode,
                seed,
                numbers: numbers.clone(),
                turns: 0,
                acknowledged: Rc::clone(list),
            };
            Ok((0..measure.clients).map(client).collect())
        })
        .await;
    for (index, list) in acknowledged.iter().enumerate() {
        let server = Rc::clone(&bench.servers[index]);
        let last = list.borrow().last().cloned();
        if let Some(last) = last
            && let Err(error) = verify_blob(&server, "push", &last).await
            && let Some(row) = bench.rows.last_mut()
        {
            row.sides[index].fail(&error);
        }
        delete_all(&server, list).await;
    }
    if let Some(command) = &bench.options.after_push {
        let status = Command::new("sh").args(["-c", command]).status();
        if !status.is_ok_and(|status| status.success()) {
            eprintln!("the command after pushes failed: {command}");
        }
    }
}

/// Gives the space back where the registry can: a failure is no concern of the measure, and the time is limited.
async fn delete_all(server: &Rc<Server>, list: &Acknowledged) {
    list.borrow_mut().sort_unstable();
    list.borrow_mut().dedup();
    let operations = list.borrow().len() as u64;
    let pace = Pace { length: Duration::from_secs(15), operations, one_each: false };
    let client = |_| Deleter { server: Rc::clone(server), connection: None, list: Rc::clone(list) };
    run((0..8).map(client).collect(), pace).await;
}

/// Which tail the next blob gets.
#[derive(Clone)]
enum Numbers {
    /// One that nobody had.
    Unique(Rc<Cell<u64>>),
    /// The same for all clients in each of their turns.
    Shared,
}

struct Pusher {
    server: Rc<Server>,
    connection: Option<Connection>,
    content: Rc<Content>,
    mode: Mode,
    seed: u64,
    numbers: Numbers,
    turns: u64,
    acknowledged: Acknowledged,
}

impl Client for Pusher {
    async fn connect(&mut self) -> Result<()> {
        self.connection = Some(self.server.connect().await?);
        Ok(())
    }

    async fn turn(&mut self) -> Result<u64> {
        let number = match &self.numbers {
            Numbers::Unique(next) => {
                next.set(next.get() + 1);
                next.get()
            }
            Numbers::Shared => {
                self.turns += 1;
                self.turns << 40
            }
        };
        let tail = Tail::new(self.seed, number);
        let blob = self.content.blob(&tail);
        let Some(connection) = &mut self.connection else { bail!("not connected") };
        push_blob(&self.server, connection, "push", self.mode, &blob).await?;
        self.acknowledged.borrow_mut().push(blob.digest);
        Ok(blob.length)
    }
}

struct Deleter {
    server: Rc<Server>,
    connection: Option<Connection>,
    list: Acknowledged,
}

impl Client for Deleter {
    async fn connect(&mut self) -> Result<()> {
        self.connection = Some(self.server.connect().await?);
        Ok(())
    }

    async fn turn(&mut self) -> Result<u64> {
        let digest = self.list.borrow_mut().pop();
        let Some(digest) = digest else { return Ok(0) };
        let path = format!("/v2/{}/push/blobs/{digest}", self.server.prefix);
        let Some(connection) = &mut self.connection else { bail!("not connected") };
        let status = self.server.ask(connection, "DELETE", &path, &mut Vec::new()).await?;
        ensure!(status == 202, "a blob delete gives {status}");
        Ok(0)
    }
}
