//! How many services one server keeps, and how soon a task runs: `cargo bench -p tests --bench ecs`. Options: `--services
//! 1000 --tasks 10 --hosts 50`, and `scale` or `start` for one of the two.
//!
//! It starts servers of its own (a release build named by `WHARF_TEST_BINARY`) and prints tables. The hosts of the first are
//! simulated: agents without containers, in this process. The second needs a Docker engine, as the tests do.

mod scale;
mod server;
mod start;

use clap::{Parser, ValueEnum};
use tests::harness::Backend;

#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Part {
    /// Many services on simulated hosts.
    Scale,
    /// One task on Docker.
    Start,
}

#[derive(Parser)]
struct Options {
    /// What is measured; both if none is named.
    part: Option<Part>,
    /// Services.
    #[arg(long, default_value_t = 1000)]
    services: usize,
    /// Tasks of each.
    #[arg(long, default_value_t = 10)]
    tasks: usize,
    /// Hosts.
    #[arg(long, default_value_t = 50)]
    hosts: usize,
    /// How often a task is started.
    #[arg(long, default_value_t = 20)]
    rounds: usize,
    /// Given by cargo.
    #[arg(long, hide = true)]
    bench: bool,
}

fn main() {
    let options = Options::parse();
    // Cargo calls benchmarks with `--bench`; as a test there is nothing to do.
    if !options.bench {
        return;
    }
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build();
    runtime.expect("a runtime").block_on(async {
        if options.part != Some(Part::Start) {
            println!(
                "| {} services of {} tasks on {} hosts | backend | wall | CPU of the server | statements |",
                options.services, options.tasks, options.hosts
            );
            println!("|---|---|---:|---:|---:|");
            let mut backends = vec![Backend::SqliteDisk];
            if std::env::var_os("WHARF_TEST_POSTGRES_URL").is_some() {
                backends.push(Backend::PostgresDisk);
            }
            for backend in backends {
                scale::scale(backend, &options).await;
            }
        }
        if options.part != Some(Part::Scale) {
            start::start(options.rounds).await;
        }
    });
}
