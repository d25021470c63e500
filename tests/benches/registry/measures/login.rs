//! Login (`GET /v2/` with a user name and password) and token issue.

use anyhow::Result;

use super::repeat::{self, Prepared};
use crate::measure::{Bare, Bench};
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
        repeat::take(bench, Group::Login, name, clients, &prepared, &Bare::Nothing).await;
    }
    Ok(())
}
