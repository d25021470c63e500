//! The client that repeats one prepared request and checks status and length of each reply. It serves every measure that
//! reads.

use std::rc::Rc;

use anyhow::{Result, bail, ensure};

use crate::http::{Connection, LARGE_BUFFER, SMALL_BUFFER};
use crate::load::Client;
use crate::server::Server;

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
    pub(crate) fn clients(&self, server: &Rc<Server>, count: usize) -> Vec<Repeater> {
        let client = || Repeater { server: Rc::clone(server), prepared: self.clone(), connection: None };
        (0..count).map(|_| client()).collect()
    }
}

impl Client for Repeater {
    async fn connect(&mut self) -> Result<()> {
        let buffer = if self.prepared.length > 65_536 && !self.prepared.bodiless { LARGE_BUFFER } else { SMALL_BUFFER };
        self.connection = Some(Connection::open(self.server.address, buffer).await?);
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
