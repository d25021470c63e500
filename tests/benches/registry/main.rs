//! The load benchmark: `cargo bench --bench registry -- --url A --peer B` loads registries side by side and prints a table
//! of all with ratios. It talks to registries that run already and neither starts nor stops one: `tools/bench` does.

mod content;
mod disk;
mod http;
mod load;
mod measure;
mod measures;
mod options;
mod process;
mod report;
mod sender;
mod server;
mod stats;
mod targets;
mod upload;

use std::rc::Rc;
use std::time::{Duration, Instant};

use anyhow::{Context, Result};
use clap::Parser;

use crate::content::Content;
use crate::disk::Disk;
use crate::load::Pace;
use crate::measure::Bench;
use crate::options::{Group, Options};
use crate::server::{Access, Server};

fn main() -> Result<()> {
    let options = Options::parse();
    // One thread: it leaves the other cores to the servers, and its clients need no locks.
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let tasks = tokio::task::LocalSet::new();
    tasks.block_on(&runtime, whole_run(options))
}

async fn whole_run(options: Options) -> Result<()> {
    let begun = Instant::now();
    let run = uuid::Uuid::new_v4().as_u64_pair().0;
    let mut bench = prepare(options, run).await?;
    for server in &bench.servers {
        if server.process.is_none() {
            eprintln!("the process of {} was not found: its CPU time and memory will be missing", server.name);
        }
    }
    // Pushes come before the long lists: a garbage collection between them would have to walk those.
    let mut outcome = Ok(());
    for group in [Group::Manifests, Group::Login, Group::Api, Group::Pull, Group::Push, Group::Lists] {
        if bench.options.wants(group) {
            outcome = take(&mut bench, group).await.with_context(|| format!("the group {group:?} was cut short"));
            if outcome.is_err() {
                break;
            }
        }
    }
    // What was measured before a failure is worth seeing.
    let text = report::markdown(&bench, begun.elapsed().as_secs_f64() / 60.0);
    println!("{text}");
    if let Some(path) = &bench.options.out {
        std::fs::write(path, &text).with_context(|| format!("cannot write {}", path.display()))?;
    }
    outcome
}

async fn take(bench: &mut Bench, group: Group) -> Result<()> {
    match group {
        Group::Manifests => measures::manifests::take(bench).await,
        Group::Login => measures::login::take(bench).await,
        Group::Api => measures::api::take(bench).await,
        Group::Pull => measures::pull::take(bench).await,
        Group::Push => measures::push::take(bench).await,
        Group::Lists => measures::lists::take(bench).await,
    }
}

async fn prepare(options: Options, run: u64) -> Result<Bench> {
    // Each side has its own repositories, so that a registry can be compared with itself under other settings.
    let prefix = |side: usize| format!("bench-{run:016x}-{side}");
    let access = Access {
        name: &options.name,
        url: &options.url,
        user: options.user.as_deref(),
        password: options.password.as_deref(),
        scheme: options.auth,
        pid: options.pid,
    };
    let mut servers = vec![Rc::new(Server::find(access, &prefix(0)).await?)];
    for peer in &options.peers {
        let access = Access {
            name: &peer.name,
            url: &peer.url,
            user: options.peer_user.as_deref(),
            password: options.peer_password.as_deref(),
            scheme: options.peer_auth,
            pid: None,
        };
        servers.push(Rc::new(Server::find(access, &prefix(servers.len())).await?));
    }
    let disk = Disk::new(&options.disk_dir.clone().unwrap_or_else(std::env::temp_dir))?;
    let disk_rate = if options.wants(Group::Push) { probe(&disk, run)? } else { f64::INFINITY };
    Ok(Bench { options, servers, run, disk, disk_rate, rows: Vec::new() })
}

/// A first guess at the bytes per second of the disk.
fn probe(disk: &Disk, run: u64) -> Result<f64> {
    let content = Content::new(32_000_000, run);
    let pace = Pace { length: Duration::from_secs(2), operations: 4, one_each: true };
    let (bytes, elapsed) = disk.round(&content, run, 1, pace)?;
    Ok(bytes as f64 / elapsed.as_secs_f64())
}
