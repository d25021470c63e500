//! Writes what was measured as Markdown: how it was run, the targets, the ratios, then every figure. It judges nothing
//! itself and hides nothing: a measure with errors is marked wherever it appears.

use std::fmt::Write as _;
use std::fs;

use crate::measure::{Bench, Row, Side, Unit};
use crate::stats::{median, percentiles};
use crate::targets;

/// The whole report. `minutes` is how long the run took.
pub(crate) fn markdown(bench: &Bench, minutes: f64) -> String {
    let mut text = String::from("## How it was run\n\n");
    about(bench, minutes, &mut text);
    text.push_str("\n## Targets\n\n");
    targets::write(bench, &mut text);
    text.push_str("\n## Ratios\n\n");
    ratios(bench, &mut text);
    text.push_str("\n## All figures\n\n");
    figures(bench, &mut text);
    notes(bench, &mut text);
    text
}

fn about(bench: &Bench, minutes: f64, text: &mut String) {
    let options = &bench.options;
    let read = |path: &str| fs::read_to_string(path).unwrap_or_default();
    let cpu = read("/proc/cpuinfo");
    let cpu = cpu.lines().find_map(|line| line.strip_prefix("model name")).unwrap_or("unknown");
    let memory = read("/proc/meminfo");
    let memory = memory.split_ascii_whitespace().nth(1).and_then(|kib| kib.parse::<f64>().ok()).unwrap_or(0.0);
    let kernel = read("/proc/sys/kernel/osrelease");
    let cores = std::thread::available_parallelism().map_or(1, usize::from);
    let cpu = cpu.trim_start_matches([' ', '\t', ':']);
    let _ =
        writeln!(text, "- Machine: {cores} cores ({cpu}), {:.0} GiB, Linux {}.", memory / 1_048_576.0, kernel.trim());
    let _ = writeln!(
        text,
        "- Generator and servers share the cores; the generator runs on one thread, with plain HTTP/1.1 over loopback and \
         keep-alive, and lets the kernel throw downloads away. Its own CPU time is in the last column but one.",
    );
    let _ = writeln!(
        text,
        "- Up to {} rounds per measure, {} and the bare machine in turn, the order rotating; a round lasts {:.2} s ({:.2} s \
         for small requests) or one operation of each client. Rates are medians of the rounds, latencies are over all \
         rounds. The file system is synced, untimed, before every round that writes.",
        options.rounds,
        bench.servers.iter().map(|server| server.name.as_str()).collect::<Vec<_>>().join(", "),
        options.round().as_secs_f64(),
        options.short_round().as_secs_f64(),
    );
    let _ = writeln!(
        text,
        "- 1 MB is 10^6 bytes. Pushed content is incompressible and unique by its last 64 bytes; its digest comes from a \
         state that was computed before the clock started. A push is POST and PUT (monolithic) or POST, PATCH in chunks \
         of 32 KiB and PUT (streamed). The bare machine beside a push is SHA-256, write and fdatasync of as many files at \
         once, and beside a pull a program that does nothing but `sendfile`. The last \
         blob of each push measure, and each blob that was pulled, is read back and compared.",
    );
    let _ = writeln!(
        text,
        "- CPU is the server's user and system time over all rounds; memory is its highest resident size in any round, \
         the peak being reset before each.",
    );
    let whole = if options.only.is_empty() { "all groups".to_owned() } else { format!("groups {:?}", options.only) };
    let _ = writeln!(text, "- The run took {minutes:.1} minutes ({whole}).");
}

fn ratios(bench: &Bench, text: &mut String) {
    let peers = 1..bench.servers.len();
    let _ = write!(text, "| measure | clients | unit | {} |", bench.servers[0].name);
    for peer in &bench.servers[1..] {
        let _ = write!(text, " {} | ratio | p99 ratio |", peer.name);
    }
    text.push_str(" of the bare machine |\n|---|---:|---|---:|");
    text.push_str(&"---:|---:|---:|".repeat(peers.len()));
    text.push_str("---:|\n");
    for row in &bench.rows {
        let _ = write!(text, "| {} | {} | {} | {} |", row.name, row.clients, row.unit.name(), rate_cell(&row.sides[0]));
        for peer in peers.clone() {
            let theirs = rate_cell(&row.sides[peer]);
            let ratio = row.ratio(peer).map_or_else(String::new, |ratio| format!("**{ratio:.2}**"));
            let p99 = row.p99_ratio(peer).map_or_else(String::new, |ratio| format!("{ratio:.2}"));
            let _ = write!(text, " {theirs} | {ratio} | {p99} |");
        }
        let bare = row.of_bare().map_or_else(String::new, |share| format!("{share:.2}"));
        let _ = writeln!(text, " {bare} |");
    }
    text.push_str(
        "\nA ratio above 1 means a higher rate than the peer to its left; a p99 ratio above 1 means that the peer's p99 is \
         longer.\n",
    );
}

fn figures(bench: &Bench, text: &mut String) {
    text.push_str(
        "| measure | clients | server | operations/s | MB/s | p50 ms | p90 ms | p99 ms | max ms | CPU s | CPU ms/op | \
         peak MB | generator CPU s | errors |\n|---|---:|---|---:|---:|---:|---:|---:|---:|---:|---:|---:|---:|---:|\n",
    );
    for row in &bench.rows {
        for (server, side) in bench.servers.iter().zip(&row.sides) {
            if side.skipped.is_none() {
                let _ = writeln!(text, "| {} | {} | {} | {} |", row.name, row.clients, server.name, figure_cells(side));
            }
        }
        if let Some(rate) = median(&row.bare) {
            let _ = writeln!(text, "| {} | {} | bare machine | | {rate:.0} | | | | | | | | | |", row.name, row.clients);
        }
    }
}

fn figure_cells(side: &Side) -> String {
    let count = side.latencies.len() as f64;
    let seconds = side.elapsed.as_secs_f64().max(1e-9);
    let latency = percentiles(&side.latencies).map_or_else(
        || " | | | ".to_owned(),
        |latency| [latency.p50, latency.p90, latency.p99, latency.max].map(milliseconds).join(" | "),
    );
    let cpu =
        side.cpu.map_or_else(|| "? | ?".to_owned(), |cpu| format!("{cpu:.2} | {:.3}", cpu * 1e3 / count.max(1.0)));
    let peak = side.peak.map_or_else(|| "?".to_owned(), |peak| format!("{:.0}", peak as f64 / 1e6));
    let errors = if side.errors == 0 { "0".to_owned() } else { format!("**{}**", side.errors) };
    let rate = count / seconds;
    let megabytes = side.bytes as f64 / 1e6 / seconds;
    format!("{rate:.0} | {megabytes:.1} | {latency} | {cpu} | {peak} | {:.2} | {errors}", side.own_cpu)
}

/// What the tables could not say; what holds for several measures is said once.
fn notes(bench: &Bench, text: &mut String) {
    let mut notes: Vec<(String, Vec<&Row>)> = Vec::new();
    let mut note = |row, note: String| match notes.iter_mut().find(|known| known.0 == note) {
        Some(known) => known.1.push(row),
        None => notes.push((note, vec![row])),
    };
    for row in &bench.rows {
        for line in &row.notes {
            note(row, line.clone());
        }
        for (server, side) in bench.servers.iter().zip(&row.sides) {
            if let Some(reason) = &side.skipped {
                note(row, format!("{}: {reason}", server.name));
            }
            if let Some(error) = &side.first_error {
                let error = error.replace(['\n', '\r'], " ");
                note(row, format!("{}: {} errors, the first: {error}", server.name, side.errors));
            }
        }
    }
    if !notes.is_empty() {
        text.push_str("\n## Notes\n\n");
        for (note, rows) in notes {
            let measures: Vec<String> = rows
                .chunk_by(|one, other| one.name == other.name)
                .map(|rows| format!("{}, c = {}", rows[0].name, clients_of(rows)))
                .collect();
            let _ = writeln!(text, "- {note} ({}).", measures.join("; "));
        }
    }
}

fn clients_of(rows: &[&Row]) -> String {
    let clients: Vec<String> = rows.iter().map(|row| row.clients.to_string()).collect();
    clients.join(", ")
}

/// Milliseconds with as many digits as mean something.
fn milliseconds(value: f64) -> String {
    match value {
        small if small < 1.0 => format!("{small:.3}"),
        medium if medium < 100.0 => format!("{medium:.2}"),
        large => format!("{large:.0}"),
    }
}

/// A side's median rate; marked when there were errors.
fn rate_cell(side: &Side) -> String {
    match (&side.skipped, side.rate()) {
        (Some(_), _) => "see notes".to_owned(),
        (None, None) => "none".to_owned(),
        (None, Some(rate)) => {
            let mark = if side.errors > 0 { format!(" ({} errors)", side.errors) } else { String::new() };
            if rate < 10.0 { format!("{rate:.2}{mark}") } else { format!("{rate:.0}{mark}") }
        }
    }
}

impl Side {
    /// The median of the rounds' rates.
    pub(crate) fn rate(&self) -> Option<f64> {
        if self.skipped.is_some() { None } else { median(&self.rates) }
    }
}

impl Row {
    /// The measure's name with its clients.
    pub(crate) fn label(&self) -> String {
        format!("{}, c = {}", self.name, self.clients)
    }

    /// The first server's rate over that of the peer with this index.
    pub(crate) fn ratio(&self, peer: usize) -> Option<f64> {
        let theirs = self.sides.get(peer)?.rate()?;
        (theirs > 0.0).then_some(self.sides[0].rate()? / theirs)
    }

    /// The first server's rate over the bare machine's.
    pub(crate) fn of_bare(&self) -> Option<f64> {
        Some(self.sides[0].rate()? / median(&self.bare)?)
    }

    fn p99_ratio(&self, peer: usize) -> Option<f64> {
        let p99 = |side: &Side| percentiles(&side.latencies).map(|latency| latency.p99);
        let ours = p99(&self.sides[0])?;
        (ours > 0.0).then_some(p99(self.sides.get(peer)?)? / ours)
    }
}

impl Unit {
    fn name(self) -> &'static str {
        match self {
            Self::Requests => "requests/s",
            Self::Megabytes => "MB/s",
        }
    }
}
