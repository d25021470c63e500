//! Login (`GET /v2/` with a user name and password) and token issue.

use anyhow::Result;

use super::repeat::Prepared;
use crate::load::Pace;
use crate::measure::{Bench, Measure, Unit};
use crate::options::Group;

/// Repeats both requests on every server that offers them.
pub(crate) async fn take(bench: &mut Bench) -> Result<()> {
    let clients: &[usize] = if bench.options.quick { &[10] } else { &[1, 10, 64] };
    for name in ["login (GET /v2/)", "token issue (GET token)"] {
        let mut prepared = Vec::new();
        for server in &bench.servers {
            let path = if name.starts_with("login") { Some("/v2/") } else { server.token_path.as_deref() };
            prepared.push(match path {
                Some(path) => Ok(Prepared::probe(server, server.login_head(path), false).await?.0),
                None => Err("not offered, or no credentials given".to_owned()),
            });
        }
        for &clients in clients {
            let measure = Measure {
                group: Group::Login,
                name: name.to_owned(),
                clients,
                unit: Unit::Requests,
                rounds: bench.options.rounds,
                pace: Pace::timed(bench.options.short_round()),
                content: None,
                bare_disk: false,
            };
            let mut requests = prepared.iter();
            bench
                .take(&measure, |server| {
                    let request = requests.next().ok_or("no request was prepared")?.as_ref().map_err(String::clone)?;
                    Ok(request.clients(server, clients))
                })
                .await;
        }
    }
    Ok(())
}
