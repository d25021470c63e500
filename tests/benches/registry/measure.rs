//! Takes one measure on all servers side by side: short rounds in turn, so that whatever else the machine does meets
//! everyone alike, and the order rotates from round to round. It decides how often and for how long, not what is asked.

use std::rc::Rc;
use std::time::{Duration, Instant};

use crate::content::Content;
use crate::disk::Disk;
use crate::load::{Client, Pace, Round, run};
use crate::options::{Group, Options};
use crate::process::own_cpu_seconds;
use crate::server::Server;

/// What stays free on the disk.
const RESERVE: u64 = 3_000_000_000;

/// Everything that the measures of one run share.
pub(crate) struct Bench {
    /// The command line.
    pub(crate) options: Options,
    /// The registry under test and, after it, its peers.
    pub(crate) servers: Vec<Rc<Server>>,
    /// A number that no other run has; content and names derive from it.
    pub(crate) run: u64,
    /// The file system under test.
    pub(crate) disk: Disk,
    /// Bytes per second that the disk gave last, for foreseeing how long a round takes.
    pub(crate) disk_rate: f64,
    /// What was measured so far.
    pub(crate) rows: Vec<Row>,
}

/// What to measure.
pub(crate) struct Measure {
    /// The group that it belongs to.
    pub(crate) group: Group,
    /// Its name in the table.
    pub(crate) name: String,
    /// How many clients work at once.
    pub(crate) clients: usize,
    /// What its rate counts.
    pub(crate) unit: Unit,
    /// How many rounds each server gets.
    pub(crate) rounds: usize,
    /// When a round ends.
    pub(crate) pace: Pace,
    /// The content that is pushed, for a measure that writes.
    pub(crate) content: Option<Rc<Content>>,
    /// What the machine does without a registry takes its turn too.
    pub(crate) bare: Bare,
}

/// The machine's own limit, beside which a measure is put.
#[derive(Clone)]
pub(crate) enum Bare {
    /// There is none.
    Nothing,
    /// The disk, with the content that the measure pushes.
    Disk,
    /// A server that does nothing but send a file.
    Sender(Rc<Server>),
}

/// What a rate counts.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Unit {
    /// Operations per second.
    Requests,
    /// Payload megabytes (10^6 bytes) per second.
    Megabytes,
}

/// One line of the table.
pub(crate) struct Row {
    /// The group of the measure.
    pub(crate) group: Group,
    /// The measure's name.
    pub(crate) name: String,
    /// How many clients worked at once.
    pub(crate) clients: usize,
    /// What the rates count.
    pub(crate) unit: Unit,
    /// In the order of the servers.
    pub(crate) sides: Vec<Side>,
    /// The rates of the bare machine, one per round, in the measure's unit.
    pub(crate) bare: Vec<f64>,
    /// What the figures cannot say.
    pub(crate) notes: Vec<String>,
}

/// What one server did in one measure, over all rounds.
#[derive(Default)]
pub(crate) struct Side {
    /// Why there is nothing, when there is nothing.
    pub(crate) skipped: Option<String>,
    /// The rate of each round, in the measure's unit.
    pub(crate) rates: Vec<f64>,
    /// Durations of the operations that succeeded, in microseconds.
    pub(crate) latencies: Vec<u32>,
    /// Payload bytes that were moved.
    pub(crate) bytes: u64,
    /// Time under load.
    pub(crate) elapsed: Duration,
    /// How many operations failed.
    pub(crate) errors: u64,
    /// The first failure's text.
    pub(crate) first_error: Option<String>,
    /// CPU seconds of the server.
    pub(crate) cpu: Option<f64>,
    /// CPU seconds of the generator.
    pub(crate) own_cpu: f64,
    /// The highest resident memory of the server in any round, in bytes.
    pub(crate) peak: Option<u64>,
}

impl Bench {
    /// Takes a measure. `make` gives a server's clients, or says why that server is skipped.
    pub(crate) async fn take<C, F>(&mut self, measure: &Measure, mut make: F) -> &mut Row
    where
        C: Client + 'static,
        F: FnMut(&Rc<Server>) -> Result<Vec<C>, String>,
    {
        eprintln!("{}, c = {}", measure.name, measure.clients);
        let mut row = Row {
            group: measure.group,
            name: measure.name.clone(),
            clients: measure.clients,
            unit: measure.unit,
            sides: Vec::new(),
            bare: Vec::new(),
            notes: Vec::new(),
        };
        let mut clients = Vec::new();
        let rounds = self.possible_rounds(measure);
        for server in &self.servers {
            let made = rounds.clone().and_then(|_| make(server));
            row.sides.push(Side { skipped: made.as_ref().err().cloned(), ..Side::default() });
            clients.push(made.ok());
        }
        let mut bare = Vec::new();
        if let Bare::Sender(sender) = &measure.bare {
            bare = make(sender).unwrap_or_default();
        }
        if row.sides.iter().any(|side| side.skipped.is_none()) {
            let rounds = rounds.unwrap_or_default();
            if rounds < measure.rounds {
                row.notes.push(format!("{rounds} of {} rounds fit on the disk", measure.rounds));
            }
            self.rounds(measure, rounds, &mut row, clients, bare).await;
        }
        self.rows.push(row);
        self.rows.last_mut().expect("a row was just pushed")
    }

    async fn rounds<C: Client + 'static>(
        &mut self,
        measure: &Measure,
        rounds: usize,
        row: &mut Row,
        mut clients: Vec<Option<Vec<C>>>,
        mut bare: Vec<C>,
    ) {
        let limit = self.options.measure_limit();
        let begun = Instant::now();
        let mut longest = Duration::ZERO;
        let contestants = self.servers.len() + usize::from(!matches!(measure.bare, Bare::Nothing));
        for round in 0..rounds {
            if round > 0 && begun.elapsed() + longest > limit {
                row.notes.push(format!("{round} of {rounds} rounds fit into {} s", limit.as_secs()));
                break;
            }
            let round_begun = Instant::now();
            for turn in 0..contestants {
                if measure.content.is_some()
                    && let Err(error) = self.disk.settle()
                {
                    row.notes.push(format!("{error:#}"));
                }
                let index = (turn + round) % contestants;
                if index == self.servers.len() {
                    match &measure.bare {
                        Bare::Nothing => {}
                        Bare::Disk => self.disk_round(measure, row),
                        Bare::Sender(sender) => {
                            let mut side = Side::default();
                            bare = side.round(sender, bare, measure).await;
                            row.notes.extend(side.first_error.map(|error| format!("the bare sender failed: {error}")));
                            row.bare.extend(side.rates);
                        }
                    }
                } else if let Some(ready) = clients[index].take() {
                    let server = Rc::clone(&self.servers[index]);
                    clients[index] = Some(row.sides[index].round(&server, ready, measure).await);
                }
            }
            longest = longest.max(round_begun.elapsed());
        }
    }

    fn disk_round(&mut self, measure: &Measure, row: &mut Row) {
        let Some(content) = &measure.content else { return };
        match self.disk.round(content, self.run, measure.clients, measure.pace) {
            Ok((bytes, elapsed)) => {
                let rate = bytes as f64 / elapsed.as_secs_f64();
                self.disk_rate = rate;
                row.bare.push(rate / 1e6);
            }
            Err(error) => row.notes.push(format!("the bare disk failed: {error:#}")),
        }
    }

    /// How many rounds there is space for, or why not even one should be begun. What one measure wrote stays on the disk
    /// until its end.
    fn possible_rounds(&self, measure: &Measure) -> Result<usize, String> {
        let rounds = measure.rounds.max(1);
        let Some(content) = &measure.content else { return Ok(rounds) };
        let each = content.size() * measure.clients as u64;
        let most = content.size().saturating_mul(measure.pace.operations).max(each);
        let servers = self.servers.len() as u64;
        let free = self.disk.free_bytes().unwrap_or(u64::MAX).saturating_sub(RESERVE);
        // The bare disk's files are removed at the end of its turn.
        let room = free.saturating_sub(if matches!(measure.bare, Bare::Disk) { most } else { 0 }) / (most * servers);
        let gigabytes = |bytes: u64| bytes.div_ceil(1_000_000_000);
        if room == 0 {
            let needed = gigabytes(most * (servers + u64::from(matches!(measure.bare, Bare::Disk))));
            return Err(format!("not run: one round needs {needed} GB of disk, {} are free", gigabytes(free)));
        }
        let seconds = (each * (servers + 1)) as f64 / self.disk_rate.max(1.0);
        let limit = self.options.measure_limit().as_secs_f64();
        if seconds > limit * 1.5 {
            let megabytes = self.disk_rate / 1e6;
            return Err(format!(
                "not run: one round takes {seconds:.0} s at the disk's {megabytes:.0} MB/s (--measure-seconds {limit:.0})"
            ));
        }
        Ok(rounds.min(usize::try_from(room).unwrap_or(rounds)))
    }
}

impl Side {
    async fn round<C: Client + 'static>(&mut self, server: &Server, clients: Vec<C>, measure: &Measure) -> Vec<C> {
        if let Some(process) = server.process {
            process.reset_peak();
        }
        let cpu_before = server.process.and_then(|process| process.cpu_seconds());
        let own_before = own_cpu_seconds();
        let (clients, round) = run(clients, measure.pace).await;
        self.own_cpu += own_cpu_seconds() - own_before;
        if let (Some(process), Some(before)) = (server.process, cpu_before)
            && let Some(after) = process.cpu_seconds()
        {
            self.cpu = Some(self.cpu.unwrap_or(0.0) + after - before);
            self.peak = self.peak.max(process.peak_bytes());
        }
        self.add(round, measure.unit);
        clients
    }

    fn add(&mut self, round: Round, unit: Unit) {
        let seconds = round.elapsed.as_secs_f64();
        if seconds > 0.0 {
            self.rates.push(match unit {
                Unit::Requests => round.latencies.len() as f64 / seconds,
                Unit::Megabytes => round.bytes as f64 / 1e6 / seconds,
            });
        }
        self.latencies.extend_from_slice(&round.latencies);
        self.bytes += round.bytes;
        self.elapsed += round.elapsed;
        self.errors += round.errors;
        self.first_error = self.first_error.take().or(round.first_error);
    }

    /// Counts a failure that was found after the rounds.
    pub(crate) fn fail(&mut self, error: &anyhow::Error) {
        self.errors += 1;
        self.first_error.get_or_insert_with(|| format!("{error:#}"));
    }
}
