//! The command line of the benchmark: which servers, which measures, how long. It decides nothing about how a measure
//! is taken.

use std::path::PathBuf;
use std::time::Duration;

use clap::{Parser, ValueEnum};

/// Loads one registry, or several side by side, and prints a table with ratios.
#[derive(Parser)]
#[command(name = "registry", version, about)]
pub(crate) struct Options {
    /// Address of the registry under test, such as http://127.0.0.1:5000.
    #[arg(long)]
    pub(crate) url: String,
    /// Address of a registry to compare with, after a name for it in the table if that is not to be `peer`. May be given
    /// several times.
    #[arg(long = "peer", value_name = "[NAME=]URL", value_parser = parse_peer)]
    pub(crate) peers: Vec<Peer>,
    /// What to call the registry under test in the table.
    #[arg(long, default_value = "wharf")]
    pub(crate) name: String,

    /// User name (access key id) at the registry under test; anonymous without it.
    #[arg(long, requires = "password")]
    pub(crate) user: Option<String>,
    /// Password (secret access key) at the registry under test.
    #[arg(long, requires = "user")]
    pub(crate) password: Option<String>,
    /// User name at every peer; anonymous without it.
    #[arg(long, requires = "peer_password")]
    pub(crate) peer_user: Option<String>,
    /// Password at every peer.
    #[arg(long, requires = "peer_user")]
    pub(crate) peer_password: Option<String>,
    /// How requests to the registry under test carry the credentials.
    #[arg(long, value_enum, default_value = "basic")]
    pub(crate) auth: Scheme,
    /// How requests to peers carry the credentials.
    #[arg(long, value_enum, default_value = "basic")]
    pub(crate) peer_auth: Scheme,

    /// Process of the registry under test; found by its listening port when it is left out.
    #[arg(long)]
    pub(crate) pid: Option<u32>,

    /// Groups of measures to take; all of them when it is left out.
    #[arg(long, value_enum, value_delimiter = ',')]
    pub(crate) only: Vec<Group>,
    /// A short look (less than two minutes): shorter rounds, fewer sizes and clients, a twentieth of the entries.
    #[arg(long)]
    pub(crate) quick: bool,
    /// Rounds per measure; the medians of the rounds are compared.
    #[arg(long, default_value_t = 5)]
    pub(crate) rounds: usize,
    /// Length of one round in seconds; a round also ends no earlier than the first operation of each client.
    #[arg(long)]
    pub(crate) seconds: Option<f64>,
    /// Seconds that one measure may take over all its rounds. Further rounds are dropped, and a measure whose single
    /// round is foreseen to take longer is not begun; the table says so.
    #[arg(long, default_value_t = 60)]
    pub(crate) measure_seconds: u64,
    /// Entries of the long tag list and of the long referrers list.
    #[arg(long)]
    pub(crate) entries: Option<u64>,
    /// Seconds that seeding one list on one server may take, beside `--measure-seconds`; after that it stops short.
    #[arg(long)]
    pub(crate) seed_seconds: Option<u64>,
    /// A directory in the file system where both registries keep their blobs, for the disk's own limit.
    #[arg(long)]
    pub(crate) disk_dir: Option<PathBuf>,
    /// A shell command to run, untimed, after each push measure, such as the peer's offline garbage collector.
    #[arg(long)]
    pub(crate) after_push: Option<String>,
    /// Also write the report (Markdown) to this file.
    #[arg(long)]
    pub(crate) out: Option<PathBuf>,

    /// Passed by `cargo bench` to every bench target; it means nothing here.
    #[arg(long, hide = true)]
    pub(crate) bench: bool,
}

/// A registry to compare with.
#[derive(Clone)]
pub(crate) struct Peer {
    /// Its name in the table.
    pub(crate) name: String,
    /// Its address.
    pub(crate) url: String,
}

/// How credentials travel.
#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Scheme {
    /// The user name and password on every request.
    Basic,
    /// A token, fetched once from the realm that the challenge names.
    Bearer,
}

/// A group of measures.
#[derive(Clone, Copy, PartialEq, Eq, Debug, ValueEnum)]
pub(crate) enum Group {
    /// Manifest GET and HEAD.
    Manifests,
    /// Blob downloads.
    Pull,
    /// Blob uploads, and the disk's own limit.
    Push,
    /// Long tag and referrers lists.
    Lists,
    /// Login and token issue.
    Login,
    /// The ECR API.
    Api,
}

impl Options {
    /// Whether the run takes this group's measures.
    pub(crate) fn wants(&self, group: Group) -> bool {
        self.only.is_empty() || self.only.contains(&group)
    }

    /// Length of a round of downloads or uploads.
    pub(crate) fn round(&self) -> Duration {
        Duration::from_secs_f64(self.seconds.unwrap_or(if self.quick { 0.25 } else { 0.7 }))
    }

    /// Length of a round of small requests, of which even a part of a second holds thousands.
    pub(crate) fn short_round(&self) -> Duration {
        self.round().mul_f64(0.6)
    }

    /// The longest that one measure may take.
    pub(crate) fn measure_limit(&self) -> Duration {
        Duration::from_secs(if self.quick { self.measure_seconds.min(8) } else { self.measure_seconds })
    }

    /// Entries of the long lists.
    pub(crate) fn list_entries(&self) -> u64 {
        self.entries.unwrap_or(if self.quick { 5_000 } else { 100_000 })
    }

    /// The longest that seeding one list on one server may take.
    pub(crate) fn seed_limit(&self) -> Duration {
        Duration::from_secs(self.seed_seconds.unwrap_or(if self.quick { 10 } else { 400 }))
    }
}

fn parse_peer(text: &str) -> Result<Peer, String> {
    let (name, url) = match text.split_once('=') {
        Some((name, url)) if !name.contains('/') => (name, url),
        _ => ("peer", text),
    };
    if url.is_empty() || name.is_empty() {
        return Err("say NAME=URL, or URL alone".to_owned());
    }
    Ok(Peer { name: name.to_owned(), url: url.to_owned() })
}
