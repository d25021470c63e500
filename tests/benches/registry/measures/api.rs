//! The ECR API: the operations of which AWS publishes how many it allows in a second. Requests are signed before the clock
//! starts: what is measured is the server, which verifies every one of them. A registry without the API is skipped.

use std::cell::RefCell;
use std::collections::VecDeque;
use std::rc::Rc;

use anyhow::{Context, Result, bail, ensure};
use serde_json::{Value, json};
use tests::harness::sigv4::Unsigned;

use super::manifests::image;
use crate::http::Connection;
use crate::load::{Client, Pace};
use crate::measure::{Bare, Bench, Measure, Unit};
use crate::options::Group;
use crate::server::Server;
use crate::upload::push_bytes;

/// The repository of the measures, below the prefix of the run.
const REPOSITORY: &str = "api";
const TAG: &str = "latest";
const LAYERS: usize = 8;
/// Images of which one page is described.
const IMAGES: u64 = 1_000;
/// Pushes that are signed before the clock starts; more are signed while it runs.
const SIGNED: u64 = 4_000;

/// The operations in the order of the table, with what AWS allows by default in one second ("Amazon ECR service quotas").
pub(crate) const PUBLISHED: [(&str, Option<f64>); 5] = [
    ("GetAuthorizationToken", Some(500.0)),
    ("BatchGetImage", Some(2000.0)),
    ("BatchCheckLayerAvailability", Some(1000.0)),
    ("DescribeImages page of 100", None),
    ("PutImage", Some(10.0)),
];

/// What one server was given to answer.
struct Ready {
    manifest: Value,
    layers: Vec<String>,
    refused: Option<String>,
}

/// Prepares an image on every server that has the API, and takes every measure.
pub(crate) async fn take(bench: &mut Bench) -> Result<()> {
    let mut ready = Vec::new();
    for server in &bench.servers {
        ready.push(prepare(server).await.with_context(|| format!("cannot prepare {}", server.name))?);
    }
    let clients: &[usize] = if bench.options.quick { &[1, 64] } else { &[1, 16, 64] };
    for (name, _) in PUBLISHED {
        for &clients in clients {
            let mut requests = Vec::new();
            for (server, ready) in bench.servers.iter().zip(&ready) {
                requests.push(match &ready.refused {
                    Some(reason) => Err(reason.clone()),
                    None => source(server, ready, name, clients).await,
                });
            }
            let measure = Measure {
                group: Group::Api,
                name: name.to_owned(),
                clients,
                unit: Unit::Requests,
                rounds: bench.options.rounds,
                pace: Pace::timed(bench.options.short_round()),
                content: None,
                bare: Bare::Nothing,
            };
            let mut requests = requests.into_iter();
            bench
                .take(&measure, |server| {
                    let source = Rc::new(RefCell::new(requests.next().ok_or("no request was prepared")??));
                    let client = |_| Caller { server: Rc::clone(server), source: Rc::clone(&source), connection: None };
                    Ok((0..clients).map(client).collect())
                })
                .await;
        }
    }
    Ok(())
}

async fn prepare(server: &Server) -> Result<Ready> {
    let mut ready = Ready { manifest: Value::Null, layers: Vec::new(), refused: None };
    let Some(token) = signed(server, "GetAuthorizationToken", &json!({})) else {
        ready.refused = Some("no access key given".to_owned());
        return Ok(ready);
    };
    if let Err(error) = try_once(server, &token).await {
        ready.refused = Some(format!("no ECR API: {error:#}"));
        return Ok(ready);
    }
    let mut connection = server.connect().await?;
    let mut layers = Vec::new();
    for number in 0..LAYERS {
        let bytes = format!("layer {number} of the API");
        let digest = push_bytes(server, &mut connection, REPOSITORY, bytes.as_bytes()).await?;
        layers.push((digest, bytes.len() as u64));
    }
    ready.manifest = serde_json::from_str(&image(server, &mut connection, REPOSITORY, &layers).await?)?;
    ready.layers = layers.into_iter().map(|(digest, _)| digest).collect();
    crate::upload::put_manifest(server, &mut connection, REPOSITORY, TAG, ready.manifest.to_string().as_bytes())
        .await?;
    for number in 0..IMAGES {
        let request = put_image(server, &ready.manifest, &format!("seed-{number}")).context("no access key given")?;
        if let Err(error) = try_on(&mut connection, &request).await {
            ready.refused = Some(format!("images cannot be put: {error:#}"));
            break;
        }
    }
    Ok(ready)
}

/// The requests of a measure, after one of them was tried.
async fn source(server: &Server, ready: &Ready, name: &str, clients: usize) -> Result<Source, String> {
    let repository = format!("{}/{REPOSITORY}", server.prefix);
    let body = match name {
        "GetAuthorizationToken" => json!({}),
        "BatchGetImage" => json!({ "repositoryName": repository, "imageIds": [{ "imageTag": TAG }] }),
        "BatchCheckLayerAvailability" => json!({ "repositoryName": repository, "layerDigests": ready.layers }),
        "DescribeImages page of 100" => json!({ "repositoryName": repository, "maxResults": 100 }),
        _ => {
            let mut source = Source {
                same: None,
                ready: VecDeque::new(),
                next: 0,
                manifest: ready.manifest.clone(),
                prefix: format!("c{clients}"),
            };
            for _ in 0..SIGNED {
                let request = source.make(server).ok_or("no access key given")?;
                source.ready.push_back(request);
            }
            return Ok(source);
        }
    };
    let operation = name.split(' ').next().unwrap_or(name);
    let request = signed(server, operation, &body).ok_or("no access key given")?;
    try_once(server, &request).await.map_err(|error| format!("{error:#}"))?;
    let (manifest, prefix) = (Value::Null, String::new());
    Ok(Source { same: Some(request), ready: VecDeque::new(), next: 0, manifest, prefix })
}

/// Where the clients of one server take their requests from.
struct Source {
    /// The one request that all repeat.
    same: Option<Rc<[u8]>>,
    /// Else those that are signed already.
    ready: VecDeque<Rc<[u8]>>,
    next: u64,
    manifest: Value,
    prefix: String,
}

impl Source {
    fn take(&mut self, server: &Server) -> Option<Rc<[u8]>> {
        self.same.clone().or_else(|| self.ready.pop_front()).or_else(|| self.make(server))
    }

    fn make(&mut self, server: &Server) -> Option<Rc<[u8]>> {
        self.next += 1;
        put_image(server, &self.manifest, &format!("{}-{}", self.prefix, self.next))
    }
}

/// A push of an image that nobody pushed before, under a tag of its own.
fn put_image(server: &Server, manifest: &Value, tag: &str) -> Option<Rc<[u8]>> {
    let mut manifest = manifest.clone();
    manifest["annotations"] = json!({ "org.example.number": tag });
    let body = json!({
        "repositoryName": format!("{}/{REPOSITORY}", server.prefix),
        "imageManifest": manifest.to_string(),
        "imageTag": tag,
    });
    signed(server, "PutImage", &body)
}

fn signed(server: &Server, operation: &str, body: &Value) -> Option<Rc<[u8]>> {
    let aws = server.aws()?;
    let signed = Unsigned::ecr(operation, &body.to_string()).sign(&aws);
    let host = aws.endpoint.split("://").nth(1)?;
    let mut request = format!("POST / HTTP/1.1\r\nHost: {host}\r\nContent-Length: {}\r\n", signed.body.len());
    for (name, value) in &signed.headers {
        request.push_str(&format!("{name}: {value}\r\n"));
    }
    request.push_str("\r\n");
    let mut request = request.into_bytes();
    request.extend_from_slice(&signed.body);
    Some(request.into())
}

async fn try_once(server: &Server, request: &[u8]) -> Result<()> {
    try_on(&mut server.connect().await?, request).await
}

async fn try_on(connection: &mut Connection, request: &[u8]) -> Result<()> {
    let mut body = Vec::new();
    connection.send(&[request]).await?;
    let reply = connection.receive_into(&mut body).await?;
    let shown = String::from_utf8_lossy(&body[..body.len().min(200)]).into_owned();
    ensure!(reply.status == 200, "{} {shown}", reply.status);
    // What is answered in parts is not refused as a whole.
    let answer: Value = serde_json::from_slice(&body).context("the answer is no JSON")?;
    ensure!(answer["failures"].as_array().is_none_or(Vec::is_empty), "{shown}");
    Ok(())
}

/// Sends one request after another and checks that each is carried out.
struct Caller {
    server: Rc<Server>,
    source: Rc<RefCell<Source>>,
    connection: Option<Connection>,
}

impl Client for Caller {
    async fn connect(&mut self) -> Result<()> {
        self.connection = Some(self.server.connect().await?);
        Ok(())
    }

    async fn turn(&mut self) -> Result<u64> {
        let request = self.source.borrow_mut().take(&self.server).context("no access key given")?;
        let Some(connection) = &mut self.connection else { bail!("not connected") };
        connection.send(&[&request]).await?;
        let reply = connection.receive(false).await?;
        ensure!(reply.status == 200, "the reply is {}", reply.status);
        Ok(reply.length)
    }
}
