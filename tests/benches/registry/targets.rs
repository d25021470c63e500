//! The targets that the project set itself, and whether the run met them. A target whose measures were not taken is shown
//! as not measured, and one that was missed as missed.

use std::fmt::Write as _;

use crate::measure::{Bench, Row};
use crate::measures::api::PUBLISHED;
use crate::options::Group;
use crate::stats::percentiles;

/// The budget of all uploads together (256 MiB) and 100 MB for everything else.
const MEMORY: f64 = 268.435_456 + 100.0;

/// Writes the table of targets.
pub(crate) fn write(bench: &Bench, text: &mut String) {
    text.push_str("| target | wanted | worst measure | median over the measures | |\n|---|---:|---:|---:|---|\n");
    let rows = &bench.rows;
    let ratios = |peer: usize, group: Group, sizes: &[&str]| -> Vec<(String, f64)> {
        let matching = rows.iter().filter(|row| row.group == group && row.has_no_errors());
        let matching = matching.filter(|row| sizes.is_empty() || sizes.iter().any(|size| row.name.contains(size)));
        matching.filter_map(|row| Some((row.label(), row.ratio(peer)?))).collect()
    };
    let large = ["10 MB", "100 MB"];
    for (peer, server) in bench.servers.iter().enumerate().skip(1) {
        let name = &server.name;
        at_least(text, &format!("manifest requests, × {name}"), 10.0, &ratios(peer, Group::Manifests, &[]));
        at_least(text, &format!("pull of 10 and 100 MB, × {name}"), 1.5, &ratios(peer, Group::Pull, &large));
        at_least(text, &format!("push of 10 and 100 MB, × {name}"), 1.5, &ratios(peer, Group::Push, &large));
    }
    for (target, sizes) in
        [("push of 10 and 100 MB, × the bare disk", &large[..]), ("push of 1 MB, × the bare disk", &["1 MB"])]
    {
        let pushes = rows.iter().filter(|row| row.group == Group::Push);
        let disk = pushes.filter(|row| row.has_no_errors() && sizes.iter().any(|size| row.name.contains(size)));
        let disk: Vec<_> = disk.filter_map(|row| Some((row.label(), row.of_bare()?))).collect();
        at_least(text, target, 0.8, &disk);
    }

    let of_aws = rows.iter().filter(|row| row.group == Group::Api && row.sides[0].errors == 0).filter_map(|row| {
        let published = PUBLISHED.iter().find(|(name, _)| *name == row.name)?.1?;
        Some((row.label(), row.sides[0].rate()? / published))
    });
    at_least(text, "calls of the ECR API, × what AWS allows", 5.0, &of_aws.collect::<Vec<_>>());

    let pages = rows.iter().filter(|row| row.group == Group::Lists && row.name.contains("page of"));
    let pages = pages.filter(|row| row.sides[0].errors == 0);
    let pages: Vec<_> =
        pages.filter_map(|row| Some((row.label(), percentiles(&row.sides[0].latencies)?.p99))).collect();
    // What was really seeded on the registry under test, which may be less than what was asked for.
    let seedings = rows.iter().filter(|row| row.group == Group::Lists && row.name.starts_with("PUT"));
    let seedings = seedings.map(|row| &row.sides[0]).filter(|side| side.skipped.is_none());
    let entries = seedings.map(|side| side.latencies.len()).min().unwrap_or(bench.options.list_entries() as usize);
    at_most(text, &format!("p99 of a page of 100 out of {entries} entries, ms"), 5.0, &pages);

    let crowds = rows.iter().filter(|row| row.group == Group::Push && row.clients >= 500);
    let crowds: Vec<_> = crowds.filter_map(|row| Some((row.label(), row.sides[0].peak? as f64 / 1e6))).collect();
    at_most(text, "resident memory at 500 parallel pushes, MB", MEMORY, &crowds);
}

fn at_least(text: &mut String, target: &str, wanted: f64, values: &[(String, f64)]) {
    let worst = values.iter().min_by(|one, other| one.1.total_cmp(&other.1));
    line(text, target, &format!("≥ {wanted}"), worst, values, |value| value >= wanted);
}

fn at_most(text: &mut String, target: &str, wanted: f64, values: &[(String, f64)]) {
    let worst = values.iter().max_by(|one, other| one.1.total_cmp(&other.1));
    line(text, target, &format!("≤ {wanted:.0}"), worst, values, |value| value <= wanted);
}

fn line(
    text: &mut String,
    target: &str,
    wanted: &str,
    worst: Option<&(String, f64)>,
    values: &[(String, f64)],
    met: impl Fn(f64) -> bool,
) {
    let all: Vec<f64> = values.iter().map(|value| value.1).collect();
    let (Some((label, worst)), Some(median)) = (worst, crate::stats::median(&all)) else {
        let _ = writeln!(text, "| {target} | {wanted} | | | not measured |");
        return;
    };
    let count = all.iter().filter(|value| met(**value)).count();
    let verdict =
        if count == all.len() { "met".to_owned() } else { format!("missed: met by {count} of {}", all.len()) };
    let _ = writeln!(text, "| {target} | {wanted} | {worst:.2} ({label}) | {median:.2} | {verdict} |");
}

impl Row {
    fn has_no_errors(&self) -> bool {
        self.sides.iter().all(|side| side.errors == 0)
    }
}
