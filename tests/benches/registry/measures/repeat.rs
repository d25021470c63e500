//! Every measure that reads: one prepared request for each server, repeated by clients that check status and length of
//! each reply.

use std::rc::Rc;

use anyhow::{Result, bail, ensure};

use crate::http::Connection;
use crate::load::{Client, Pace};
use crate::measure::{Bare, Bench, Measure, Row, Unit};
use crate::options::Group;
use crate::server::Server;

/// Takes a measure for each number of clients. For each server there is a request, or the reason why there is none; one
/// more for the bare machine, if that is given.
pub(crate) async fn take<'a>(
    bench: &'a mut Bench,
    group: Group,
    name: &str,
    clients: &[usize],
    prepared: &[Result<Prepared, String>],
    bare: &Bare,
) -> &'a mut [Row] {
    let first = bench.rows.len();
    for &clients in clients {
        let (unit, length) = match group {
            Group::Pull | Group::Push => (Unit::Megabytes, bench.options.round()),
            Group::Manifests | Group::Lists | Group::Login | Group::Api => {
                (Unit::Requests, bench.options.short_round())
            }
        };
        let measure = Measure {
            group,
            name: name.to_owned(),
            clients,
            unit,
            rounds: bench.options.rounds,
            pace: Pace::timed(length),
            content: None,
            bare: bare.clone(),
        };
        let mut requests = prepared.iter();
        let make = |server: &Rc<Server>| {
            let request = requests.next().ok_or("no request was prepared")?.as_ref().map_err(String::clone)?;
            Ok(request.clients(server, clients))
        };
        bench.take(&measure, make).await;
    }
    &mut bench.rows[first..]
}

/// A request that was tried once: what to send, and what must come back.
#[derive(Clone)]
pub(crate) struct Prepared {
    request: Rc<[u8]>,
    bodiless: bool,
    length: u64,
}

/// Repeats a prepared request.
pub(crate) struct Repeater {
    server: Rc<Server>,
    prepared: Prepared,
    connection: Option<Connection>,
}

impl Prepared {
    /// Sends the request once, outside any timed section, and remembers what came back; gives the body too.
    pub(crate) async fn probe(server: &Server, head: String, bodiless: bool) -> Result<(Self, Vec<u8>)> {
        let mut connection = server.connect().await?;
        connection.send(&[head.as_bytes()]).await?;
        let mut body = Vec::new();
        let reply = if bodiless { connection.receive(true).await? } else { connection.receive_into(&mut body).await? };
        if reply.status != 200 {
            let line = head.lines().next().unwrap_or_default();
            bail!("{line} gives {}", reply.status);
        }
        let prepared = Self { request: head.into_bytes().into(), bodiless, length: reply.length };
        Ok((prepared, body))
    }

    /// Clients that repeat this request.
    fn clients(&self, server: &Rc<Server>, count: usize) -> Vec<Repeater> {
        let client = || Repeater { server: Rc::clone(server), prepared: self.clone(), connection: None };
        (0..count).map(|_| client()).collect()
    }
}

impl Client for Repeater {
    async fn connect(&mut self) -> Result<()> {
        self.connection = Some(self.server.connect().await?);
        Ok(())
    }

    async fn turn(&mut self) -> Result<u64> {
        let Some(connection) = &mut self.connection else { bail!("not connected") };
        connection.send(&[&self.prepared.request]).await?;
        let reply = connection.receive(self.prepared.bodiless).await?;
        ensure!(reply.status == 200, "the reply is {}", reply.status);
        let expected = self.prepared.length;
        ensure!(reply.length == expected, "the reply has {} bytes instead of {expected}", reply.length);
        Ok(if self.prepared.bodiless { 0 } else { reply.length })
    }
}
